// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "refusal.h"

#define HEAD "{\"schema\": \"migwarden.descriptor/1\""
/* A value at line 2, column 11. */
#define WITH(value) HEAD ",\n \"vendor\":" value "}"

static struct refusal_answer read_text(const char *text, size_t length)
{
	struct descriptor *descriptor = NULL;
	struct parse_error error = {0};
	struct refusal_answer answer = {
		.result = descriptor_read_text("a.json", text, length, &descriptor, &error),
	};

	cr_expect(!answer.result == !!descriptor);
	if (answer.result)
		cr_expect_str_eq(error.file, "a.json");
	answer.line = error.line;
	answer.column = error.column;
	strcpy(answer.message, error.text);
	descriptor_free(descriptor);
	return answer;
}

static struct descriptor *parse(const char *text)
{
	struct descriptor *descriptor = NULL;
	struct parse_error error = {0};
	int r = descriptor_read_text("a.json", text, strlen(text), &descriptor, &error);

	cr_assert_eq(r, 0, "%s:%u:%u: %s", text, error.line, error.column, error.text);
	return descriptor;
}

Test(descriptor_read, what_is_not_json_is_refused_at_its_first_byte)
{
	static const struct refusal refusals[] = {
		{"", 1, 1, "expected a descriptor, got an empty file"},
		{" \n\t\r\n", 1, 1, "expected a descriptor, got an empty file"},
		{"\xef\xbb\xbf{}", 1, 1, "expected a descriptor, got a byte order mark"},
		{"{\n \"a\": nul}", 2, 7, "expected JSON (invalid token near 'nul')"},
		{"{\"a\" 1}", 1, 6, "expected JSON (':' expected near '1')"},
		{"{} {}", 1, 4, "expected JSON (end of file expected near '{')"},
		{HEAD ",\n \"ven", 2, 6, "expected JSON (premature end of input near '\"ven')"},
		{HEAD, 1, 36, "expected JSON ('}' expected near end of file)"},
		{"{'a': 1}", 1, 2, "expected JSON (string or '}' expected near ''')"},
		{"{\"a\": \"\\u0000\"}", 1, 7,
		 "expected JSON (\\u0000 is not allowed without JSON_ALLOW_NUL near "
		 "'\"\\u0000\"')"},
		{"{\"a\": \"\\ud800\"}", 1, 7,
		 "expected JSON (invalid Unicode '\\uD800' near '\"\\ud800\"')"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, a_nul_byte_and_bytes_that_are_no_utf8_are_refused_where_they_stand)
{
	static const char nul[] = HEAD ",\n \"host\": \"a\0b\"}";
	struct refusal_answer answer = read_text(nul, sizeof(nul) - 1);

	cr_expect_eq(answer.result, -EINVAL);
	cr_expect_eq(answer.line, 2);
	cr_expect_eq(answer.column, 12);
	cr_expect_str_eq(answer.message, "expected text, got a NUL byte");

	static const struct refusal refusals[] = {
		{HEAD ", \"host\": \"\xff\"}", 1, 47, "expected UTF-8, got byte 0xff"},
		/* Overlong, a surrogate, over U+10FFFF, cut short. */
		{"\xc0\x80", 1, 1, "expected UTF-8, got byte 0xc0"},
		{"\n\xed\xa0\x80", 2, 1, "expected UTF-8, got byte 0xed"},
		{"ab\xf4\x90\x80\x80", 1, 3, "expected UTF-8, got byte 0xf4"},
		{"\xe2\x82", 1, 1, "expected UTF-8, got byte 0xe2"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, of_a_nul_byte_and_a_bad_byte_the_first_is_named)
{
	cr_expect_str_eq(read_text("a\0\xff", 3).message, "expected text, got a NUL byte");
	cr_expect_str_eq(read_text("a\xff\0", 3).message, "expected UTF-8, got byte 0xff");
}

Test(descriptor_read, the_schema_is_looked_at_before_any_other_key)
{
	static const struct refusal refusals[] = {
		{"[]", 1, 1, "expected a descriptor (a mapping), got a list"},
		{"7", 1, 1, "expected a descriptor (a mapping), got the number 7"},
		{"{}", 1, 1, "expected a descriptor with a key \"schema\", got none"},
		{"{\"future\": 1,\n \"schema\": \"migwarden.descriptor/2\"}", 2, 12,
		 "expected \"migwarden.descriptor/1\", got \"migwarden.descriptor/2\""},
		{"{\"schema\": null}", 1, 12, "expected \"migwarden.descriptor/1\", got nothing"},
		{"{\"schema\": 1}", 1, 12, "expected \"migwarden.descriptor/1\", got the number 1"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, an_unknown_key_is_refused_with_the_keys_that_there_are)
{
	static const char top[] = WITH("\"8086\", \"vendro\": 1");
	struct refusal_answer answer = read_text(top, strlen(top));
	struct refusal_answer inner;
	static const char migration[] = HEAD ",\n\"migration\": {\"protocol\": null, \"x\": 1}}";
	static const char offer[] = HEAD ", \"offered_types\": [{\"type\": \"a\",\n\"n\": 1}]}";
	static const char fact[] = HEAD ", \"host\": {\n \"unread\": \"EIO\"}}";

	cr_expect_eq(answer.line, 2);
	cr_expect_eq(answer.column, 19);
	cr_expect_not_null(
		strstr(answer.message, "expected a key of a descriptor (schema, host, "));
	cr_expect_not_null(strstr(answer.message, "attributes), got \"vendro\""), "%s",
			   answer.message);

	inner = read_text(migration, strlen(migration));
	cr_expect_eq(inner.line, 2);
	cr_expect_eq(inner.column, 33);
	cr_expect_str_eq(inner.message, "expected a key of migration (protocol, capabilities, "
					"stop_copy_bytes, downtime_ms), got \"x\"");
	inner = read_text(offer, strlen(offer));
	cr_expect_eq(inner.line, 2);
	cr_expect_eq(inner.column, 1);
	inner = read_text(fact, strlen(fact));
	cr_expect_str_eq(inner.message,
			 "expected a key of an unreadable value (unreadable), got \"unread\"");
}

Test(descriptor_read, a_wrong_type_is_refused_at_the_value)
{
	static const struct refusal refusals[] = {
		{WITH("8086"), 2, 11,
		 "expected a string, or {\"unreadable\": ERRNO}, got the number 8086"},
		{WITH("[\"8086\"]"), 2, 11,
		 "expected a string, or {\"unreadable\": ERRNO}, got a list"},
		{WITH(" true"), 2, 12,
		 "expected a string, or {\"unreadable\": ERRNO}, got true without quotes"},
		{WITH("\"80g6\""), 2, 11,
		 "expected a hexadecimal id of at most 32 bits, got \"80g6\""},
		{WITH("\"\""), 2, 11, "expected a hexadecimal id of at most 32 bits, got \"\""},
		{WITH("\"0x100000000\""), 2, 11,
		 "expected a hexadecimal id of at most 32 bits, got \"0x100000000\""},
		{HEAD ",\"mdev_type\": \"\"}", 1, 50, "expected a name, or null, got \"\""},
		{HEAD ",\"attributes\": []}", 1, 51, "expected attributes (a mapping), got a list"},
		{HEAD ",\"attributes\": {\"b\": \"\",\n\"a\": 1}}", 2, 6,
		 "expected a string, or {\"unreadable\": ERRNO}, got the number 1"},
		{HEAD ",\"attributes\": {\"\": \"x\"}}", 1, 52,
		 "expected the name of an attribute, got \"\""},
		{HEAD ",\"offered_types\": {}}", 1, 54, "expected types (a list), got a mapping"},
		{HEAD ",\"offered_types\": [{}]}", 1, 55,
		 "expected an offered type with a key \"type\", got none"},
		{HEAD ",\"offered_types\": [{\"type\": \"a\",\"available_instances\": -1}]}", 1, 91,
		 "expected an integer of at least 0, got the number -1"},
		{HEAD ",\"compatible_type\": \"v4\"}", 1, 56,
		 "expected traits (a list), got \"v4\""},
		{HEAD ",\"compatible_type\": [\"v4\", \"\"]}", 1, 63,
		 "expected a trait (a string), got \"\""},
		{HEAD ",\"collected_at\": \"2026-02-30T00:00:00Z\"}", 1, 53,
		 "expected a time such as \"2026-11-20T12:00:00Z\", got \"2026-02-30T00:00:00Z\""},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, a_wrong_word_of_migration_is_refused_with_the_words_that_there_are)
{
#define MIGRATION(inner) HEAD ",\n\"migration\": {" inner "}}"
	static const struct refusal refusals[] = {
		{HEAD ",\n\"migration\": \"v2\"}", 2, 14,
		 "expected migration (a mapping), got \"v2\""},
		{MIGRATION("\"protocol\": \"v3\""), 2, 27,
		 "expected one of v2, v1, none, got \"v3\""},
		{MIGRATION("\"capabilities\": [\"stop-copy\", \"STOP\"]"), 2, 45,
		 "expected one of stop-copy, p2p, pre-copy, got \"STOP\""},
		{MIGRATION("\"capabilities\": [\"p2p\", \"p2p\"]"), 2, 39,
		 "expected each word once, got \"p2p\""},
		{MIGRATION("\"capabilities\": 7"), 2, 31,
		 "expected capabilities (a list), got the number 7"},
		{MIGRATION("\"stop_copy_bytes\": 1.5"), 2, 34,
		 "expected an integer of at least 0, got the number 1.5"},
		{MIGRATION("\"downtime_ms\": -0.1"), 2, 30,
		 "expected milliseconds from 0 to 4503599627, got the number -0.1"},
		{MIGRATION("\"downtime_ms\": 1e300"), 2, 30,
		 "expected milliseconds from 0 to 4503599627, got the number 1e300"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, a_duplicate_key_is_refused_at_the_second_whatever_object_it_is_in)
{
	static const struct refusal refusals[] = {
		{WITH("\"8086\",\n\"vendor\" : \"8087\""), 3, 1,
		 "expected each key once, got \"vendor\" again"},
		{HEAD ", \"attributes\": {\"a\": \"1\",\n  \"b\": \"2\", \"a\": \"1\"}}", 2, 13,
		 "expected each key once, got \"a\" again"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, a_number_over_64_bits_is_refused_where_it_stands)
{
	static const struct refusal refusals[] = {
		{WITH("9223372036854775808"), 2, 11,
		 "expected a number that fits 64 bits, got 9223372036854775808"},
		{WITH("-9223372036854775809"), 2, 11,
		 "expected a number that fits 64 bits, got -9223372036854775809"},
		{WITH("1e999"), 2, 11, "expected a number that fits 64 bits, got 1e999"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, nesting_is_refused_at_the_level_over_the_limit)
{
	AUTO_FREE char *shallow = repeated("[", 33);
	AUTO_FREE char *deep = repeated("[", 10000);
	AUTO_FREE char *closed = repeated("]", 33);
	AUTO_FREE char *both = NULL;
	struct refusal_answer answer = read_text(deep, strlen(deep));

	cr_expect_eq(answer.result, -EINVAL);
	cr_expect_eq(answer.line, 1);
	cr_expect_str_eq(answer.message, "expected at most 32 levels");

	cr_assert_geq(asprintf(&both, "%s%s", shallow, closed), 0);
	answer = read_text(both, strlen(both));
	cr_expect_eq(answer.column, 33);
	cr_expect_str_eq(answer.message, "expected at most 32 levels");
}

Test(descriptor_read, lists_over_their_limit_are_refused)
{
	AUTO_FREE char *items = repeated("\"t\",", DESCRIPTOR_TRAITS_MAX);
	AUTO_FREE char *text = NULL;
	struct refusal_answer answer;

	cr_assert_geq(asprintf(&text, HEAD ",\"compatible_type\": [%s\"t\"]}", items), 0);
	answer = read_text(text, strlen(text));
	cr_expect_eq(answer.column, 56);
	cr_expect_str_eq(answer.message, "expected at most 256 traits, got 257");
}

Test(descriptor_read, more_text_than_a_descriptor_has_is_refused_unread)
{
	AUTO_FREE char *blanks = repeated(" ", DESCRIPTOR_FILE_MAX + 1);
	struct refusal_answer answer = read_text(blanks, DESCRIPTOR_FILE_MAX + 1);

	cr_expect_eq(answer.result, -EFBIG);
	cr_expect_eq(answer.line, 0);
	cr_expect_str_eq(answer.message,
			 "expected a descriptor of at most 1024 KiB, got a file of 1024 KiB");
}

Test(descriptor_read, columns_count_bytes_and_lines_count_newlines)
{
	static const struct refusal refusals[] = {
		{HEAD ", \"host\": \"\xc3\xa4\xc3\xb6\", \"vendor\": 1}", 1, 64,
		 "expected a string, or {\"unreadable\": ERRNO}, got the number 1"},
		{HEAD ",\r\n \"vendor\":\r\n 1}", 3, 2,
		 "expected a string, or {\"unreadable\": ERRNO}, got the number 1"},
		/* Quotes, brackets and separators inside a string are none. */
		{HEAD ", \"host\": \"\\\"}],:{\\\\\", \"vendor\": 1}", 1, 69,
		 "expected a string, or {\"unreadable\": ERRNO}, got the number 1"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, the_example_of_the_semantics_is_read_in_full)
{
	AUTO_DESCRIPTOR struct descriptor *d = parse(
		HEAD
		", \"host\": \"hv-17\", \"boot_id\": \"x\","
		" \"collected_at\": \"2026-11-20T12:00:00Z\", \"device\": \"83b8f4f2\","
		" \"device_api\": \"vfio-pci\", \"vendor\": \"8086\", \"device_id\": \"591d\","
		" \"driver\": \"i915\", \"driver_version\": null, \"firmware_version\": null,"
		" \"mdev_type\": \"i915-GVTg_V5_4\","
		" \"offered_types\": [{\"type\": \"i915-GVTg_V5_4\", \"available_instances\": 1}],"
		" \"migration\": {\"protocol\": \"v2\","
		" \"capabilities\": [\"stop-copy\", \"p2p\", \"pre-copy\"]},"
		" \"version\": null, \"interface_version\": \"2.1.3\","
		" \"interface_version_compatible\": \"2.0.2-2.0.4,2.1.0-\","
		" \"compatible_type\": [\"v4\", \"v5\"], \"template\": \"SELF:\\n\\ta=b\\n\","
		" \"attributes\": {\"pv_mode\": \"none+ppgtt\", \"aggregator\": \"1\"}}");

	cr_expect_str_eq(d->host.text, "hv-17");
	cr_expect_eq(d->collected_at_s, 1795176000);
	cr_expect_str_eq(d->device_api.text, "vfio-pci");
	cr_expect_eq(d->driver_version.state, FACT_UNKNOWN);
	cr_expect_eq(d->offered_type_count, 1);
	cr_expect_eq(d->offered_types[0].available_instances, 1);
	cr_expect_eq(d->protocol, PROTOCOL_V2);
	cr_expect(d->capabilities_known);
	cr_expect_eq(d->capabilities, 7);
	cr_expect_eq(d->stop_copy_bytes, -1);
	cr_expect_eq(d->compatible_type_count, 2);
	cr_expect_str_eq(d->template_text.text, "SELF:\n\ta=b\n");
	cr_expect_eq(d->attribute_count, 2);
	cr_expect_str_eq(d->attributes[0].name, "aggregator");
	cr_expect_eq(d->warning_count, 0);
}

Test(descriptor_read, null_and_absent_are_the_same)
{
	AUTO_DESCRIPTOR struct descriptor *absent = parse(HEAD "}");
	AUTO_DESCRIPTOR struct descriptor *null =
		parse(HEAD ", \"host\": null, \"vendor\": null, \"offered_types\": null,"
			   " \"migration\": {\"protocol\": null, \"capabilities\": null,"
			   " \"stop_copy_bytes\": null, \"downtime_ms\": null},"
			   " \"compatible_type\": null, \"attributes\": {\"a\": null}}");
	json_t *first = descriptor_to_json(absent);
	json_t *second = descriptor_to_json(null);

	cr_expect(json_equal(first, second));
	cr_expect_not(null->capabilities_known);
	cr_expect_eq(null->attribute_count, 0);
	json_decref(first);
	json_decref(second);
}

Test(descriptor_read, no_capability_is_known_and_differs_from_unknown)
{
	AUTO_DESCRIPTOR struct descriptor *none =
		parse(HEAD ", \"migration\": {\"capabilities\": []}}");

	cr_expect(none->capabilities_known);
	cr_expect_eq(none->capabilities, 0);
}

Test(descriptor_read, an_id_becomes_canonical_however_it_is_written)
{
	static const struct {
		const char *written;
		const char *canonical;
	} ids[] = {
		{"0x8086", "8086"}, {"8086", "8086"}, {"00028086", "28086"},
		{"0X15B3", "15b3"}, {"1", "0001"},    {"ffffffff", "ffffffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		AUTO_FREE char *text = NULL;
		AUTO_DESCRIPTOR struct descriptor *d = NULL;

		cr_assert_geq(asprintf(&text, WITH("\"%s\""), ids[i].written), 0);
		d = parse(text);
		cr_expect_str_eq(d->vendor.text, ids[i].canonical);
	}
}

Test(descriptor_read, device_api_pci_reads_as_vfio_pci_with_a_warning)
{
	AUTO_DESCRIPTOR struct descriptor *d = parse(HEAD ", \"device_api\": \"pci\"}");

	cr_expect_str_eq(d->device_api.text, "vfio-pci");
	cr_expect_eq(d->warning_count, 1);
}

Test(descriptor_read, a_value_that_could_not_be_read_keeps_its_errno)
{
	AUTO_DESCRIPTOR struct descriptor *d = parse(
		HEAD
		", \"host\": {\"unreadable\": \"EIO\"}, \"vendor\": {\"unreadable\": \"EACCES\"},"
		" \"migration\": {\"protocol\": {\"unreadable\": \"errno 524\"}},"
		" \"attributes\": {\"a\": {\"unreadable\": \"ENODEV\"}}}");
	static const struct refusal refusals[] = {
		{WITH("{\"unreadable\": \"ENOSUCH\"}"), 2, 26,
		 "expected the name of an errno such as \"EIO\", got \"ENOSUCH\""},
		{WITH("{\"unreadable\": 5}"), 2, 26,
		 "expected the name of an errno such as \"EIO\", got the number 5"},
		{0},
	};

	cr_expect_eq(d->host.state, FACT_UNREADABLE);
	cr_expect_eq(d->host.error, EIO);
	cr_expect_null(d->host.text);
	cr_expect_eq(d->vendor.error, EACCES);
	cr_expect_eq(d->protocol_error, 524);
	cr_expect_eq(d->protocol, PROTOCOL_UNKNOWN);
	cr_expect_eq(descriptor_attribute(d, "a")->value.error, ENODEV);
	refusal_assert_all(refusals, read_text);
}

Test(descriptor_read, on_failure_the_caller_keeps_what_it_had)
{
	struct descriptor *descriptor = (struct descriptor *)&descriptor;

	cr_expect_eq(descriptor_read_text("a", "{}", 2, &descriptor, NULL), -EINVAL);
	cr_expect_eq(descriptor, (struct descriptor *)&descriptor);
}
