// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "host/uevents.h"

#define MESSAGE(text) uevent_is_of_devices(text, sizeof(text))

Test(uevents, a_vfio_device_that_is_added_is_one)
{
	cr_assert(MESSAGE("add@/devices/virtual/mtty/mtty/83b8/vfio-dev/vfio0\0ACTION=add\0"
			  "DEVPATH=/devices/virtual/mtty/mtty/83b8/vfio-dev/vfio0\0"
			  "SUBSYSTEM=vfio-dev\0SEQNUM=1205"));
}

Test(uevents, one_that_goes_is_one_and_so_is_its_mdev_later)
{
	cr_assert(MESSAGE("remove@/devices/a/vfio-dev/vfio0\0ACTION=remove\0SUBSYSTEM=vfio-dev"));
	cr_assert(MESSAGE("remove@/devices/a\0ACTION=remove\0SUBSYSTEM=mdev"));
}

/* It comes into the class when it is whole. */
Test(uevents, a_mdev_that_is_added_is_none_yet)
{
	cr_assert_not(MESSAGE("add@/devices/a\0ACTION=add\0SUBSYSTEM=mdev"));
	cr_assert_not(MESSAGE("change@/devices/a/vfio-dev/vfio0\0SUBSYSTEM=vfio-dev"));
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

	cr_assert_not(uevent_is_of_devices(cut, sizeof(cut) - 1));
	cr_assert_not(uevent_is_of_devices(cut, 0));
	cr_assert_not(uevent_is_of_devices(cut, 4));
}
