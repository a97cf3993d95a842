// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.6, what a template matches. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/template.h"
#include "pair.h"

#define FULL "none+ppgtt+context"

static struct template parsed;
static struct template_result result;
static char scratch[TEMPLATE_KEY_BYTES];

/* A source as the SELF of the sample says, with changes; NULL for absent. The result borrows. */
static enum template_answer sample(const char *type, const char *aggregator, const char *pv_mode,
				   const char *version)
{
	static struct pair pair;
	static char *text;
	struct descriptor *source;

	pair_free(&pair);
	free(text);
	pair = pair_new();
	source = pair.source;
	text = golden("gvt-g.template");
	cr_assert_eq(template_parse(slice_of(text), &parsed, NULL), 0);
	set(source, &source->mdev_type, type);
	set(source, &source->interface_version, version);
	if (aggregator)
		descriptor_add_attribute(source, "aggregator", aggregator, 0);
	if (pv_mode)
		descriptor_add_attribute(source, "pv_mode", pv_mode, 0);
	template_match(&parsed, source, false, scratch, &result);
	return result.answer;
}

/* One COMPATIBLE block over one attribute `a` of the source, which has no other facts. */
static enum template_answer field(const char *value, const char *a)
{
	AUTO_DESCRIPTOR struct descriptor *source = NULL;
	char text[512];

	descriptor_new(&source);
	if (a)
		descriptor_add_attribute(source, "a", a, 0);
	snprintf(text, sizeof(text), "SELF:\n\ta=1\nCOMPATIBLE:\n\ta=%s\n", value);
	cr_assert_eq(template_parse(slice_of(text), &parsed, NULL), 0, "%s", value);
	template_match(&parsed, source, false, scratch, &result);
	return result.answer;
}

#define MATCHES TEMPLATE_MATCH
#define FAILS TEMPLATE_NO_MATCH

Test(template_match, a_binding_that_divides_to_no_integer_matches_nothing)
{
	cr_expect_eq(sample("i915-GVTg_V5_1", "1/2", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_1", "0", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_1", "1", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_1", NULL, FULL, "3"), FAILS);
}

Test(template_match, a_variable_is_the_same_everywhere_in_its_block)
{
	cr_expect_eq(sample("i915-GVTg_V5_4", "1", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_8", "2", FULL, "3"), FAILS);
	cr_expect_null(result.field);
}

Test(template_match, version_1_with_all_pv_modes_is_refused)
{
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, "1"), FAILS);
}

Test(template_match, a_mode_in_another_order_is_refused)
{
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", "none+context+ppgtt", "3"), FAILS);
}

Test(template_match, a_type_or_version_that_is_not_listed_is_refused)
{
	cr_expect_eq(sample("i915-GVTg_V5_3", "1", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V4_2", "1", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_2x", "1", FULL, "3"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, "4"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, NULL), FAILS);
}

Test(template_match, the_sample_matches_itself)
{
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, "3"), MATCHES);
	cr_expect_eq(result.block, 1);
	cr_expect(result.reads_pci);
}

Test(template_match, the_sample_takes_what_the_thread_says_it_takes)
{
	cr_expect_eq(sample("i915-GVTg_V5_4", "2", FULL, "3"), MATCHES);
	cr_expect_eq(sample("i915-GVTg_V5_8", "4", "none+context", "2"), MATCHES);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", NULL, "1"), MATCHES);
	cr_expect_eq(result.block, 2);
}

Test(template_match, an_aggregator_that_is_absent_is_one)
{
	cr_expect_eq(sample("i915-GVTg_V5_2", NULL, FULL, "3"), MATCHES);
	cr_expect_eq(sample("i915-GVTg_V5_4", NULL, FULL, "3"), FAILS);
}

Test(template_match, an_empty_value_takes_empty_and_absent_but_never_none)
{
	cr_expect_eq(field("\"\"", "none"), FAILS);
	cr_expect_eq(field("\"\"", ""), MATCHES);
	cr_expect_eq(field("\"\"", NULL), MATCHES);
	cr_expect_eq(field("", NULL), MATCHES);
	cr_expect_eq(field("", "x"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", "none", "1"), FAILS);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", "", "1"), MATCHES);
}

