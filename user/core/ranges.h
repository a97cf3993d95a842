/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of x.y.z that a device accepts, "2.0.2-2.0.4,2.1.0-" (SEMANTICS 2.4). */
#ifndef CORE_RANGES_H
#define CORE_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "core/version.h"

/* sysfs hands out a page; a list longer than this is held for malformed, to bound the work. */
#define RANGES_BYTES_MAX 65536u
#define RANGES_ITEMS_MAX 4096u

/* Both ends belong to it. An open range ends at the last version of its major. */
struct range {
	struct xyz first;
	struct xyz last;
};

enum range_fault {
	RANGE_FINE,
	RANGE_EMPTY,         /* no list, or nothing between two commas */
	RANGE_NOT_XYZ,       /* 2.x, 2.01.0, 2.1.0-rc1, 1.2.3.4, a component over 2^32-1 */
	RANGE_BACKWARDS,     /* 2.0.4-2.0.2 */
	RANGE_CROSSES_MAJOR, /* 1.9.0-2.0.0 */
	RANGE_TOO_LONG,      /* over RANGES_BYTES_MAX or RANGES_ITEMS_MAX */
};

struct range_error {
	enum range_fault fault;
	struct slice item; /* the item that spoils the list, borrowed; empty for the whole list */
};

/* range_fault_text - "its ends differ in major" and the like. Static. */
const char *range_fault_text(enum range_fault fault);

/*
 * ranges_contain - reads the list and looks for @version in one pass, without memory.
 * Gives 1 when it is in there, 0 when it is not; -EINVAL when any item is malformed, wherever it
 * stands, with @error (may be NULL) filled.
 */
int ranges_contain(struct slice list, struct xyz version, struct range_error *error);

/*
 * ranges_parse - the list as an array in @arena, in its order. Gives 0 with *out and *count;
 * -EINVAL with @error (may be NULL) filled; -ENOMEM.
 */
int ranges_parse(struct arena *arena, struct slice list, const struct range **out, size_t *count,
		 struct range_error *error);

/* range_contains - whether @version lies in the range. */
static inline bool range_contains(const struct range *range, struct xyz version)
{
	return xyz_order(range->first, version) <= 0 && xyz_order(version, range->last) <= 0;
}

#endif
