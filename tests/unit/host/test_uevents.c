// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "host/uevents.h"

#define MESSAGE(text) uevent_is_new_device(text, sizeof(text))

Test(uevents, a_vfio_device_that_is_added_is_one)
{
	cr_assert(MESSAGE("add@/devices/virtual/mtty/mtty/83b8/vfio-dev/vfio0\0ACTION=add\0"
			  "DEVPATH=/devices/virtual/mtty/mtty/83b8/vfio-dev/vfio0\0"
			  "SUBSYSTEM=vfio-dev\0SEQNUM=1205"));
}

Test(uevents, one_that_goes_is_none)
{
	cr_assert_not(
		MESSAGE("remove@/devices/a/vfio-dev/vfio0\0ACTION=remove\0SUBSYSTEM=vfio-dev"));
}

Test(uevents, what_is_added_to_another_class_is_none)
{
	cr_assert_not(MESSAGE("add@/devices/a/vfio-dev/vfio0\0ACTION=add\0SUBSYSTEM=net"));
	cr_assert_not(MESSAGE("add@/devices/a\0SUBSYSTEM=vfio-device"));
	cr_assert_not(MESSAGE("add@/devices/a\0XSUBSYSTEM=vfio-dev"));
}

Test(uevents, what_does_not_end_in_a_nul_is_none)
{
	static const char cut[] = "add@/devices/a\0SUBSYSTEM=vfio-dev";

	cr_assert_not(uevent_is_new_device(cut, sizeof(cut) - 1));
	cr_assert_not(uevent_is_new_device(cut, 0));
	cr_assert_not(uevent_is_new_device(cut, 4));
}