Test(template_match, int_items_compare_as_numbers)
{
	cr_expect_eq(field("{v:int:3}", "03"), MATCHES);
	cr_expect_eq(field("{v:int:03}", "3"), MATCHES);
	cr_expect_eq(field("{v:int:0}", "000"), MATCHES);
	cr_expect_eq(field("{v:int:3}", "30"), FAILS);
	cr_expect_eq(field("{v:int:30}", "3"), FAILS);
	cr_expect_eq(field("x{v:int:1,2}y", "x02y"), MATCHES);
	cr_expect_eq(field("{v:int:0}0", "00"), MATCHES);
	cr_expect_eq(field("{v:int:3}", ""), FAILS);
	cr_expect_eq(field("{v:int:0}", ""), FAILS);
}

Test(template_match, string_items_compare_byte_for_byte)
{
	cr_expect_eq(field("{v:string:3}", "03"), FAILS);
	cr_expect_eq(field("{v:string:a,\"b,c\",d}", "b,c"), MATCHES);
	cr_expect_eq(field("{v:string:a,\"b,c\",d}", "b"), FAILS);
	cr_expect_eq(field("{v:string:a,\"b,c\",d}", "d"), MATCHES);
	cr_expect_eq(field("{v:string:a}", "A"), FAILS);
	cr_expect_eq(field("{v:string:\"\"}", NULL), MATCHES);
}

Test(template_match, division_is_exact_and_of_numbers)
{
	cr_expect_eq(field("{v:int:2}/2", "1"), MATCHES);
	cr_expect_eq(field("{v:int:2}/2", "2/2"), FAILS);
	cr_expect_eq(field("{v:int:3}/2", "1"), FAILS);
	cr_expect_eq(field("{v:int:12}/2/3", "2"), MATCHES);
	cr_expect_eq(field("{v:int:0}/5", "0"), MATCHES);
	cr_expect_eq(field("{v:int:18446744073709551615}/5", "3689348814741910323"), MATCHES);
}

Test(template_match, a_source_fact_that_the_block_leaves_open_is_unconstrained)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct descriptor *source = pair.source;

	cr_assert_eq(template_parse(slice_of("SELF:\n\tmdev_type=i915-GVTg_V5_4\n"), &parsed, NULL),
		     0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, TEMPLATE_UNCONSTRAINED);
	cr_expect(slice_is(result.source, "device_id"));
	template_match(&parsed, source, true, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);

	set(source, &source->interface_version, "1");
	template_match(&parsed, source, true, scratch, &result);
	cr_expect(slice_is(result.source, "interface_version"));

	set(source, &source->interface_version, NULL);
	descriptor_add_attribute(source, "empty", "", 0);
	template_match(&parsed, source, true, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	descriptor_add_attribute(source, "mode", "x", 0);
	template_match(&parsed, source, true, scratch, &result);
	cr_expect_eq(result.answer, TEMPLATE_UNCONSTRAINED);
	cr_expect(slice_is(result.source, "mode"));
}

Test(template_match, a_later_block_that_constrains_all_wins)
{
	AUTO_DESCRIPTOR struct descriptor *source = NULL;

	descriptor_new(&source);
	descriptor_add_attribute(source, "a", "1", 0);
	descriptor_add_attribute(source, "b", "1", 0);
	cr_assert_eq(template_parse(slice_of("SELF:\n\ta=9\nCOMPATIBLE:\n\ta=1\nCOMPATIBLE:\n"
					     "\ta=1\n\tb=1\n"),
				    &parsed, NULL),
		     0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	cr_expect_eq(result.block, 2);
}

Test(template_match, without_compatible_blocks_only_an_identical_self_fits)
{
	AUTO_DESCRIPTOR struct descriptor *source = NULL;

	descriptor_new(&source);
	descriptor_add_attribute(source, "a", "1", 0);
	cr_assert_eq(template_parse(slice_of("SELF:\n\ta=1\n"), &parsed, NULL), 0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	cr_assert_eq(template_parse(slice_of("SELF:\n\ta=2\n"), &parsed, NULL), 0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, FAILS);
}

Test(template_match, with_compatible_blocks_self_is_only_a_description)
{
	cr_expect_eq(field("2", "1"), FAILS);
}

Test(template_match, device_type_pci_is_vfio_pci_and_no_other)
{
	AUTO_DESCRIPTOR struct descriptor *source = NULL;

	descriptor_new(&source);
	cr_assert_eq(template_parse(slice_of("SELF:\n\tdevice_type=pci\n"), &parsed, NULL), 0);
	set(source, &source->device_api, "vfio-pci");
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	set(source, &source->device_api, "pci");
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	set(source, &source->device_api, "vfio-ap");
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, FAILS);
	cr_assert_eq(template_parse(slice_of("SELF:\n\tdevice_type=vfio-pci\n"), &parsed, NULL), 0);
	set(source, &source->device_api, "pci");
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	cr_expect_not(result.reads_pci);
}

Test(template_match, device_id_is_vendor_followed_by_device)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct descriptor *source = pair.source;

	set(source, &source->mdev_type, NULL);
	cr_assert_eq(template_parse(slice_of("SELF:\n\tdevice_id=8086591d\n"), &parsed, NULL), 0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, MATCHES);
	set(source, &source->vendor, "591d");
	set(source, &source->device_id, "8086");
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, FAILS);
	set(source, &source->vendor, NULL);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, FAILS);
}

