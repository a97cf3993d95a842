/* SPDX-License-Identifier: GPL-2.0-only */
/* Feature sets, "none+ppgtt+context", and traits (SEMANTICS 2.7). */
#ifndef CORE_SETS_H
#define CORE_SETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* More members or more text than this are held for malformed, to bound the work. */
#define SET_MEMBERS_MAX 256u
#define SET_BYTES_MAX 65536u

struct set {
	struct slice members[SET_MEMBERS_MAX]; /* borrowed; order and repetition mean nothing */
	size_t count;
};

/*
 * set_parse - splits @text at every @separator; empty text is the empty set. False when a member
 * is empty ("a++b") or there are too many.
 */
bool set_parse(struct slice text, const char *separator, struct set *out);

/* set_of - the set of the @count texts; empty ones are left out. False when there are too many. */
bool set_of(const char *const *texts, size_t count, struct set *out);

bool set_has(const struct set *set, struct slice member);

/*
 * set_missing - what of @wanted @set lacks, from the first of them on, as "a, b" in @out (cut to
 * @size). Gives how many are missing; 0: @set is a superset and @out is "".
 */
size_t set_missing(const struct set *set, const struct set *wanted, char *out, size_t size);

#endif
