// SPDX-License-Identifier: GPL-2.0-only
#include "core/decode.h"

#include <stdio.h>
#include <string.h>

static size_t kind_size(uint32_t kind)
{
	switch ((enum mw_event_kind)kind) {
	case MW_EVENT_IOCTL:
		return sizeof(struct mw_event_ioctl);
	case MW_EVENT_ARC:
		return sizeof(struct mw_event_arc);
	case MW_EVENT_CLOSE:
		return sizeof(struct mw_event_close);
	case MW_EVENT_ATTRIBUTE:
		return sizeof(struct mw_event_attribute);
	case MW_EVENT_MDEV:
		return sizeof(struct mw_event_mdev);
	case MW_EVENT_GATE:
		return sizeof(struct mw_event_gate);
	case MW_EVENT_MODULE:
		return sizeof(struct mw_event_module);
	case MW_EVENT_SHIELD:
		return sizeof(struct mw_event_shield);
	case MW_EVENT_DATA_FILE:
		return sizeof(struct mw_event_data_file);
	case MW_EVENT_PRECOPY:
		return sizeof(struct mw_event_precopy);
	case MW_EVENT_FLOW:
		return sizeof(struct mw_event_flow);
	case MW_EVENT_KIND_END_:
		break;
	}
	return 0;
}

#define TERMINATE(text) ((text)[sizeof(text) - 1] = '\0')

/* guid_t keeps its first three groups little-endian: %pUl of the kernel's printf. */
static void name_by_uuid(char name[static MW_DEVICE_BYTES], const uint8_t uuid[static 16])
{
	snprintf(name, MW_DEVICE_BYTES,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[3],
		 uuid[2], uuid[1], uuid[0], uuid[5], uuid[4], uuid[7], uuid[6], uuid[8], uuid[9],
		 uuid[10], uuid[11], uuid[12], uuid[13], uuid[14], uuid[15]);
}

/* What the kernel side promises of texts and counts, made true for any bytes. */
static void settle(union mw_event *event)
{
	TERMINATE(event->head.comm);
	TERMINATE(event->head.device);
	switch ((enum mw_event_kind)event->head.kind) {
	case MW_EVENT_IOCTL:
		if (event->ioctl.payload_size > MW_PAYLOAD_BYTES)
			event->ioctl.payload_size = MW_PAYLOAD_BYTES;
		break;
	case MW_EVENT_ATTRIBUTE:
		TERMINATE(event->attribute.type);
		TERMINATE(event->attribute.parent);
		TERMINATE(event->attribute.attribute);
		if (event->attribute.value_size > MW_VALUE_BYTES)
			event->attribute.value_size = MW_VALUE_BYTES;
		break;
	case MW_EVENT_MDEV:
		TERMINATE(event->mdev.type);
		TERMINATE(event->mdev.parent);
		if (event->mdev.op == MW_MDEV_CREATE)
			name_by_uuid(event->head.device, event->mdev.uuid);
		break;
	case MW_EVENT_MODULE:
		TERMINATE(event->module.module);
		break;
	case MW_EVENT_SHIELD:
		TERMINATE(event->shield.name);
		break;
	case MW_EVENT_DATA_FILE:
		TERMINATE(event->data_file.name);
		for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
			TERMINATE(event->data_file.function[i]);
		break;
	case MW_EVENT_ARC:
	case MW_EVENT_CLOSE:
	case MW_EVENT_GATE:
	case MW_EVENT_PRECOPY:
	case MW_EVENT_FLOW:
	case MW_EVENT_KIND_END_:
		break;
	}
}

enum decode_result decode(const void *data, size_t size, union mw_event *out)
{
	struct mw_event_head head;

	if (size < sizeof(head))
		return DECODE_SIZE;
	memcpy(&head, data, sizeof(head));
	if (head.size != size)
		return DECODE_SIZE;
	if (head.version != MW_WIRE_VERSION)
		return DECODE_VERSION;
	if (!kind_size(head.kind))
		return DECODE_KIND;
	if (size != kind_size(head.kind))
		return DECODE_SIZE;
	memset(out, 0, sizeof(*out));
	memcpy(out, data, size);
	settle(out);
	return DECODE_OK;
}

const char *decode_result_name(enum decode_result result)
{
	switch (result) {
	case DECODE_OK:
		return "ok";
	case DECODE_SIZE:
		return "wrong size";
	case DECODE_VERSION:
		return "unknown version";
	case DECODE_KIND:
		return "unknown kind";
	}
	return "unknown";
}

bool is_feature_call(const struct mw_event_ioctl *event)
{
	return event->cmd == MW_VFIO_DEVICE_FEATURE;
}

static uint32_t u32_at(const struct mw_event_ioctl *event, size_t offset)
{
	uint32_t value;

	memcpy(&value, event->payload + offset, sizeof(value));
	return value;
}

static uint64_t u64_at(const struct mw_event_ioctl *event, size_t offset)
{
	uint64_t value;

	memcpy(&value, event->payload + offset, sizeof(value));
	return value;
}

void feature_decode(const struct mw_event_ioctl *event, struct feature_payload *out)
{
	uint32_t size = event->payload_size;

	*out = (struct feature_payload){.data_fd = -1};
	if (!is_feature_call(event) || (event->flags & MW_FEATURE_PROBE))
		return;
	switch (event->flags & MW_FEATURE_MASK) {
	case MW_FEATURE_MIGRATION:
		if (size < 8)
			return;
		out->kind = FEATURE_PAYLOAD_MIGRATION;
		out->migration_flags = u64_at(event, 0);
		return;
	case MW_FEATURE_MIG_DEVICE_STATE:
		if (size < 8)
			return;
		out->kind = FEATURE_PAYLOAD_STATE;
		out->state = u32_at(event, 0);
		if (event->result >= 0)
			out->data_fd = (int32_t)u32_at(event, 4);
		return;
	case MW_FEATURE_DMA_LOGGING_START:
		if (size < 16)
			return;
		out->kind = FEATURE_PAYLOAD_LOGGING_START;
		out->page_size = u64_at(event, 0);
		out->range_count = u32_at(event, 8);
		return;
	case MW_FEATURE_DMA_LOGGING_REPORT:
		if (size < 24)
			return;
		out->kind = FEATURE_PAYLOAD_LOGGING_REPORT;
		out->iova = u64_at(event, 0);
		out->length = u64_at(event, 8);
		out->page_size = u64_at(event, 16);
		return;
	case MW_FEATURE_MIG_DATA_SIZE:
		if (size < 8)
			return;
		out->kind = FEATURE_PAYLOAD_DATA_SIZE;
		out->stop_copy_bytes = u64_at(event, 0);
		return;
	}
}