Test(template_match, the_nearest_block_and_its_field_are_named)
{
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, "7"), FAILS);
	cr_expect_eq(result.block, 1);
	cr_assert_not_null(result.field);
	cr_expect(slice_is(result.field->key, "interface_version"));
	cr_expect(slice_is(result.source, "7"));
	cr_expect_not(result.source_absent);
	cr_expect_eq(sample("i915-GVTg_V5_2", "1", FULL, NULL), FAILS);
	cr_expect(result.source_absent);
}

Test(template_match, self_agrees_with_what_it_describes)
{
	AUTO_PAIR struct pair pair = pair_new();
	char *text = golden("gvt-g.template");
	const struct template_field *wrong;

	cr_assert_eq(template_parse(slice_of(text), &parsed, NULL), 0);
	pair_types(&pair, "i915-GVTg_V5_2", NULL);
	pair_versions(&pair, "3", NULL);
	pair_attribute(&pair, "pv_mode", FULL, NULL);
	cr_expect_null(template_self_agrees(&parsed, pair.source));
	pair_versions(&pair, "4", NULL);
	wrong = template_self_agrees(&parsed, pair.source);
	cr_assert_not_null(wrong);
	cr_expect(slice_is(wrong->key, "interface_version"));
	free(text);
}

/* 16 zeros in a row can be cut up in very many ways; the answer has to come at once all the same.
 */
Test(template_match, a_value_with_too_many_readings_is_too_costly, .timeout = 5)
{
	AUTO_DESCRIPTOR struct descriptor *source = NULL;
	char text[2048] = "SELF:\n\ta=1\nCOMPATIBLE:\n\ta={v:int:0}";
	char zeros[200] = "";

	for (int i = 0; i < 40; i++)
		strcat(text, "{v}");
	strcat(text, "x\n");
	memset(zeros, '0', sizeof(zeros) - 1);
	descriptor_new(&source);
	descriptor_add_attribute(source, "a", zeros, 0);
	cr_assert_eq(template_parse(slice_of(text), &parsed, NULL), 0);
	template_match(&parsed, source, false, scratch, &result);
	cr_expect_eq(result.answer, TEMPLATE_TOO_COSTLY);
}

/* The oracle writes every binding out as text and compares whole fields. */
struct oracle {
	int variables;
	int items[3];       /* how many, of the numbers 0, 1, 2, … */
	int divisors[2][4]; /* by field and place */
	int pieces[2][4];   /* by field and place: a variable, or -1 for "x", -2 for the end */
};

static void oracle_make(struct oracle *oracle, unsigned int *seed)
{
	oracle->variables = 1 + rand_r(seed) % 3;
	for (int i = 0; i < 3; i++)
		oracle->items[i] = 1 + rand_r(seed) % 4;
	for (int f = 0; f < 2; f++) {
		bool ended = false;

		for (int p = 0; p < 4; p++) {
			ended = ended || (p && rand_r(seed) % 3 == 0);
			oracle->pieces[f][p] =
				ended ? -2 : rand_r(seed) % (oracle->variables + 1) - 1;
			oracle->divisors[f][p] = 1 + rand_r(seed) % 2;
		}
	}
}

