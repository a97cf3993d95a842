// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "core/names.h"
#include "migwarden/wire.h"

Test(names, ioctls_have_the_names_of_the_uapi)
{
	cr_assert_str_eq(ioctl_name(MW_VFIO_DEVICE_GET_INFO), "GET_INFO");
	cr_assert_str_eq(ioctl_name(MW_VFIO_DEVICE_RESET), "RESET");
	cr_assert_str_eq(ioctl_name(MW_VFIO_DEVICE_FEATURE), "FEATURE");
	cr_assert_str_eq(ioctl_name(MW_VFIO_DEVICE_DETACH_IOMMUFD_PT), "DETACH_IOMMUFD_PT");
}

Test(names, an_ioctl_beside_the_range_has_no_name)
{
	cr_assert_null(ioctl_name(MW_VFIO_DEVICE_GET_INFO - 1));
	cr_assert_null(ioctl_name(MW_VFIO_DEVICE_DETACH_IOMMUFD_PT + 1));
	cr_assert_null(ioctl_name(0));
	cr_assert_null(ioctl_name(UINT32_MAX));
}

Test(names, features_have_the_names_of_the_uapi)
{
	cr_assert_str_eq(feature_name(MW_FEATURE_MIGRATION), "MIGRATION");
	cr_assert_str_eq(feature_name(MW_FEATURE_MIG_DEVICE_STATE), "MIG_DEVICE_STATE");
	cr_assert_str_eq(feature_name(MW_FEATURE_DMA_LOGGING_START), "DMA_LOGGING_START");
	cr_assert_str_eq(feature_name(MW_FEATURE_MIG_DATA_SIZE), "MIG_DATA_SIZE");
	cr_assert_null(feature_name(14));
	cr_assert_null(feature_name(UINT32_MAX));
}

Test(names, a_probe_is_never_called_a_set)
{
	cr_assert_str_eq(feature_op_name(MW_FEATURE_SET), "SET");
	cr_assert_str_eq(feature_op_name(MW_FEATURE_GET), "GET");
	cr_assert_str_eq(feature_op_name(MW_FEATURE_SET | MW_FEATURE_PROBE), "PROBE SET");
	cr_assert_str_eq(feature_op_name(MW_FEATURE_GET | MW_FEATURE_PROBE), "PROBE GET");
	cr_assert_str_eq(feature_op_name(MW_FEATURE_PROBE), "PROBE");
	cr_assert_str_eq(feature_op_name(0), "");
}

Test(names, every_kind_is_found_by_its_name)
{
	for (uint32_t kind = 1; kind < MW_EVENT_KIND_END_; kind++)
		cr_assert_eq(event_kind_from_name(event_kind_name(kind)), kind);
	cr_assert_eq(event_kind_from_name("unknown"), 0);
	cr_assert_str_eq(event_kind_name(0), "unknown");
	cr_assert_str_eq(event_kind_name(MW_EVENT_KIND_END_), "unknown");
}

Test(names, numbers_from_elsewhere_are_unknown)
{
	cr_assert_str_eq(gate_answer_name(0), "unknown");
	cr_assert_str_eq(gate_answer_name(99), "unknown");
	cr_assert_str_eq(direction_label(0), "unknown");
	cr_assert_str_eq(direction_label(99), "unknown");
}
