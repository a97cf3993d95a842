// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/descriptor.h"

static struct descriptor *empty(void)
{
	struct descriptor *descriptor;

	cr_assert_eq(descriptor_new(&descriptor), 0);
	return descriptor;
}

Test(descriptor, a_new_one_knows_nothing)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();

	cr_expect_eq(descriptor->device_api.state, FACT_UNKNOWN);
	cr_expect_eq(descriptor->protocol, PROTOCOL_UNKNOWN);
	cr_expect_not(descriptor->capabilities_known);
	cr_expect_eq(descriptor->collected_at_s, -1);
	cr_expect_eq(descriptor->stop_copy_bytes, -1);
	cr_expect_eq(descriptor->downtime_ns, -1);
	cr_expect_null(descriptor_attribute(descriptor, "x"));
	descriptor_free(NULL);
}

Test(descriptor, a_fact_can_be_set_unset_and_unreadable)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();
	char text[] = "8086";

	cr_expect_eq(descriptor_set_fact(descriptor, &descriptor->vendor, text), 0);
	text[0] = 'x';
	cr_expect_str_eq(descriptor->vendor.text, "8086");
	descriptor_set_unreadable(&descriptor->vendor, EIO);
	cr_expect_eq(descriptor->vendor.state, FACT_UNREADABLE);
	cr_expect_eq(descriptor->vendor.error, EIO);
	cr_expect_null(descriptor->vendor.text);
	cr_expect_eq(descriptor_set_fact(descriptor, &descriptor->vendor, NULL), 0);
	cr_expect_eq(descriptor->vendor.state, FACT_UNKNOWN);
	cr_expect_eq(descriptor->vendor.error, 0);
}

Test(descriptor, an_attribute_is_added_once)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();

	cr_expect_eq(descriptor_add_attribute(descriptor, "a", "1", 0), 0);
	cr_expect_eq(descriptor_add_attribute(descriptor, "a", "2", 0), -EEXIST);
	cr_expect_str_eq(descriptor_attribute(descriptor, "a")->value.text, "1");
	cr_expect_eq(descriptor->attribute_count, 1);
}

Test(descriptor, attributes_stay_sorted_in_whatever_order_they_come)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();

	for (int i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i * 7919 % 500);
		cr_assert_eq(descriptor_add_attribute(descriptor, name, name, 0), 0);
	}
	for (size_t i = 1; i < descriptor->attribute_count; i++)
		cr_assert_lt(strcmp(descriptor->attributes[i - 1].name,
				    descriptor->attributes[i].name),
			     0);
	for (int i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		cr_assert_str_eq(descriptor_attribute(descriptor, name)->value.text, name);
	}
}

Test(descriptor, an_unreadable_attribute_keeps_its_errno)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();

	cr_expect_eq(descriptor_add_attribute(descriptor, "a", NULL, EACCES), 0);
	cr_expect_eq(descriptor_attribute(descriptor, "a")->value.state, FACT_UNREADABLE);
	cr_expect_eq(descriptor_attribute(descriptor, "a")->value.error, EACCES);
}

Test(descriptor, more_of_anything_than_its_bound_is_too_big)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = empty();
	char name[16];

	for (int i = 0; i < DESCRIPTOR_ATTRIBUTES_MAX; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		cr_assert_eq(descriptor_add_attribute(descriptor, name, "", 0), 0);
	}
	cr_expect_eq(descriptor_add_attribute(descriptor, "one more", "", 0), -E2BIG);
	for (int i = 0; i < DESCRIPTOR_TYPES_MAX; i++)
		cr_assert_eq(descriptor_add_offered_type(descriptor, "t", 1), 0);
	cr_expect_eq(descriptor_add_offered_type(descriptor, "t", 1), -E2BIG);
	for (int i = 0; i < DESCRIPTOR_TRAITS_MAX; i++)
		cr_assert_eq(descriptor_add_compatible_type(descriptor, "t"), 0);
	cr_expect_eq(descriptor_add_compatible_type(descriptor, "t"), -E2BIG);
	for (int i = 0; i < 2 * DESCRIPTOR_WARNINGS_MAX; i++)
		cr_assert_eq(descriptor_warn(descriptor, "w%d", i), 0);
	cr_expect_eq(descriptor->warning_count, DESCRIPTOR_WARNINGS_MAX);
}

Test(descriptor, ids_have_one_canonical_form)
{
	char out[9];

	cr_expect_eq(descriptor_canonical_id("0x8086", 4, out), 0);
	cr_expect_str_eq(out, "8086");
	cr_expect_eq(descriptor_canonical_id("86", 4, out), 0);
	cr_expect_str_eq(out, "0086");
	cr_expect_eq(descriptor_canonical_id("10DE", 4, out), 0);
	cr_expect_str_eq(out, "10de");
	cr_expect_eq(descriptor_canonical_id("0xffffffff", 4, out), 0);
	cr_expect_str_eq(out, "ffffffff");
}

Test(descriptor, what_is_no_hex_of_32_bits_is_no_id)
{
	char out[9] = "kept";

	cr_expect_eq(descriptor_canonical_id("", 4, out), -EINVAL);
	cr_expect_eq(descriptor_canonical_id("0x", 4, out), -EINVAL);
	cr_expect_eq(descriptor_canonical_id("intel", 4, out), -EINVAL);
	cr_expect_eq(descriptor_canonical_id("100000000", 4, out), -EINVAL);
	cr_expect_eq(descriptor_canonical_id("8086 ", 4, out), -EINVAL);
	cr_expect_str_eq(out, "kept");
}