/* The block in the language of templates; a variable is declared where it stands first. */
static void oracle_write(const struct oracle *oracle, char *out)
{
	bool declared[3] = {false};
	char *at = out + sprintf(out, "SELF:\n\tf0=s\nCOMPATIBLE:\n");

	for (int f = 0; f < 2; f++) {
		at += sprintf(at, "\tf%d=", f);
		for (int p = 0; p < 4 && oracle->pieces[f][p] > -2; p++) {
			int v = oracle->pieces[f][p];

			if (v < 0) {
				at += sprintf(at, "x");
				continue;
			}
			at += sprintf(at, declared[v] ? "{v%d" : "{v%d:int:0", v);
			for (int i = 1; i < oracle->items[v] && !declared[v]; i++)
				at += sprintf(at, ",%d", i);
			at += sprintf(at, "}/%d", oracle->divisors[f][p]);
			declared[v] = true;
		}
		at += sprintf(at, "\n");
	}
}

/* One field under one binding; false when a division leaves a rest. */
static bool oracle_field(const struct oracle *oracle, int field, const int *values, char *out)
{
	*out = '\0';
	for (int p = 0; p < 4 && oracle->pieces[field][p] > -2; p++) {
		int v = oracle->pieces[field][p];
		int divisor = oracle->divisors[field][p];

		if (v < 0) {
			out += sprintf(out, "x");
			continue;
		}
		if (values[v] % divisor)
			return false;
		out += sprintf(out, "%d", values[v] / divisor);
	}
	return true;
}

static bool oracle_says(const struct oracle *oracle, const char *f0, const char *f1)
{
	char text[2][64];
	int values[3];

	for (values[0] = 0; values[0] < oracle->items[0]; values[0]++) {
		for (values[1] = 0; values[1] < oracle->items[1]; values[1]++) {
			for (values[2] = 0; values[2] < oracle->items[2]; values[2]++) {
				if (oracle_field(oracle, 0, values, text[0]) &&
				    oracle_field(oracle, 1, values, text[1]) &&
				    !strcmp(text[0], f0) && !strcmp(text[1], f1))
					return true;
			}
		}
	}
	return false;
}

static void random_value(char out[static 8], unsigned int *seed)
{
	static const char letters[] = "x0123x01";
	int length = 1 + rand_r(seed) % 4;

	for (int i = 0; i < length; i++)
		out[i] = letters[(unsigned int)rand_r(seed) % 8];
	out[length] = '\0';
}

/* Numbers with leading zeros are the one thing that the oracle reads otherwise. */
static bool has_leading_zero(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (*at == '0' && at[1] >= '0' && at[1] <= '9')
			return true;
	}
	return false;
}

Test(template_match, agrees_with_the_enumeration_of_all_bindings)
{
	unsigned int seed = 42;
	int matched = 0;

	for (int round = 0; round < 60000; round++) {
		AUTO_DESCRIPTOR struct descriptor *source = NULL;
		struct oracle oracle;
		char text[512];
		char values[2][64];
		bool expected;

		oracle_make(&oracle, &seed);
		oracle_write(&oracle, text);
		random_value(values[0], &seed);
		random_value(values[1], &seed);
		if (round % 2) {
			int binding[3] = {rand_r(&seed) % oracle.items[0],
					  rand_r(&seed) % oracle.items[1],
					  rand_r(&seed) % oracle.items[2]};

			oracle_field(&oracle, 0, binding, values[0]);
			oracle_field(&oracle, 1, binding, values[1]);
		}
		if (has_leading_zero(values[0]) || has_leading_zero(values[1]))
			continue;
		expected = oracle_says(&oracle, values[0], values[1]);
		descriptor_new(&source);
		descriptor_add_attribute(source, "f0", values[0], 0);
		descriptor_add_attribute(source, "f1", values[1], 0);
		cr_assert_eq(template_parse(slice_of(text), &parsed, NULL), 0, "%s", text);
		template_match(&parsed, source, false, scratch, &result);
		cr_assert_eq(result.answer == TEMPLATE_MATCH, expected, "%s%s %s", text, values[0],
			     values[1]);
		matched += expected;
	}
	cr_assert_gt(matched, 1000);
}
