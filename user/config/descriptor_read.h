/* SPDX-License-Identifier: GPL-2.0-only */
/* The descriptor reader behind config.h, for who has a tree already: inline ones in policy tests.
 */
#ifndef CONFIG_DESCRIPTOR_READ_H
#define CONFIG_DESCRIPTOR_READ_H

#include <stdbool.h>

#include "config/node.h"
#include "config/reading.h"
#include "core/descriptor.h"

/* The tables of keys: the descriptor itself, then what lies in it (for the schema). */
extern const struct mapping descriptor_mapping;
extern const struct mapping *const descriptor_parts[]; /* ends with NULL */

/* The schema of a string that may instead say why it could not be read. */
extern const char descriptor_fact_schema[];

/*
 * descriptor_from_node - @file is for messages. @is_inline allows the key `schema` to be left out.
 * Gives 0 and *out (the caller's); -EINVAL with @error, -ENOMEM.
 */
int descriptor_from_node(const char *file, const struct node *node, bool is_inline,
			 struct descriptor **out, struct parse_error *error);

#endif
