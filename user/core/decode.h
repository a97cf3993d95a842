/* SPDX-License-Identifier: GPL-2.0-only */
/* Ring records, which are bytes from elsewhere, to records that the rest of the core can trust. */
#ifndef CORE_DECODE_H
#define CORE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migwarden/wire.h"

enum decode_result {
	DECODE_OK,
	DECODE_SIZE, /* shorter than a head, or not the size that it says or that its kind has */
	DECODE_VERSION,
	DECODE_KIND,
};

/*
 * decode - checks size, then version, then kind, then copies; ends every text with a NUL and holds
 * every count inside its array. A mdev's creation gets its UUID as device name: the kernel has not
 * named the device yet. On anything but DECODE_OK *out is untouched.
 */
enum decode_result decode(const void *data, size_t size, union mw_event *out);

/* decode_result_name - for messages; static. */
const char *decode_result_name(enum decode_result result);

/* What a FEATURE ioctl carried, as far as we know the feature. */
enum feature_payload_kind {
	FEATURE_PAYLOAD_NONE,
	FEATURE_PAYLOAD_MIGRATION,
	FEATURE_PAYLOAD_STATE,
	FEATURE_PAYLOAD_LOGGING_START,
	FEATURE_PAYLOAD_LOGGING_REPORT,
	FEATURE_PAYLOAD_DATA_SIZE,
};

struct feature_payload {
	enum feature_payload_kind kind;
	uint64_t migration_flags;
	uint32_t state;
	int32_t data_fd;
	uint64_t page_size;       /* logging */
	uint32_t range_count;     /* logging start */
	uint64_t iova;            /* logging report */
	uint64_t length;          /* logging report */
	uint64_t stop_copy_bytes; /* data size */
};

/*
 * feature_decode - the payload of a FEATURE ioctl (linux/vfio.h), zeroed first. A PROBE carries
 * nothing; a payload shorter than its feature's is NONE. data_fd is -1 where the call failed.
 */
void feature_decode(const struct mw_event_ioctl *event, struct feature_payload *out);

/* is_feature_call - whether the ioctl is VFIO_DEVICE_FEATURE. */
bool is_feature_call(const struct mw_event_ioctl *event);

/* gate_event_admission - the number of the admission that decided; 0: a default did. */
static inline uint64_t gate_event_admission(const struct mw_event_gate *event)
{
	return event->basis == MW_BASIS_ADMISSION ? event->admission : 0;
}

#endif
