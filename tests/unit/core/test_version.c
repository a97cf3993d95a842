// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.1, 2.2 and 2.3. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/version.h"

static bool is_xyz(const char *text)
{
	struct xyz xyz;

	return xyz_parse(slice_of(text), &xyz);
}

static struct xyz xyz(const char *text)
{
	struct xyz out = {0};

	cr_assert(xyz_parse(slice_of(text), &out), "%s", text);
	return out;
}

static enum mw_reason by_xyz(const char *source, const char *dest)
{
	return xyz_compare(xyz(source), xyz(dest));
}

static int numeric(const char *a, const char *b)
{
	struct slice x;
	struct slice y;

	cr_assert(numeric_parse(slice_of(a), &x), "%s", a);
	cr_assert(numeric_parse(slice_of(b), &y), "%s", b);
	return numeric_order(x, y);
}

static bool is_numeric(const char *text)
{
	struct slice digits;

	return numeric_parse(slice_of(text), &digits);
}

static bool is_namespaced(const char *text)
{
	struct namespaced version;

	return namespaced_parse(slice_of(text), &version);
}

static enum mw_reason by_namespace(const char *source, const char *dest)
{
	struct namespaced a;
	struct namespaced b;

	cr_assert(namespaced_parse(slice_of(source), &a), "%s", source);
	cr_assert(namespaced_parse(slice_of(dest), &b), "%s", dest);
	return namespaced_compare(&a, &b);
}

