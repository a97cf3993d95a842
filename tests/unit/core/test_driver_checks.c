// SPDX-License-Identifier: GPL-2.0-only
#include "core/driver_checks.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(driver_checks);

Test(driver_checks, a_header_of_mtty_is_refused_in_the_write_that_completes_it)
{
	cr_assert(strstr(driver_check_find("mtty", SESSION_FAILURE_WRITE, -EFAULT, 0), "header"));
	cr_assert(strstr(driver_check_find("mtty", SESSION_FAILURE_WRITE, -EFAULT, 23), "header"));
	cr_assert_not(driver_check_find("mtty", SESSION_FAILURE_WRITE, -EFAULT, 24));
}

Test(driver_checks, dashes_and_underscores_are_the_same_in_a_module)
{
	cr_assert(driver_check_find("xe-vfio-pci", SESSION_FAILURE_WRITE, -ENODEV, 0));
	cr_assert(driver_check_find("xe_vfio_pci", SESSION_FAILURE_WRITE, -ENODEV, 0));
	cr_assert_not(driver_check_find("xe+vfio+pci", SESSION_FAILURE_WRITE, -ENODEV, 0));
	cr_assert_not(driver_check_find("xe_vfio_pci2", SESSION_FAILURE_WRITE, -ENODEV, 0));
}

Test(driver_checks, what_is_not_known_is_not_guessed)
{
	cr_assert_not(driver_check_find("", SESSION_FAILURE_WRITE, -EFAULT, 0));
	cr_assert_not(driver_check_find("mtty", SESSION_FAILURE_READ, -EFAULT, 0));
	cr_assert_not(driver_check_find("mtty", SESSION_FAILURE_NONE, -EFAULT, 0));
	cr_assert_not(driver_check_find("mtty", SESSION_FAILURE_WRITE, EFAULT, 0));
	cr_assert_not(driver_check_find("mtty", SESSION_FAILURE_WRITE, -EXDEV, 0));
}
