// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/decode.h"

#define KINDS (MW_EVENT_KIND_END_ - 1)

/* By kind, as wire.h has it; written here once more, so that a change of one is noticed. */
static const size_t sizes[MW_EVENT_KIND_END_] = {
	[MW_EVENT_IOCTL] = 168,     [MW_EVENT_ARC] = 112,    [MW_EVENT_CLOSE] = 88,
	[MW_EVENT_ATTRIBUTE] = 368, [MW_EVENT_MDEV] = 216,   [MW_EVENT_GATE] = 136,
	[MW_EVENT_MODULE] = 152,    [MW_EVENT_SHIELD] = 120, [MW_EVENT_DATA_FILE] = 496,
	[MW_EVENT_PRECOPY] = 120,   [MW_EVENT_FLOW] = 504,
};

/* A record of that kind with every byte behind the head's first 8 set to @fill. */
static size_t make(uint16_t kind, unsigned char fill, union mw_event *out)
{
	memset(out, fill, sizeof(*out));
	out->head.size = (uint32_t)sizes[kind];
	out->head.version = MW_WIRE_VERSION;
	out->head.kind = kind;
	return sizes[kind];
}

Test(decode, every_kind_of_the_right_size_is_read)
{
	for (uint16_t kind = 1; kind < MW_EVENT_KIND_END_; kind++) {
		union mw_event event, out;
		size_t size = make(kind, 0, &event);

		cr_assert_eq(decode(&event, size, &out), DECODE_OK, "kind %u", kind);
		cr_assert_eq(out.head.kind, kind);
	}
}

Test(decode, every_other_size_of_every_kind_is_refused)
{
	unsigned char bytes[sizeof(union mw_event) + 64];

	for (uint16_t kind = 1; kind < MW_EVENT_KIND_END_; kind++) {
		union mw_event event, out, before;

		make(kind, 0, &event);
		memset(bytes, 0, sizeof(bytes));
		memset(&out, 0x5a, sizeof(out));
		before = out;
		for (size_t size = 0; size < sizeof(bytes); size++) {
			if (size == sizes[kind])
				continue;
			/* The record may be honest about its size, or not. */
			event.head.size = (uint32_t)size;
			memcpy(bytes, &event, sizeof(event));
			cr_assert_eq(decode(bytes, size, &out), DECODE_SIZE, "kind %u size %zu",
				     kind, size);
			event.head.size = (uint32_t)sizes[kind];
			memcpy(bytes, &event, sizeof(event));
			cr_assert_eq(decode(bytes, size, &out), DECODE_SIZE, "kind %u size %zu",
				     kind, size);
		}
		cr_assert_eq(memcmp(&out, &before, sizeof(out)), 0, "a refusal leaves *out alone");
	}
}

Test(decode, every_other_version_is_refused)
{
	for (unsigned int version = 0; version <= 0xffff; version++) {
		union mw_event event, out;
		size_t size = make(MW_EVENT_ARC, 0, &event);

		if (version == MW_WIRE_VERSION)
			continue;
		event.head.version = (uint16_t)version;
		cr_assert_eq(decode(&event, size, &out), DECODE_VERSION);
	}
}

Test(decode, every_unknown_kind_is_refused)
{
	for (unsigned int kind = 0; kind <= 0xffff; kind++) {
		union mw_event event, out;
		size_t size = make(MW_EVENT_ARC, 0, &event);

		if (kind >= 1 && kind < MW_EVENT_KIND_END_)
			continue;
		event.head.kind = (uint16_t)kind;
		cr_assert_eq(decode(&event, size, &out), DECODE_KIND);
	}
}

Test(decode, size_is_judged_before_version_and_version_before_kind)
{
	union mw_event event, out;
	size_t size = make(MW_EVENT_ARC, 0, &event);

	event.head.version = 7;
	event.head.kind = 99;
	cr_assert_eq(decode(&event, size - 1, &out), DECODE_SIZE);
	cr_assert_eq(decode(&event, size, &out), DECODE_VERSION);
}

Test(decode, an_unaligned_record_is_read)
{
	unsigned char bytes[sizeof(union mw_event) + 1];
	union mw_event event, out;
	size_t size = make(MW_EVENT_ARC, 0, &event);

	event.arc.from = 5;
	memcpy(bytes + 1, &event, size);
	cr_assert_eq(decode(bytes + 1, size, &out), DECODE_OK);
	cr_assert_eq(out.arc.from, 5);
}

