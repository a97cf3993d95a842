/* SPDX-License-Identifier: GPL-2.0-only */
/* The forms a version can have: x.y.z (SEMANTICS 2.3), integer (2.2), common:vendor part (2.1). */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "migwarden/reason.h"

struct xyz {
	uint32_t major;
	uint32_t minor;
	uint32_t bugfix;
};

/*
 * xyz_parse - "<major>.<minor>[.<bugfix>]", decimal, no leading zeros, each below 2^32; a missing
 * bugfix is 0. False for anything else, *out untouched.
 */
bool xyz_parse(struct slice text, struct xyz *out);

/* xyz_order - below, at or above 0 as @a is older than, equal to or newer than @b. */
int xyz_order(struct xyz a, struct xyz b);

/*
 * xyz_compare - whether state of @source fits @dest: same major and a minor not older (SEMANTICS
 * 2.3). MW_REASON_OK, _VERSION_MAJOR or _VERSION_MINOR_OLDER.
 */
enum mw_reason xyz_compare(struct xyz source, struct xyz dest);

/*
 * numeric_parse - a non-negative integer of any length; gives its significant digits ("0" for
 * zero), borrowed from @text. False when it is none.
 */
bool numeric_parse(struct slice text, struct slice *digits);

/* numeric_order - as xyz_order, over what numeric_parse gave. */
int numeric_order(struct slice a, struct slice b);

/* A version with the namespace of SEMANTICS 2.1: "00028086:v4.1". */
struct namespaced {
	bool has_common;
	uint32_t common;          /* low 16: PCI vendor id, high 16: VFIO_DEVICE_FLAGS_* */
	struct slice vendor_part; /* opaque */
};

/*
 * namespaced_parse - what stands before the first colon is the common part; without a colon there
 * is none. False when the common part is no hex number of 32 bits or either part is empty.
 */
bool namespaced_parse(struct slice text, struct namespaced *out);

/*
 * namespaced_compare - MW_REASON_OK, _NAMESPACE_MISMATCH (also when one side only has a common
 * part) or _OPAQUE_MISMATCH; the vendor part is not looked at before the common parts agree.
 */
enum mw_reason namespaced_compare(const struct namespaced *source, const struct namespaced *dest);

#endif
