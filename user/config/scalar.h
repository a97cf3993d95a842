/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers with units, times and errno names, as files write them: text to number and back. */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include <stddef.h>
#include <stdint.h>

/* A kind of quantity: its units from the smallest, which is the one numbers are kept in. */
struct quantity {
	/* For messages: "a size such as 512MiB". */
	const char *what;
	const struct unit {
		const char *name;
		int64_t factor;
	} * units;
	size_t unit_count;
	/* The JSON Schema of it, a fragment. */
	const char *schema;
};

extern const struct quantity quantity_bytes; /* B KiB MiB GiB TiB */
extern const struct quantity quantity_ns;    /* ns us ms s min h */
extern const struct quantity quantity_s;     /* s min h d */

/* Digits and a unit: room for any int64_t. */
#define QUANTITY_BYTES 32

/*
 * quantity_parse - "512MiB" and so on; no blank, sign or fraction.
 * Gives 0; -EINVAL not a number with a unit of this kind; -ERANGE over 64 bits (*out untouched).
 */
int quantity_parse(const struct quantity *quantity, const char *text, int64_t *out);

/* quantity_format - the shortest exact form; @value is not negative. */
void quantity_format(const struct quantity *quantity, int64_t value, char out[QUANTITY_BYTES]);

/*
 * time_parse - RFC 3339, "2026-11-20T12:00:00Z", with any offset; a fraction is read and dropped.
 * Gives 0 and seconds since the epoch; -EINVAL.
 */
int time_parse(const char *text, int64_t *out);

#define ERRNO_NAME_BYTES 24

/* errno_to_name - "EIO"; "errno 524" for a number that libc has no name for. */
void errno_to_name(int number, char out[ERRNO_NAME_BYTES]);

/* errno_from_name - a positive errno of either form, or -EINVAL. */
int errno_from_name(const char *name);

#endif