Test(decode, text_without_an_end_gets_one)
{
	union mw_event event, out;

	cr_assert_eq(decode(&event, make(MW_EVENT_ATTRIBUTE, 'x', &event), &out), DECODE_OK);
	cr_assert_eq(strlen(out.head.comm), MW_COMM_BYTES - 1);
	cr_assert_eq(strlen(out.head.device), MW_DEVICE_BYTES - 1);
	cr_assert_eq(strlen(out.attribute.type), MW_TYPE_BYTES - 1);
	cr_assert_eq(strlen(out.attribute.parent), MW_DEVICE_BYTES - 1);
	cr_assert_eq(strlen(out.attribute.attribute), MW_ATTRIBUTE_BYTES - 1);
	cr_assert_eq(decode(&event, make(MW_EVENT_MODULE, 'x', &event), &out), DECODE_OK);
	cr_assert_eq(strlen(out.module.module), MW_MODULE_BYTES - 1);
	cr_assert_eq(decode(&event, make(MW_EVENT_DATA_FILE, 'x', &event), &out), DECODE_OK);
	cr_assert_eq(strlen(out.data_file.name), MW_FILE_NAME_BYTES - 1);
	for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
		cr_assert_eq(strlen(out.data_file.function[i]), MW_FUNCTION_BYTES - 1);
}

Test(decode, a_count_beyond_its_array_is_held_inside)
{
	union mw_event event, out;

	decode(&event, make(MW_EVENT_IOCTL, 0xff, &event), &out);
	cr_assert_eq(out.ioctl.payload_size, MW_PAYLOAD_BYTES);
	decode(&event, make(MW_EVENT_ATTRIBUTE, 0xff, &event), &out);
	cr_assert_eq(out.attribute.value_size, MW_VALUE_BYTES);
}

Test(decode, a_created_mdev_is_named_by_its_uuid)
{
	static const unsigned char guid[16] = {0xf2, 0xf4, 0xb8, 0x83, 0x9f, 0x50, 0x2f, 0x38,
					       0x3c, 0x1e, 0xe6, 0xbf, 0xe0, 0xfa, 0x10, 0x01};
	union mw_event event, out;
	size_t size = make(MW_EVENT_MDEV, 0, &event);

	event.mdev.op = MW_MDEV_CREATE;
	memcpy(event.mdev.uuid, guid, sizeof(guid));
	cr_assert_eq(decode(&event, size, &out), DECODE_OK);
	cr_assert_str_eq(out.head.device, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
}

static struct mw_event_ioctl feature_call(uint32_t flags, uint32_t size, int32_t result)
{
	return (struct mw_event_ioctl){
		.cmd = MW_VFIO_DEVICE_FEATURE,
		.flags = flags,
		.payload_size = size,
		.result = result,
		.payload = {MW_STATE_RESUMING, 0, 0, 0, 9, 0, 0, 0},
	};
}

Test(feature, a_state_and_its_data_fd_are_read)
{
	struct mw_event_ioctl event =
		feature_call(MW_FEATURE_SET | MW_FEATURE_MIG_DEVICE_STATE, 8, 0);
	struct feature_payload payload;

	feature_decode(&event, &payload);
	cr_assert_eq(payload.kind, FEATURE_PAYLOAD_STATE);
	cr_assert_eq(payload.state, MW_STATE_RESUMING);
	cr_assert_eq(payload.data_fd, 9);
}

Test(feature, a_failed_set_has_no_data_fd)
{
	struct mw_event_ioctl event =
		feature_call(MW_FEATURE_SET | MW_FEATURE_MIG_DEVICE_STATE, 8, -EPERM);
	struct feature_payload payload;

	feature_decode(&event, &payload);
	cr_assert_eq(payload.data_fd, -1);
}

Test(feature, a_probe_carries_nothing)
{
	struct mw_event_ioctl event =
		feature_call(MW_FEATURE_SET | MW_FEATURE_PROBE | MW_FEATURE_MIG_DEVICE_STATE, 8, 0);
	struct feature_payload payload;

	feature_decode(&event, &payload);
	cr_assert_eq(payload.kind, FEATURE_PAYLOAD_NONE);
}

Test(feature, a_payload_that_is_too_short_is_none)
{
	static const struct {
		uint32_t feature, need;
	} features[] = {
		{MW_FEATURE_MIGRATION, 8},          {MW_FEATURE_MIG_DEVICE_STATE, 8},
		{MW_FEATURE_DMA_LOGGING_START, 16}, {MW_FEATURE_DMA_LOGGING_REPORT, 24},
		{MW_FEATURE_MIG_DATA_SIZE, 8},
	};

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		for (uint32_t size = 0; size <= MW_PAYLOAD_BYTES; size++) {
			struct mw_event_ioctl event =
				feature_call(MW_FEATURE_GET | features[i].feature, size, 0);
			struct feature_payload payload;

			feature_decode(&event, &payload);
			cr_assert_eq(payload.kind == FEATURE_PAYLOAD_NONE, size < features[i].need);
		}
}

Test(feature, another_ioctl_with_a_payload_is_none)
{
	struct mw_event_ioctl event =
		feature_call(MW_FEATURE_SET | MW_FEATURE_MIG_DEVICE_STATE, 8, 0);
	struct feature_payload payload;

	event.cmd = MW_VFIO_DEVICE_GET_INFO;
	feature_decode(&event, &payload);
	cr_assert_eq(payload.kind, FEATURE_PAYLOAD_NONE);
}
