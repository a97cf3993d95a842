/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors for people: a block for one, a table for many. */
#ifndef CLI_DESCRIBE_TEXT_H
#define CLI_DESCRIBE_TEXT_H

#include "cli/text_table.h"
#include "core/descriptor.h"

/*
 * describe_text_block - prints key and value of each fact to stdout, aligned; "-" is not known.
 * Text that came from a driver is escaped (base/escape.h), its lines stand below each other. Takes
 * memory from the descriptor's arena. Gives 0 or -ENOMEM (nothing is printed then).
 */
int describe_text_block(const struct descriptor *descriptor);

/*
 * describe_text_add - a line of the table, which starts as all zero; the first one adds the head
 * before it. 0 or -ENOMEM.
 */
int describe_text_add(struct text_table *table, const struct descriptor *descriptor);

/*
 * describe_text_fact - its text, "-" when not known, "unreadable (EIO)"; not escaped. Borrowed from
 * the fact or made in @arena; NULL: no memory.
 */
const char *describe_text_fact(struct arena *arena, const struct fact *fact);

#endif
