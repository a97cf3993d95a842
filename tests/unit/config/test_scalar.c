// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/scalar.h"

Test(scalar, a_quantity_is_digits_and_a_unit)
{
	int64_t value = -7;

	cr_expect_eq(quantity_parse(&quantity_bytes, "0B", &value), 0);
	cr_expect_eq(value, 0);
	cr_expect_eq(quantity_parse(&quantity_bytes, "0512MiB", &value), 0);
	cr_expect_eq(value, 512 << 20);
	cr_expect_eq(quantity_parse(&quantity_ns, "1min", &value), 0);
	cr_expect_eq(value, 60000000000);
	cr_expect_eq(quantity_parse(&quantity_s, "7d", &value), 0);
	cr_expect_eq(value, 604800);
	cr_expect_eq(quantity_parse(&quantity_ns, "9223372036854775807ns", &value), 0);
	cr_expect_eq(value, INT64_MAX);
}

Test(scalar, a_quantity_that_is_none_leaves_the_number_alone)
{
	static const char *const texts[] = {"",    "B",   "1",      "1b",   "1 B", " 1B",  "1B ",
					    "+1B", "-1B", "1.0MiB", "1e3B", "1MB", "1Mib", "0x1B"};
	int64_t value = -7;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_eq(quantity_parse(&quantity_bytes, texts[i], &value), -EINVAL, "%s",
			     texts[i]);
	cr_expect_eq(quantity_parse(&quantity_bytes, "9223372036854775808B", &value), -ERANGE);
	cr_expect_eq(quantity_parse(&quantity_bytes, "8388608TiB", &value), -ERANGE);
	cr_expect_eq(value, -7);
}

Test(scalar, a_quantity_is_written_in_the_largest_unit_that_is_exact)
{
	static const struct {
		const struct quantity *quantity;
		int64_t value;
		const char *text;
	} cases[] = {
		{&quantity_bytes, 0, "0B"},
		{&quantity_bytes, 1023, "1023B"},
		{&quantity_bytes, 1024, "1KiB"},
		{&quantity_bytes, 1536, "1536B"},
		{&quantity_bytes, INT64_C(3) << 40, "3TiB"},
		{&quantity_bytes, INT64_MAX, "9223372036854775807B"},
		{&quantity_ns, 300000000, "300ms"},
		{&quantity_ns, 90000000000, "90s"},
		{&quantity_s, 86400, "1d"},
		{&quantity_s, 5400, "90min"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[QUANTITY_BYTES];
		int64_t again;

		quantity_format(cases[i].quantity, cases[i].value, text);
		cr_expect_str_eq(text, cases[i].text);
		cr_expect_eq(quantity_parse(cases[i].quantity, text, &again), 0);
		cr_expect_eq(again, cases[i].value);
	}
}

Test(scalar, a_time_is_rfc_3339)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} times[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-20T12:00:00Z", 1795176000},
		{"2026-11-20T12:00:00.999999Z", 1795176000},
		{"2026-11-20T13:30:00+01:30", 1795176000},
		{"2026-11-20T11:00:00-01:00", 1795176000},
		{"2024-02-29T00:00:00Z", 1709164800},
		{"2016-12-31T23:59:60Z", 1483228800},
		{"9999-12-31T23:59:59Z", 253402300799},
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t seconds = -7;

		cr_expect_eq(time_parse(times[i].text, &seconds), 0, "%s", times[i].text);
		cr_expect_eq(seconds, times[i].seconds, "%s: %lld", times[i].text,
			     (long long)seconds);
	}
}

Test(scalar, a_time_that_is_none_is_refused)
{
	static const char *const texts[] = {
		"",
		"2026-11-20",
		"2026-11-20 12:00:00Z",
		"2026-11-20T12:00:00",
		"2026-11-20T12:00:00.Z",
		"2026-11-20T12:00:00z ",
		"2026-11-20T12:00:00+1:00",
		"2026-11-20T12:00:00+0100",
		"2026-11-20T12:00:00+24:00",
		"2026-11-20T24:00:00Z",
		"2026-11-31T12:00:00Z",
		"2025-02-29T12:00:00Z",
		"2026-13-01T12:00:00Z",
		"2026-00-01T12:00:00Z",
		"26-11-20T12:00:00Z",
		"+2026-11-20T12:00:00Z",
		"2026-11-20T12:00:61Z",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int64_t seconds = 0;

		cr_expect_eq(time_parse(texts[i], &seconds), -EINVAL, "%s", texts[i]);
	}
}

Test(scalar, every_errno_comes_back_by_its_name)
{
	for (int number = 1; number <= 4095; number++) {
		char name[ERRNO_NAME_BYTES];

		errno_to_name(number, name);
		cr_assert_eq(errno_from_name(name), number, "%s", name);
	}
	cr_expect_eq(errno_from_name("EIO"), EIO);
	cr_expect_eq(errno_from_name("errno 0"), -EINVAL);
	cr_expect_eq(errno_from_name("errno 4096"), -EINVAL);
	cr_expect_eq(errno_from_name("0"), -EINVAL);
	cr_expect_eq(errno_from_name(""), -EINVAL);
}
