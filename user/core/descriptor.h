/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we know of one device (SEMANTICS 3). Pure data: files are read by user/config, sysfs by
 * user/host; both fill this.
 */
#ifndef CORE_DESCRIPTOR_H
#define CORE_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define DESCRIPTOR_SCHEMA "migwarden.descriptor/1"

/* Bounds that keep the work on a hostile descriptor small; no real device comes near them. */
#define DESCRIPTOR_ATTRIBUTES_MAX 4096
#define DESCRIPTOR_TYPES_MAX 4096
#define DESCRIPTOR_TRAITS_MAX 256
#define DESCRIPTOR_WARNINGS_MAX 64

/* "Not known" and "could not be read" are different facts (SEMANTICS 0 and 2.12). */
enum fact_state {
	FACT_UNKNOWN, /* null or absent */
	FACT_KNOWN,
	FACT_UNREADABLE, /* JSON: {"unreadable": "EIO"} */
};

struct fact {
	enum fact_state state;
	int error;        /* positive errno when FACT_UNREADABLE, else 0 */
	const char *text; /* NUL-terminated when FACT_KNOWN, else NULL; owned by the arena */
};

struct attribute {
	const char *name;
	struct fact value;
};

struct offered_type {
	const char *type;
	/* -1 when not known */
	int64_t available_instances;
};

enum migration_protocol {
	PROTOCOL_UNKNOWN, /* null */
	PROTOCOL_NONE,    /* "none": the device said that it cannot migrate */
	PROTOCOL_V1,      /* "v1": the migration region only */
	PROTOCOL_V2,      /* "v2" */
};

/* Bits of VFIO_DEVICE_FEATURE_MIGRATION (linux/vfio.h). */
enum migration_capability {
	CAPABILITY_STOP_COPY = 1,
	CAPABILITY_P2P = 2,
	CAPABILITY_PRE_COPY = 4,
};

struct descriptor_prepared;

struct descriptor {
	/* Owns every pointer below. */
	struct arena *arena;

	struct fact host;
	struct fact boot_id;
	struct fact collected_at; /* RFC 3339 as written */
	int64_t collected_at_s;   /* seconds since the epoch; -1 when not known */
	struct fact device;
	struct fact device_api;
	struct fact vendor; /* canonical: lower-case hex without 0x, four digits at least */
	struct fact device_id;
	struct fact driver;
	struct fact driver_version;
	struct fact firmware_version;
	struct fact mdev_type;

	struct offered_type *offered_types;
	size_t offered_type_count;

	enum migration_protocol protocol;
	/* protocol could not be read: errno; else 0 */
	int protocol_error;
	bool capabilities_known;
	uint32_t capabilities; /* enum migration_capability */
	/* What the device reported of itself; -1 when not known (limits, SEMANTICS 4). */
	int64_t stop_copy_bytes;
	int64_t downtime_ns;

	struct fact version;                      /* 2.1, opaque text form */
	struct fact interface_version;            /* 2.3 */
	struct fact interface_version_compatible; /* 2.4 */
	/* 2.7; NULL and 0 when absent */
	const char **compatible_type;
	size_t compatible_type_count;
	struct fact template_text; /* 2.6; JSON key "template" */

	/* Sorted by name (strcmp), names unique. */
	struct attribute *attributes;
	size_t attribute_count;

	/* Warnings of reading, e.g. "device_api: pci reads as vfio-pci". */
	const char **warnings;
	size_t warning_count;

	/* What descriptor_prepare parsed; NULL without it. */
	const struct descriptor_prepared *prepared;
};

/*
 * descriptor_new - an empty descriptor, every fact unknown, with its own arena.
 * Gives 0 and *out, owned by the caller; -ENOMEM.
 */
int descriptor_new(struct descriptor **out);

/* descriptor_free - frees it and all its text; NULL is fine. */
void descriptor_free(struct descriptor *descriptor);

#define AUTO_DESCRIPTOR __attribute__((cleanup(descriptor_free_ptr)))
static inline void descriptor_free_ptr(struct descriptor **descriptor)
{
	descriptor_free(*descriptor);
}

/*
 * descriptor_set_fact - copies @text into the descriptor's arena and marks the fact known.
 * NULL text makes it unknown. Gives 0 or -ENOMEM (fact untouched).
 */
int descriptor_set_fact(struct descriptor *descriptor, struct fact *fact, const char *text);

/* descriptor_set_unreadable - records a read error; @error is a positive errno. */
void descriptor_set_unreadable(struct fact *fact, int error);

/*
 * descriptor_add_attribute - adds a known attribute (or an unreadable one with @error > 0), keeping
 * the order. Gives 0, -EEXIST when the name is there, -E2BIG at DESCRIPTOR_ATTRIBUTES_MAX, -ENOMEM.
 */
int descriptor_add_attribute(struct descriptor *descriptor, const char *name, const char *text,
			     int error);

/* descriptor_attribute - the attribute of that name, or NULL. Borrowed from the descriptor. */
const struct attribute *descriptor_attribute(const struct descriptor *descriptor, const char *name);

/* descriptor_add_offered_type - copies @type; @available -1 when not known. 0, -E2BIG, -ENOMEM. */
int descriptor_add_offered_type(struct descriptor *descriptor, const char *type, int64_t available);

/* descriptor_add_compatible_type - copies @trait (SEMANTICS 2.7). 0, -E2BIG, -ENOMEM. */
int descriptor_add_compatible_type(struct descriptor *descriptor, const char *trait);

/*
 * descriptor_warn - adds a printf-formatted warning of reading; over DESCRIPTOR_WARNINGS_MAX it is
 * dropped. 0 or -ENOMEM.
 */
int descriptor_warn(struct descriptor *descriptor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * descriptor_prepare - parses the range list and the template once, so that compare() need not do
 * it for each pair; optional, worth it for a descriptor that meets many others. A fact that is set
 * again afterwards is parsed anew by compare(), never taken from here. 0 or -ENOMEM (unprepared).
 */
int descriptor_prepare(struct descriptor *descriptor);

/*
 * descriptor_canonical_id - "0x8086" and "8086" become "8086" in @out (SEMANTICS 3).
 * @digits is the least number of digits. Gives 0 or -EINVAL: not hex, or over 32 bits.
 */
int descriptor_canonical_id(const char *text, int digits, char out[static 9]);

#endif
