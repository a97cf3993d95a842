// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/library.h"

#define CALLS(CALL) CALL(cos) CALL(hypot)
#define OTHER_CALLS(CALL) CALL(sin) CALL(no_such_function)

double no_such_function(double);

static LIBRARY_CALLS(maths_calls, CALLS) maths, other_maths;
LIBRARY(static, library, maths, CALLS, "libm.so.6", "suggested", "for this test");
LIBRARY(static, absent, other_maths, CALLS, "libmigwarden-absent.so.9", "suggested",
	"for this test");

static LIBRARY_CALLS(lacking_calls, OTHER_CALLS) lacking_maths;
LIBRARY(static, lacking, lacking_maths, OTHER_CALLS, "libm.so.6", "suggested", "for this test");

static char why[256];

Test(library, its_functions_can_be_called)
{
	cr_assert_eq(library_load(&library, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(maths.cos(0), 1);
	cr_assert_eq(maths.hypot(3, 4), 5);
}

Test(library, a_second_time_changes_nothing)
{
	cr_assert_eq(library_load(&library, why, sizeof(why)), 0);
	maths.cos = NULL;
	cr_assert_eq(library_load(&library, why, sizeof(why)), 0);
	cr_assert_null(maths.cos);
}

Test(library, one_that_is_not_installed_is_named)
{
	cr_assert_eq(library_load(&absent, why, sizeof(why)), -ELIBACC);
	cr_assert_not_null(strstr(why, "libmigwarden-absent.so.9"), "%s", why);
	cr_assert_null(other_maths.cos);
}

Test(library, a_function_that_it_lacks_is_named_and_none_is_given)
{
	cr_assert_eq(library_load(&lacking, why, sizeof(why)), -ELIBACC);
	cr_assert_not_null(strstr(why, "no_such_function"), "%s", why);
	cr_assert_null(lacking_maths.sin);
}

Test(library, what_is_said_fits)
{
	char small[8];

	cr_assert_eq(library_load(&absent, small, sizeof(small)), -ELIBACC);
	cr_assert_eq(strlen(small), sizeof(small) - 1);
}
