/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors for people: a block for one, a table for many. */
#ifndef CLI_DESCRIBE_TEXT_H
#define CLI_DESCRIBE_TEXT_H

#include <stddef.h>

#include "core/descriptor.h"

enum {
	DESCRIBE_COLUMNS = 6
};

struct describe_line {
	const char *cells[DESCRIBE_COLUMNS];
};

/* Starts as all zero; the first line is the head. */
struct describe_table {
	struct arena *arena; /* owns the rest */
	struct describe_line *lines;
	size_t count;
};

/*
 * describe_text_block - prints key and value of each fact to stdout, aligned; "-" is not known.
 * Text that came from a driver is escaped (base/escape.h), its lines stand below each other. Takes
 * memory from the descriptor's arena. Gives 0 or -ENOMEM (nothing is printed then).
 */
int describe_text_block(const struct descriptor *descriptor);

/* describe_text_add - a line of the table; copies what it needs. 0 or -ENOMEM. */
int describe_text_add(struct describe_table *table, const struct descriptor *descriptor);

/* describe_text_table - prints the table to stdout, columns aligned; nothing without a line. */
void describe_text_table(const struct describe_table *table);

/* describe_text_free - frees what the table owns. */
void describe_text_free(struct describe_table *table);

#endif
