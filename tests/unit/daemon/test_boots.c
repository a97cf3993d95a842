// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>

#include "daemon/boots.h"

static struct boots boots;

static void learn(const char *key, const char *boot_id, int64_t time_s)
{
	const struct stamp stamp = {.key = key, .boot_id = boot_id, .time_s = time_s};

	boots_learn(&boots, &stamp);
}

Test(boots, the_latest_stamp_of_a_host_tells_its_boot)
{
	learn("a", "one", 10);
	cr_assert_str_eq(boots_find(&boots, "a")->id, "one");
	learn("a", "two", 20);
	cr_assert_str_eq(boots_find(&boots, "a")->id, "two");
	cr_assert_eq(boots_find(&boots, "a")->time_s, 20);
}

Test(boots, an_older_stamp_tells_nothing)
{
	learn("a", "two", 20);
	learn("a", "one", 10);
	cr_assert_str_eq(boots_find(&boots, "a")->id, "two");
}

Test(boots, hosts_are_told_apart_by_their_keys)
{
	learn("a", "one", 10);
	cr_assert_null(boots_find(&boots, "b"));
	learn("b", "other", 5);
	cr_assert_str_eq(boots_find(&boots, "b")->id, "other");
	cr_assert_str_eq(boots_find(&boots, "a")->id, "one");
}

Test(boots, of_more_hosts_than_there_is_room_for_nothing_is_learnt)
{
	char key[KEY_ID_BYTES];

	for (int i = 0; i <= BOOTS_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		learn(key, "b", 1);
	}
	cr_assert_not_null(boots_find(&boots, "0"));
	cr_assert_null(boots_find(&boots, key));
	cr_assert_eq(boots.count, BOOTS_MAX);
}

Test(boots, a_name_that_is_too_long_is_not_learnt)
{
	learn("01234567890123456789", "b", 1);
	learn("a", "0123456789012345678901234567890123456789012345678901234567890123456789", 1);
	cr_assert_eq(boots.count, 0);
}
