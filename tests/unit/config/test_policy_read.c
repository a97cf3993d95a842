// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/config.h"
#include "config/policy_read.h"
#include "refusal.h"

#define HEAD "schema: migwarden.policy/1\n"
/* One rule, of which @inner is the rest from line 4 on. */
#define RULE(inner) HEAD "rules:\n  - name: a\n" inner

static struct refusal_answer read_text(const char *text, size_t length)
{
	struct policy *policy = NULL;
	struct parse_error error = {0};
	struct refusal_answer answer = {
		.result = policy_read_text("p.yaml", text, length, &policy, &error),
	};

	cr_expect(!answer.result == !!policy);
	if (answer.result)
		cr_expect_str_eq(error.file, "p.yaml");
	answer.line = error.line;
	answer.column = error.column;
	strcpy(answer.message, error.text);
	policy_free(policy);
	return answer;
}

static struct policy *parse(const char *text)
{
	struct policy *policy = NULL;
	struct parse_error error = {0};
	int r = policy_read_text("p.yaml", text, strlen(text), &policy, &error);

	cr_assert_eq(r, 0, "%s:%u:%u: %s", text, error.line, error.column, error.text);
	return policy;
}

Test(policy_read, what_is_not_yaml_is_refused_where_it_stops_being_it)
{
	static const struct refusal refusals[] = {
		{"", 1, 1, "expected a policy, got an empty file"},
		{"\n  \n", 1, 1, "expected a policy, got an empty file"},
		{"# nothing\n", 1, 1, "expected a document, got an empty file"},
		{"--- \n...\n", 1, 1, "expected a policy (a mapping), got nothing"},
		{"a: b\n c: d\n", 1, 4, "expected YAML (invalid multiline plain key)"},
		{"a: \"x\n", 1, 5, "expected YAML (double-quoted scalar without closing quote)"},
		{"a: [1, 2\n", 2, 1, "expected YAML (flow sequence without a closing bracket)"},
		{"\xef\xbb\xbf" HEAD, 1, 1, "expected a policy, got a byte order mark"},
		{HEAD "mode: \xfe", 2, 7, "expected UTF-8, got byte 0xfe"},
		{"[]", 1, 1, "expected a policy (a mapping), got a list"},
		{"just text", 1, 1, "expected a policy (a mapping), got \"just text\""},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_nul_byte_is_refused_raw_or_as_an_escape)
{
	static const char raw[] = HEAD "mode: a\0";
	static const char escaped[] = HEAD "mode: \"a\\0\"\n";
	struct refusal_answer answer = read_text(raw, sizeof(raw) - 1);

	cr_expect_eq(answer.line, 2);
	cr_expect_eq(answer.column, 8);
	cr_expect_str_eq(answer.message, "expected text, got a NUL byte");
	answer = read_text(escaped, strlen(escaped));
	cr_expect_eq(answer.line, 2);
	cr_expect_eq(answer.column, 7);
	cr_expect_str_eq(answer.message, "expected text, got a NUL byte");
}

Test(policy_read, the_schema_is_looked_at_before_any_other_key)
{
	static const struct refusal refusals[] = {
		{"mode: enforce\n", 1, 1, "expected a policy with a key \"schema\", got none"},
		{"future: 1\nschema: migwarden.policy/2\n", 2, 9,
		 "expected \"migwarden.policy/1\", got \"migwarden.policy/2\""},
		{HEAD, 1, 1, "expected a policy with a key \"rules\", got none"},
		{HEAD "rules: []\n", 2, 8, "expected rules (at least 1), got 0"},
		{HEAD "rules:\n", 2, 1, "expected rules (a list), got nothing"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, an_unknown_key_is_refused_at_every_level)
{
	static const struct refusal refusals[] = {
		{HEAD "rule: []\nrules: [{name: a}]\n", 2, 1,
		 "expected a key of a policy (schema, mode, on-bypass, defaults, aliases, trust, "
		 "unsigned, "
		 "stamp-max-age, remap, hook-without-daemon, restore, admission-ttl, "
		 "rules), got \"rule\""},
		{HEAD "defaults: {incomming: deny}\nrules: [{name: a}]\n", 2, 12,
		 "expected a key of defaults (incoming, outgoing, devices), got \"incomming\""},
		{RULE("    matches: {}\n"), 4, 5,
		 "expected a key of a rule (name, match, require, limits, action), got "
		 "\"matches\""},
		{RULE("    match: {type: x}\n"), 4, 13,
		 "expected a key of match (device_api, vendor, device_id, driver, mdev_type), "
		 "got \"type\""},
		{RULE("    require:\n      versions: equal\n"), 5, 7,
		 "expected a key of require (parent, type, version, attributes, unconstrained, "
		 "capabilities), got \"versions\""},
		{RULE("    require: {type: {crossing: []}}\n"), 4, 22,
		 "expected a key of type (cross), got \"crossing\""},
		{RULE("    require: {version: {comparator: equal}}\n"), 4, 25,
		 "expected a key of version (compare, direction), got \"comparator\""},
		{RULE("    require: {attributes: {a: {compare: equal, absents: x}}}\n"), 4, 48,
		 "expected a key of an attribute (compare, separator, absent), got \"absents\""},
		{RULE("    limits: {blackout: 1ms}\n"), 4, 14,
		 "expected a key of limits (stop-copy-bytes, downtime, descriptor-age), "
		 "got \"blackout\""},
		{HEAD "aliases: [{names: x}]\nrules: [{name: a}]\n", 2, 12,
		 "expected a key of an alias group (name, vendor, drivers), got \"names\""},
		{HEAD "aliases: [{name: x}]\nrules: [{name: a}]\n", 2, 11,
		 "expected an alias group with a key \"vendor\", got none"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_wrong_word_is_refused_with_the_words_that_there_are)
{
	static const struct refusal refusals[] = {
		{HEAD "mode: on\n"
		      "rules: [{name: a}]\n",
		 2, 7, "expected one of enforce, audit, got \"on\""},
		{HEAD "on-bypass: stop\nrules: [{name: a}]\n", 2, 12,
		 "expected one of refuse, kill, got \"stop\""},
		{HEAD "mode:\nrules: [{name: a}]\n", 2, 1,
		 "expected one of enforce, audit, got nothing"},
		{HEAD "defaults: {incoming: audit}\nrules: [{name: a}]\n", 2, 22,
		 "expected one of allow, deny, got \"audit\""},
		{RULE("    action: permit\n"), 4, 13,
		 "expected one of allow, deny, audit, got \"permit\""},
		{RULE("    require: {parent: yes}\n"), 4, 23,
		 "expected one of match, ignore, got \"yes\""},
		{RULE("    require: {type: equals}\n"), 4, 21,
		 "expected one of equal, traits, got \"equals\""},
		{RULE("    require: {type: 7}\n"), 4, 21,
		 "expected equal, traits or {cross: [[from, to], …]}, got the number 7"},
		{RULE("    require: {version: superset}\n"), 4, 24,
		 "expected one of auto, equal, numeric, at-least, xyz, ranges, template, "
		 "namespaced, opaque, got \"superset\""},
		{RULE("    require: {version: {direction: both}}\n"), 4, 36,
		 "expected one of destination-accepts, source-offers, mutual, got \"both\""},
		{RULE("    require: {attributes: {a: xyz}}\n"), 4, 31,
		 "expected one of equal, superset, numeric, at-least, ranges, opaque, ignore, "
		 "got \"xyz\""},
		{RULE("    require: {unconstrained: allow}\n"), 4, 30,
		 "expected one of deny, warn, got \"allow\""},
		{RULE("    require: {capabilities: [stop-copy, stop_copy]}\n"), 4, 41,
		 "expected one of stop-copy, p2p, pre-copy, got \"stop_copy\""},
		{RULE("    require: {capabilities: [p2p, p2p]}\n"), 4, 35,
		 "expected each word once, got \"p2p\""},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_wrong_type_is_refused_and_says_when_quotes_are_missing)
{
	static const struct refusal refusals[] = {
		{RULE("    match: {vendor: 8086}\n"), 4, 21,
		 "expected an id or a pattern (a string, in quotes), got the number 8086"},
		{RULE("    match: {device_id: 1e10}\n"), 4, 24,
		 "expected an id or a pattern (a string, in quotes), got the number 1e10"},
		{RULE("    match: {vendor: \"80g6\"}\n"), 4, 21,
		 "expected a hexadecimal id of at most 32 bits, or a pattern, got \"80g6\""},
		{RULE("    match: {driver: true}\n"), 4, 21,
		 "expected a value (a string, in quotes), got true without quotes"},
		{RULE("    match: {driver: \"\"}\n"), 4, 21,
		 "expected a value (a string), got \"\""},
		{RULE("    match: {driver: }\n"), 4, 13,
		 "expected a value (a string), got nothing"},
		{RULE("    match: [driver]\n"), 4, 12, "expected match (a mapping), got a list"},
		{RULE("    require: x\n"), 4, 14, "expected require (a mapping), got \"x\""},
		{RULE("    require: {type: {cross: [a, b]}}\n"), 4, 30,
		 "expected a pair [from, to], got \"a\""},
		{RULE("    require: {type: {cross: [[a, b], [a, b, c]]}}\n"), 4, 38,
		 "expected a pair [from, to], got a list"},
		{RULE("    require: {type: {cross: []}}\n"), 4, 29,
		 "expected pairs of types (at least 1), got 0"},
		{RULE("    require: {attributes: {a: {separator: x}}}\n"), 4, 31,
		 "expected an attribute with a key \"compare\", got none"},
		{RULE("    require: {attributes: {a: {compare: equal, separator: \",\"}}}\n"), 4,
		 48, "expected no separator without compare: superset"},
		{RULE("    require: {attributes: {a: {compare: equal, absent: 1}}}\n"), 4, 56,
		 "expected a string, got the number 1"},
		{RULE("    require: {attributes: {\"\": equal}}\n"), 4, 28,
		 "expected the name of an attribute, got \"\""},
		{HEAD "aliases: [{name: q, vendor: \"8086\", drivers: []}]\nrules: [{name: a}]\n",
		 2, 46, "expected drivers (at least 1), got 0"},
		{HEAD "aliases: [{name: q, vendor: 8086, drivers: [a]}]\nrules: [{name: a}]\n", 2,
		 29, "expected a vendor id (a string, in quotes), got the number 8086"},
		{HEAD "rules: {name: a}\n", 2, 8, "expected rules (a list), got a mapping"},
		{HEAD "rules: [a]\n", 2, 9, "expected a rule (a mapping), got \"a\""},
		{HEAD "rules: [{}]\n", 2, 9, "expected a rule with a key \"name\", got none"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_quantity_needs_a_unit_of_its_kind_and_64_bits)
{
#define BYTES "expected a size such as 512MiB (units B, KiB, MiB, GiB, TiB), got "
#define TIME "expected a duration such as 300ms (units ns, us, ms, s, min, h), got "
#define AGE "expected an age such as 24h (units s, min, h, d), got "
	static const struct refusal refusals[] = {
		{RULE("    limits: {stop-copy-bytes: 512}\n"), 4, 31, BYTES "the number 512"},
		{RULE("    limits: {stop-copy-bytes: 512MB}\n"), 4, 31, BYTES "\"512MB\""},
		{RULE("    limits: {stop-copy-bytes: 1.5GiB}\n"), 4, 31, BYTES "\"1.5GiB\""},
		{RULE("    limits: {stop-copy-bytes: -1MiB}\n"), 4, 31, BYTES "\"-1MiB\""},
		{RULE("    limits: {stop-copy-bytes: 1 MiB}\n"), 4, 31, BYTES "\"1 MiB\""},
		{RULE("    limits: {stop-copy-bytes: MiB}\n"), 4, 31, BYTES "\"MiB\""},
		{RULE("    limits: {stop-copy-bytes: 8388608TiB}\n"), 4, 31,
		 "expected a number that fits 64 bits, got \"8388608TiB\""},
		{RULE("    limits: {stop-copy-bytes: 9223372036854775808B}\n"), 4, 31,
		 "expected a number that fits 64 bits, got \"9223372036854775808B\""},
		{RULE("    limits: {downtime: 300}\n"), 4, 24, TIME "the number 300"},
		{RULE("    limits: {downtime: 3m}\n"), 4, 24, TIME "\"3m\""},
		{RULE("    limits: {downtime: [1ms]}\n"), 4, 24, TIME "a list"},
		{RULE("    limits: {descriptor-age: 300ms}\n"), 4, 30, AGE "\"300ms\""},
		{RULE("    limits: {descriptor-age: }\n"), 4, 14, AGE "nothing"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, an_integer_over_64_bits_is_refused_wherever_it_stands)
{
	static const struct refusal refusals[] = {
		{RULE("    limits: {stop-copy-bytes: 9223372036854775808}\n"), 4, 31,
		 "expected a number that fits 64 bits, got 9223372036854775808"},
		{"x: [0x8000000000000000]\n", 1, 5,
		 "expected a number that fits 64 bits, got 0x8000000000000000"},
		{"x: -99999999999999999999999\n", 1, 4,
		 "expected a number that fits 64 bits, got -99999999999999999999999"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_duplicate_key_is_refused_at_the_second)
{
	static const struct refusal refusals[] = {
		{HEAD "mode: audit\nrules: [{name: a}]\nmode: enforce\n", 4, 1,
		 "expected each key once, got \"mode\" again (first on line 2)"},
		{RULE("    match: {driver: x, \"driver\": x}\n"), 4, 24,
		 "expected each key once, got \"driver\" again (first on line 4)"},
		{RULE("    require: {attributes: {b: equal, a: equal, b: ignore, a: ignore}}\n"), 4,
		 48, "expected each key once, got \"b\" again (first on line 4)"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, of_many_keys_the_first_to_come_again_is_named)
{
	static const char text[] =
		"l: 1\nk: 1\nj: 1\ni: 1\nh: 1\ng: 1\nf: 1\ne: 1\nd: 1\nc: 1\nb: 1\na: 1\nz: 1\n"
		"k: 2\nb: 2\nz: 2\n";
	struct refusal_answer answer = read_text(text, strlen(text));

	cr_expect_eq(answer.line, 14);
	cr_expect_str_eq(answer.message,
			 "expected each key once, got \"k\" again (first on line 2)");
}

Test(policy_read, anchors_aliases_tags_and_directives_are_refused_where_they_stand)
{
	static const struct refusal refusals[] = {
		{"a: &x b\n", 1, 4,
		 "expected a plain value, got an anchor (&), which is not allowed here"},
		{"a:\n  &x {b: c}\n", 2, 3,
		 "expected a plain value, got an anchor (&), which is not allowed here"},
		{"a: &x [b]\n", 1, 4,
		 "expected a plain value, got an anchor (&), which is not allowed here"},
		{"a: *x\n", 1, 4,
		 "expected a plain value, got an alias (*), which is not allowed here"},
		{"&x a: b\n", 1, 1,
		 "expected a plain value, got an anchor (&), which is not allowed here"},
		{"a: !!str b\n", 1, 4,
		 "expected a plain value, got a tag (!), which is not allowed here"},
		{"a: !x [b]\n", 1, 4,
		 "expected a plain value, got a tag (!), which is not allowed here"},
		{"%YAML 1.2\n---\na: b\n", 1, 1, "expected no % directive"},
		{"# x\n%TAG ! x\n---\na: b\n", 2, 1, "expected no % directive"},
		{"# x\r%%%%%%\n", 1, 5, "expected no % directive"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_billion_laughs_are_refused_before_the_second)
{
	static const char laughs[] =
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n";
	struct refusal_answer answer = read_text(laughs, strlen(laughs));

	cr_expect_eq(answer.line, 1);
	cr_expect_eq(answer.column, 4);
}

Test(policy_read, a_second_document_and_a_key_that_is_no_text_are_refused)
{
	static const struct refusal refusals[] = {
		{RULE("---\n") HEAD, 4, 1, "expected one document, got a second"},
		{"a: b\n...\n---\n", 3, 1, "expected one document, got a second"},
		{"? [a]\n: b\n", 1, 3, "expected a key, got a list or mapping"},
		{"{[a]: b}\n", 1, 2, "expected a key, got a list or mapping"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, nesting_is_refused_at_the_level_over_the_limit)
{
	static const char *const openings[] = {"[", "{a: ", "- ", "? "};
	static const unsigned int columns[] = {33, 129, 65, 3};

	for (size_t i = 0; i < ARRAY_SIZE(openings); i++) {
		AUTO_FREE char *text = repeated(openings[i], 10000);
		struct refusal_answer answer = read_text(text, strlen(text));

		cr_expect_eq(answer.result, -EINVAL);
		cr_expect_eq(answer.line, 1);
		cr_expect_eq(answer.column, columns[i], "%s: column %u: %s", openings[i],
			     answer.column, answer.message);
	}
}

Test(policy_read, what_would_keep_the_parser_busy_for_minutes_is_refused_before_it)
{
	AUTO_FREE char *percents = repeated("%", 8 << 20);
	AUTO_FREE char *brackets = repeated("[", 8 << 20);
	AUTO_FREE char *blanks = repeated("\n", 8 << 20);
	AUTO_FREE char *text = NULL;
	uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	cr_expect_str_eq(read_text(percents, 8 << 20).message, "expected no % directive");
	cr_expect_str_eq(read_text(brackets, 8 << 20).message, "expected lines of at most 256 KiB");
	cr_expect_str_eq(read_text(brackets, 100000).message, "expected brackets that are closed");
	cr_assert_geq(asprintf(&text, "a: b\n  %s  c\n", blanks), 0);
	cr_expect_str_eq(read_text(text, strlen(text)).message,
			 "expected at most 64 blank lines in a row");
	cr_expect_lt(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start, 20000000000u);
}

Test(policy_read, more_values_than_ten_thousand_rules_need_are_refused)
{
	AUTO_FREE char *items = repeated("1,\n", 2000000);
	AUTO_FREE char *text = NULL;
	struct refusal_answer answer;

	cr_assert_geq(asprintf(&text, "[%s1]", items), 0);
	answer = read_text(text, strlen(text));
	cr_expect_eq(answer.result, -EINVAL);
	cr_expect_str_eq(answer.message, "expected at most 1048576 values");
}

Test(policy_read, more_text_than_a_policy_has_is_refused_unread)
{
	AUTO_FREE char *blanks = repeated("#", POLICY_FILE_MAX + 1);
	struct refusal_answer answer = read_text(blanks, POLICY_FILE_MAX + 1);

	cr_expect_eq(answer.result, -EFBIG);
	cr_expect_str_eq(answer.message,
			 "expected a policy of at most 16384 KiB, got a file of 16384 KiB");
}

Test(policy_read, what_only_the_whole_shows_is_refused_too)
{
	static const struct refusal refusals[] = {
		{HEAD "rules:\n  - name: a\n    match: {driver: x}\n  - name: a\n", 5, 5, NULL},
		{HEAD "rules:\n  - name: a\n  - name: b\n    match: {driver: x}\n", 4, 5, NULL},
		{HEAD "aliases:\n  - {name: q, vendor: \"8086\", drivers: [a]}\n"
		      "  - {name: r, vendor: \"8086\", drivers: [a]}\nrules: [{name: a}]\n",
		 4, 5, NULL},
		{0},
	};

	for (const struct refusal *refusal = refusals; refusal->text; refusal++) {
		struct refusal_answer answer = read_text(refusal->text, strlen(refusal->text));

		cr_expect_eq(answer.result, -EINVAL, "%s", refusal->text);
		cr_expect_eq(answer.line, refusal->line, "%s: %s", refusal->text, answer.message);
		cr_expect_eq(answer.column, refusal->column, "%s: %s", refusal->text,
			     answer.message);
		cr_expect_not_null(strstr(answer.message, "expected"));
	}
}

static const char example[] =
	HEAD "mode: enforce                 # enforce | audit\n"
	     "defaults: {incoming: deny, outgoing: allow}\n"
	     "aliases:\n"
	     "  - {name: qat, vendor: \"8086\", drivers: [qat-v4, qat-v5]}\n"
	     "rules:                        # first rule whose `match` fits src decides\n"
	     "  - name: gvt-g\n"
	     "    match: {device_api: vfio-pci, vendor: \"8086\", mdev_type: \"i915-GVTg_*\"}\n"
	     "    require:\n"
	     "      parent: match           # match | ignore\n"
	     "      type: {cross: [[a-b, c-d], [e-f, g-h]]}\n"
	     "      version: {compare: auto, direction: destination-accepts}\n"
	     "      attributes:\n"
	     "        aggregator: equal\n"
	     "        pv_mode: {compare: superset, separator: \"+\", absent: none}\n"
	     "      unconstrained: deny     # deny | warn\n"
	     "      capabilities: [stop-copy]\n"
	     "    limits: {stop-copy-bytes: 512MiB, downtime: 300ms, descriptor-age: 24h}\n"
	     "    action: allow             # allow | deny | audit\n"
	     "  - {name: rest, require: {version: ranges, type: traits}, action: audit}\n";

Test(policy_read, the_example_of_the_semantics_is_read_in_full)
{
	AUTO_POLICY struct policy *p = parse(example);
	const struct rule *rule = &p->rules[0];

	cr_expect_str_eq(p->file, "p.yaml");
	cr_expect_eq(p->mode, POLICY_ENFORCE);
	cr_expect_eq(p->incoming, MW_ACTION_DENY);
	cr_expect_eq(p->outgoing, MW_ACTION_ALLOW);
	cr_expect_eq(p->alias_count, 1);
	cr_expect_str_eq(p->aliases[0].vendor, "8086");
	cr_expect_eq(p->aliases[0].driver_count, 2);
	cr_expect_str_eq(p->aliases[0].drivers[1], "qat-v5");
	cr_assert_eq(p->rule_count, 2);
	cr_expect_str_eq(rule->match.mdev_type, "i915-GVTg_*");
	cr_expect_null(rule->match.driver);
	cr_expect_not(rule->parent_ignore);
	cr_expect_eq(rule->type, TYPE_CROSS);
	cr_expect_eq(rule->cross_count, 2);
	cr_expect_str_eq(rule->cross[1].to, "g-h");
	cr_expect_eq(rule->version, COMPARE_AUTO);
	cr_expect_eq(rule->attribute_count, 2);
	cr_expect_str_eq(rule->attributes[0].name, "aggregator");
	cr_expect_eq(rule->attributes[0].comparator, COMPARE_EQUAL);
	cr_expect_null(rule->attributes[0].absent);
	cr_expect_str_eq(rule->attributes[1].absent, "none");
	cr_expect(rule->unconstrained_set && !rule->unconstrained_warn);
	cr_expect_eq(rule->capabilities, CAPABILITY_STOP_COPY);
	cr_expect_eq(rule->limits.stop_copy_bytes, 512 << 20);
	cr_expect_eq(rule->limits.downtime_ns, 300000000);
	cr_expect_eq(rule->limits.descriptor_age_s, 86400);
	cr_expect_eq(rule->action, MW_ACTION_ALLOW);
	cr_expect_eq(p->rules[1].version, COMPARE_RANGES);
	cr_expect_eq(p->rules[1].type, TYPE_TRAITS);
	cr_expect_eq(p->rules[1].action, MW_ACTION_AUDIT);
}

Test(policy_read, every_part_knows_its_line)
{
	AUTO_POLICY struct policy *p = parse(example);
	const struct rule *rule = &p->rules[0];

	cr_expect_eq(p->incoming_position.line, 3);
	cr_expect_eq(p->incoming_position.column, 12);
	cr_expect_eq(p->outgoing_position.column, 28);
	cr_expect_eq(p->aliases[0].position.line, 5);
	cr_expect_eq(rule->position.line, 7);
	cr_expect_eq(rule->position.column, 5);
	cr_expect_eq(rule->parent_position.line, 10);
	cr_expect_eq(rule->type_position.line, 11);
	cr_expect_eq(rule->cross[1].position.column, 34);
	cr_expect_eq(rule->version_position.line, 12);
	cr_expect_eq(rule->attributes[1].position.line, 15);
	cr_expect_eq(rule->capabilities_position.line, 17);
	cr_expect_eq(rule->limits_position.line, 18);
	cr_expect_eq(p->rules[1].position.line, 20);
}

/* A policy with these defaults of devices, from line 4 on. */
#define DEVICES(list) HEAD "defaults:\n  devices:\n" list "rules: [{name: a}]\n"

Test(policy_read, devices_have_defaults_of_their_own)
{
	AUTO_POLICY struct policy *policy = parse(DEVICES(
		"  - {match: {device: \"0000:3B:*\", vendor: \"0x15B3\"}, incoming: allow}\n"
		"  - {match: {mdev_type: \"i915-*\"}, incoming: deny, outgoing: deny}\n"));
	const struct device_default *own = policy->device_defaults;

	cr_assert_eq(policy->device_default_count, 2);
	cr_assert_eq(policy->device_defaults_position.line, 3);
	cr_assert_str_eq(own[0].match.device, "0000:3B:*");
	cr_assert_str_eq(own[0].match.vendor, "15b3");
	cr_assert_eq(own[0].incoming, MW_ACTION_ALLOW);
	cr_assert_eq(own[0].outgoing_position.line, 0);
	cr_assert_eq(own[1].outgoing, MW_ACTION_DENY);
	cr_assert_eq(own[1].outgoing_position.line, 5);
}

Test(policy_read, a_default_of_a_device_that_says_nothing_or_is_never_reached_is_refused)
{
	static const struct refusal refusals[] = {
		{DEVICES("  - {match: {driver: mtty}}\n"), 4, 5,
		 "expected incoming, outgoing or both"},
		{DEVICES("  - {incoming: deny}\n"), 4, 5,
		 "expected the default of a device with a key \"match\", got none"},
		{DEVICES("  - {match: {host: a}, incoming: deny}\n"), 4, 14,
		 "expected a key of match (device_api, vendor, device_id, driver, mdev_type, "
		 "device), got \"host\""},
		{DEVICES("  - {match: {driver: mtty}, incoming: audit}\n"), 4, 39,
		 "expected one of allow, deny, got \"audit\""},
		{DEVICES("  - {match: {driver: \"m*\"}, incoming: deny}\n"
			 "  - {match: {driver: mtty}, outgoing: deny}\n"),
		 5, 5,
		 "expected a default that can be reached, got one which that on line 4 always "
		 "comes "
		 "before"},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_rule_does_not_ask_for_a_device)
{
	static const struct refusal refusals[] = {
		{RULE("    match: {device: a}\n"), 4, 13,
		 "expected a key of match (device_api, vendor, device_id, driver, mdev_type), got "
		 "\"device\""},
		{0},
	};

	refusal_assert_all(refusals, read_text);
}

Test(policy_read, a_policy_without_more_has_the_defaults)
{
	AUTO_POLICY struct policy *p = parse(HEAD "rules: [{name: a}]\n");
	struct rule expected;

	policy_rule_init(&expected);
	cr_expect_eq(p->mode, POLICY_ENFORCE);
	cr_expect_eq(p->on_bypass, BYPASS_REFUSE);
	cr_expect_eq(p->incoming, MW_ACTION_DENY);
	cr_expect_eq(p->outgoing, MW_ACTION_ALLOW);
	cr_expect_eq(p->rules[0].capabilities, CAPABILITY_STOP_COPY);
	cr_expect_eq(p->rules[0].limits.downtime_ns, -1);
	cr_expect_eq(p->rules[0].version, expected.version);
	cr_expect_eq(p->rules[0].action, expected.action);
	cr_expect_not(p->rules[0].unconstrained_set);
}

Test(policy_read, an_id_in_match_becomes_canonical_and_a_pattern_lower_case)
{
	AUTO_POLICY struct policy *p =
		parse(RULE("    match: {vendor: \"0x15B3\", device_id: \"10[1A]?\"}\n"));

	cr_expect_str_eq(p->rules[0].match.vendor, "15b3");
	cr_expect_str_eq(p->rules[0].match.device_id, "10[1a]?");
}

Test(policy_read, words_of_yaml_1_1_are_text)
{
	AUTO_POLICY struct policy *p = parse(
		RULE("    match: {driver: yes, mdev_type: off}\n"
		     "    require: {attributes: {on: equal, no: {compare: equal, absent: n}}}\n"));

	cr_expect_str_eq(p->rules[0].match.driver, "yes");
	cr_expect_str_eq(p->rules[0].attributes[1].name, "no");
	cr_expect_str_eq(p->rules[0].attributes[1].absent, "n");
}

Test(policy_read, nothing_is_printed_however_broken_the_text_is)
{
	/* libfyaml's own way is to print to stderr. */
	int saved = dup(STDERR_FILENO);
	FILE *file = tmpfile();

	cr_assert_not_null(file);
	dup2(fileno(file), STDERR_FILENO);
	read_text("a: [1, 2\nb: *c\n\t- x", 19);
	read_text("%YAML 9.9\n---\n!<x", 17);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fseek(file, 0, SEEK_END);
	cr_expect_eq(ftell(file), 0);
	fclose(file);
}

Test(policy_read, ten_thousand_rules_load_in_less_than_a_second)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct parse_error error = {0};
	AUTO_FREE char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	uint64_t start;
	int r;

	fputs(HEAD "rules:\n", out);
	for (int i = 0; i < 10000; i++)
		fprintf(out,
			"  - name: r%d\n    match: {mdev_type: \"drv-t%d\", vendor: \"8086\"}\n"
			"    require: {version: {compare: ranges}, attributes: {aggregator: "
			"equal}}\n"
			"    limits: {downtime: 300ms}\n",
			i, i);
	fclose(out);
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	r = policy_read_text("big", text, size, &policy, &error);
	cr_assert_eq(r, 0, "%u:%u: %s", error.line, error.column, error.text);
	cr_expect_eq(policy->rule_count, 10000);
	cr_expect_eq(policy->rules[9999].position.line, 3 + 9999 * 4);
#ifndef __SANITIZE_ADDRESS__
	cr_expect_lt(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start, 1000000000u);
#else
	(void)start;
#endif
}

Test(policy_read, its_comparators_are_the_cores_by_name)
{
	const struct choice *const lists[] = {choices_version_comparator,
					      choices_attribute_comparator};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const struct choice *choice = lists[i]; choice->name; choice++)
			cr_expect_str_eq(choice->name,
					 comparator_name((enum comparator)choice->value));
	for (const struct choice *choice = choices_direction; choice->name; choice++)
		cr_expect_str_eq(choice->name, direction_name((enum direction)choice->value));
	for (const struct choice *choice = choices_action; choice->name; choice++)
		cr_expect_str_eq(choice->name, mw_action_name((enum mw_action)choice->value));
}

Test(policy_read, on_failure_the_caller_keeps_what_it_had)
{
	struct policy *policy = (struct policy *)&policy;

	cr_expect_eq(policy_read_text("a", "x", 1, &policy, NULL), -EINVAL);
	cr_expect_eq(policy, (struct policy *)&policy);
}
