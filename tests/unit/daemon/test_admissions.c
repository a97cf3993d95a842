// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admissions.h"

static struct admissions admissions;

static const struct admission *add(const char *device)
{
	return admissions_add(&admissions, device, MW_INCOMING, 1, strdup("why"), json_object());
}

Test(admissions, ids_begin_at_one_and_follow_each_other)
{
	cr_assert_eq(add("a")->id, 1);
	cr_assert_eq(add("b")->id, 2);
	cr_assert_str_eq(admissions_find(&admissions, 1)->device, "a");
	cr_assert_str_eq(admissions_find(&admissions, 2)->device, "b");
	admissions_free(&admissions);
}

Test(admissions, an_id_that_never_was_is_not_found)
{
	cr_assert_null(admissions_find(&admissions, 0));
	cr_assert_null(admissions_find(&admissions, 1));
	add("a");
	cr_assert_null(admissions_find(&admissions, 0));
	cr_assert_null(admissions_find(&admissions, ADMISSIONS_MAX + 1));
	cr_assert_null(admissions_find(&admissions, UINT64_MAX));
	admissions_free(&admissions);
}

Test(admissions, the_oldest_is_forgotten_when_there_are_too_many)
{
	for (size_t i = 0; i < ADMISSIONS_MAX + 1; i++)
		add("a");
	cr_assert_null(admissions_find(&admissions, 1));
	cr_assert_not_null(admissions_find(&admissions, 2));
	cr_assert_not_null(admissions_find(&admissions, ADMISSIONS_MAX + 1));
	admissions_free(&admissions);
}

Test(admissions, a_name_that_is_too_long_is_cut_not_overrun)
{
	cr_assert_eq(strlen(add("0123456789012345678901234567890123456789012345")->device),
		     MW_DEVICE_BYTES - 1);
	admissions_free(&admissions);
}
