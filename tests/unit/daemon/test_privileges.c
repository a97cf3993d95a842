// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <linux/capability.h>

#include "daemon/privileges.h"

Test(privileges, a_reload_needs_bpf_alone)
{
	cr_assert_eq(privileges_for(NEED_RELOAD), UINT64_C(1) << CAP_BPF);
}

Test(privileges, loading_needs_no_less_than_a_reload)
{
	cr_assert_eq(privileges_for(NEED_LOAD) & privileges_for(NEED_RELOAD),
		     privileges_for(NEED_RELOAD));
}

Test(privileges, every_capability_of_a_need_has_a_name)
{
	for (unsigned int i = 0; i < 64; i++)
		if (privileges_for(NEED_LOAD) >> i & 1)
			cr_assert_not_null(privileges_name(i), "%u", i);
}

Test(privileges, what_was_given_up_does_not_come_back)
{
	cr_assert_eq(privileges_keep(0), 0);
	cr_assert_eq(privileges_held(), 0);
	cr_assert_eq(privileges_keep(~UINT64_C(0)), 0);
	cr_assert_eq(privileges_held(), 0);
}
