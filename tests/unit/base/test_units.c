// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "base/units.h"

static void expect_duration(uint64_t ns, const char *text)
{
	char out[UNITS_TEXT_BYTES];

	cr_assert_str_eq(format_duration(ns, out), text);
}

Test(units, a_duration_has_three_digits_and_one_unit)
{
	expect_duration(0, "0 ns");
	expect_duration(999, "999 ns");
	expect_duration(1000, "1.00 µs");
	expect_duration(14200, "14.2 µs");
	expect_duration(142000, "142 µs");
	expect_duration(3070000, "3.07 ms");
	expect_duration(1250000000, "1.25 s");
}

Test(units, a_duration_never_rounds_to_a_thousand_of_its_unit)
{
	expect_duration(999499, "999 µs");
	expect_duration(999500, "1.00 ms");
	expect_duration(999499999, "999 ms");
	expect_duration(999500000, "1.00 s");
	expect_duration(9994, "9.99 µs");
	expect_duration(9996, "10.0 µs");
	expect_duration(99949, "99.9 µs");
	expect_duration(99951, "100 µs");
}

Test(units, the_longest_duration_fits)
{
	expect_duration(UINT64_MAX, "18446744074 s");
}

static void expect_bytes(uint64_t bytes, const char *text)
{
	char out[UNITS_TEXT_BYTES];

	cr_assert_str_eq(format_bytes(bytes, out), text);
}

Test(units, bytes_count_in_powers_of_1024)
{
	expect_bytes(0, "0 B");
	expect_bytes(96, "96 B");
	expect_bytes(1023, "1023 B");
	expect_bytes(1024, "1.00 KiB");
	expect_bytes(1536, "1.50 KiB");
	expect_bytes(1ull << 30, "1.00 GiB");
	expect_bytes(UINT64_MAX, "16.0 EiB");
}

Test(units, a_clock_is_utc_with_microseconds)
{
	char out[UNITS_TEXT_BYTES];

	cr_assert_str_eq(format_clock(0, 0, out), "1970-01-01T00:00:00.000000Z");
	cr_assert_str_eq(format_clock(1500, 1763640245123456000, out),
			 "2025-11-20T12:04:05.123457Z");
}

Test(units, a_time_that_no_clock_can_show_is_shown_as_the_nearest)
{
	char text[UNITS_TEXT_BYTES];

	cr_assert_str_eq(format_clock(1, INT64_MAX, text), "2262-04-11T23:47:16.854775Z");
	cr_assert_str_eq(format_clock(UINT64_MAX, 0, text), "2262-04-11T23:47:16.854775Z");
	cr_assert_str_eq(format_clock(0, -1, text), "1970-01-01T00:00:00.000000Z");
}