Test(xyz, what_is_not_two_or_three_numbers_is_malformed)
{
	static const char *const malformed[] = {
		"",        "1",    "1.",     ".1",    "1..0",   "1.0.",    "1.0.0.",
		"1.0.0.0", "v1.0", "1.0-rc", "1.0 ",  " 1.0",   "1.0.0\n", "1,0",
		"1.x",     "-1.0", "+1.0",   "0x1.0", "1.0.0a", "1 .0",    "..",
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		cr_expect_not(is_xyz(malformed[i]), "'%s'", malformed[i]);
	cr_expect_not(is_xyz(NULL));
}

Test(xyz, leading_zeros_are_malformed)
{
	cr_expect_not(is_xyz("01.0.0"));
	cr_expect_not(is_xyz("1.01.0"));
	cr_expect_not(is_xyz("1.0.00"));
	cr_expect(is_xyz("0.0.0"));
}

Test(xyz, a_component_ends_at_32_bits)
{
	cr_expect(is_xyz("4294967295.4294967295.4294967295"));
	cr_expect_not(is_xyz("4294967296.0.0"));
	cr_expect_not(is_xyz("0.4294967296.0"));
	cr_expect_not(is_xyz("0.0.4294967296"));
	cr_expect_not(is_xyz("0.0.18446744073709551616"));
	cr_expect_not(is_xyz("0.0.99999999999999999999999999999999999999"));
}

Test(xyz, a_missing_bugfix_is_zero)
{
	cr_expect_eq(xyz_order(xyz("2.1"), xyz("2.1.0")), 0);
	cr_expect_lt(xyz_order(xyz("2.1"), xyz("2.1.1")), 0);
}

Test(xyz, malformed_text_leaves_the_result_alone)
{
	struct xyz out = {7, 8, 9};

	cr_expect_not(xyz_parse(slice_of("1.2.x"), &out));
	cr_expect(out.major == 7 && out.minor == 8 && out.bugfix == 9);
}

Test(xyz, components_order_as_numbers)
{
	cr_expect_gt(xyz_order(xyz("2.0.10"), xyz("2.0.4")), 0);
	cr_expect_gt(xyz_order(xyz("2.10.0"), xyz("2.1.0")), 0);
	cr_expect_gt(xyz_order(xyz("10.0.0"), xyz("9.9.9")), 0);
}

Test(xyz, another_major_is_refused_both_ways)
{
	cr_expect_eq(by_xyz("0.2.0", "1.0.0"), MW_REASON_VERSION_MAJOR);
	cr_expect_eq(by_xyz("1.0.0", "0.2.0"), MW_REASON_VERSION_MAJOR);
}

Test(xyz, an_older_minor_is_refused_and_a_newer_one_fits)
{
	cr_expect_eq(by_xyz("0.1.0", "0.0.0"), MW_REASON_VERSION_MINOR_OLDER);
	cr_expect_eq(by_xyz("0.0.0", "0.1.0"), MW_REASON_OK);
	cr_expect_eq(by_xyz("2.10.0", "2.9.0"), MW_REASON_VERSION_MINOR_OLDER);
}

Test(xyz, the_bugfix_never_matters)
{
	cr_expect_eq(by_xyz("1.2.9", "1.2.0"), MW_REASON_OK);
	cr_expect_eq(by_xyz("1.2", "1.2.7"), MW_REASON_OK);
}

Test(xyz, agrees_with_brute_force_over_a_small_cube)
{
	for (uint32_t a = 0; a < 4 * 4 * 4; a++) {
		for (uint32_t b = 0; b < 4 * 4 * 4; b++) {
			struct xyz x = {a / 16, a / 4 % 4, a % 4};
			struct xyz y = {b / 16, b / 4 % 4, b % 4};
			char text[2][32];
			enum mw_reason expected = MW_REASON_OK;

			snprintf(text[0], sizeof(text[0]), "%u.%u.%u", x.major, x.minor, x.bugfix);
			snprintf(text[1], sizeof(text[1]), "%u.%u.%u", y.major, y.minor, y.bugfix);
			if (a / 16 != b / 16)
				expected = MW_REASON_VERSION_MAJOR;
			else if (b / 4 < a / 4)
				expected = MW_REASON_VERSION_MINOR_OLDER;
			cr_assert_eq(by_xyz(text[0], text[1]), expected, "%s %s", text[0], text[1]);
			/* The place in the cube is the order. */
			cr_assert_eq(xyz_order(x, y), (a > b) - (a < b));
		}
	}
}

Test(numeric, what_is_not_digits_only_is_malformed)
{
	static const char *const malformed[] = {"",   "3a",  "a3",  "-1",  "+1", " 1",
						"1 ", "1.0", "0x3", "1\n", "1e3"};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		cr_expect_not(is_numeric(malformed[i]), "'%s'", malformed[i]);
}

Test(numeric, nine_is_less_than_ten)
{
	cr_expect_lt(numeric("9", "10"), 0);
	cr_expect_gt(numeric("10", "9"), 0);
}

Test(numeric, leading_zeros_do_not_count)
{
	cr_expect_eq(numeric("3", "03"), 0);
	cr_expect_eq(numeric("000", "0"), 0);
	cr_expect_lt(numeric("007", "8"), 0);
}

Test(numeric, has_no_largest_number)
{
	cr_expect_lt(numeric("18446744073709551615", "18446744073709551616"), 0);
	cr_expect_lt(numeric("99999999999999999999999999", "100000000000000000000000000"), 0);
}

Test(namespaced, the_forms_of_a_common_part_are_one)
{
	cr_expect_eq(by_namespace("0x28086:a", "00028086:a"), MW_REASON_OK);
	cr_expect_eq(by_namespace("28086:a", "00028086:a"), MW_REASON_OK);
	cr_expect_eq(by_namespace("0000000000028086:a", "0X28086:a"), MW_REASON_OK);
	cr_expect_eq(by_namespace("2ABCD:a", "2abcd:a"), MW_REASON_OK);
}

Test(namespaced, an_intel_pci_device_is_00028086)
{
	struct namespaced version;

	cr_assert(namespaced_parse(slice_of("00028086:v4"), &version));
	cr_expect(version.has_common);
	cr_expect_eq(version.common, 0x8086u | 2u << 16);
	cr_expect(slice_is(version.vendor_part, "v4"));
}

Test(namespaced, a_common_part_over_32_bits_is_malformed)
{
	cr_expect_not(is_namespaced("100028086:a"));
	cr_expect_not(is_namespaced("0x100000000:a"));
	cr_expect(is_namespaced("ffffffff:a"));
}

Test(namespaced, a_common_part_that_is_no_hex_is_malformed)
{
	static const char *const malformed[] = {":a",   "0x:a",    "g:a", " 28086:a", "28086 :a",
						"-1:a", "0x0x1:a", "x:a", "foo:bar"};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		cr_expect_not(is_namespaced(malformed[i]), "'%s'", malformed[i]);
}

Test(namespaced, an_empty_vendor_part_is_malformed)
{
	cr_expect_not(is_namespaced(""));
	cr_expect_not(is_namespaced("00028086:"));
}

Test(namespaced, the_namespace_is_compared_before_the_vendor_part)
{
	cr_expect_eq(by_namespace("00028086:same", "00021217:same"), MW_REASON_NAMESPACE_MISMATCH);
	cr_expect_eq(by_namespace("00028086:x", "00021217:y"), MW_REASON_NAMESPACE_MISMATCH);
	/* Same vendor, another kind of device. */
	cr_expect_eq(by_namespace("00028086:same", "00048086:same"), MW_REASON_NAMESPACE_MISMATCH);
}

Test(namespaced, a_common_part_on_one_side_only_is_another_namespace)
{
	cr_expect_eq(by_namespace("00028086:same", "same"), MW_REASON_NAMESPACE_MISMATCH);
	cr_expect_eq(by_namespace("same", "00028086:same"), MW_REASON_NAMESPACE_MISMATCH);
}

Test(namespaced, vendor_parts_fit_when_equal_and_never_else)
{
	cr_expect_eq(by_namespace("00028086:v4:1", "00028086:v4:1"), MW_REASON_OK);
	cr_expect_eq(by_namespace("00028086:9", "00028086:09"), MW_REASON_OPAQUE_MISMATCH);
	cr_expect_eq(by_namespace("00028086:1", "00028086:2"), MW_REASON_OPAQUE_MISMATCH);
	cr_expect_eq(by_namespace("a", "b"), MW_REASON_OPAQUE_MISMATCH);
}

/* [000]: A writes vendor+device, B writes device+vendor, and the texts read the same. */
Test(namespaced, the_attack_of_the_thread_fails)
{
	cr_expect_eq(by_namespace("00028086:80861217-type", "00021217:80861217-type"),
		     MW_REASON_NAMESPACE_MISMATCH);
}
