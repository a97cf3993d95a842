// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>

#include "base/cleanup.h"
#include "cli/when.h"

#define NS INT64_C(1000000000)
/* 2026-11-20 14:30:05 UTC */
#define NOW INT64_C(1795185005)
#define MIDNIGHT INT64_C(1795132800)

static void means(const char *text, int64_t seconds)
{
	int64_t ns = -1;

	cr_assert_eq(when_parse(text, NOW, &ns), 0, "%s", text);
	cr_assert_eq(ns, seconds * NS, "%s: %lld", text, (long long)(ns / NS));
}

Test(when, a_time_without_a_zone_is_utc)
{
	means("2026-11-20", MIDNIGHT);
	means("2026-11-20 14:30", NOW - 5);
	means("2026-11-20 14:30:05", NOW);
	means("2026-11-20T14:30:05", NOW);
	means("2026-11-20T14:30:05Z", NOW);
	means("2026-11-20T15:30:05+01:00", NOW);
}

Test(when, a_time_without_a_date_is_of_today)
{
	means("00:00", MIDNIGHT);
	means("14:30:05", NOW);
	means("today", MIDNIGHT);
	means("yesterday", MIDNIGHT - 86400);
	means("now", NOW);
}

Test(when, a_span_is_reckoned_back_from_now)
{
	means("2h", NOW - 7200);
	means("-2h", NOW - 7200);
	means("90min ago", NOW - 5400);
	means("7d", NOW - 7 * 86400);
	means("0s", NOW);
	means("@0", 0);
	means("@1795185005", NOW);
}

Test(when, nothing_else_is_a_time)
{
	static const char *const texts[] = {"",         " ",       "2h3",        "2 h",
					    "tomorrow", "ago",     "25:00",      "2026-02-30",
					    "@",        "@-1",     "2026-13-01", "2026-11-20x",
					    "14:30 x",  "0x10",    "@1e3",       "--2h",
					    "12.5h",    "midnight"};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_assert_eq(when_parse(texts[i], NOW, &ns), -EINVAL, "%s", texts[i]);
}

Test(when, a_time_that_no_row_can_have_is_out_of_range)
{
	int64_t ns;

	cr_assert_eq(when_parse("@99999999999", NOW, &ns), -ERANGE);
	cr_assert_eq(when_parse("1960-01-01", NOW, &ns), -ERANGE);
	cr_assert_eq(when_parse("40000d", NOW, &ns), -ERANGE);
}
