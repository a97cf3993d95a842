/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of cells for people, columns aligned. */
#ifndef CLI_TEXT_TABLE_H
#define CLI_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

#define TEXT_TABLE_COLUMNS_MAX 8

struct text_table_line {
	const char *cells[TEXT_TABLE_COLUMNS_MAX];
};

struct text_table {
	struct arena *arena; /* owns the rest */
	size_t columns;
	struct text_table_line *lines;
	size_t count;
};

/* text_table_init - an empty table of 1 to TEXT_TABLE_COLUMNS_MAX columns. 0 or -ENOMEM. */
int text_table_init(struct text_table *table, size_t columns);

/*
 * text_table_add - a line; copies the cells, escaped (base/escape.h). A NULL among them stands for
 * memory that was out when it was made. 0 or -ENOMEM (the table is as before).
 */
int text_table_add(struct text_table *table, const char *const *cells);

/* text_table_print - each line behind @indent blanks, without blanks at its end. */
void text_table_print(const struct text_table *table, int indent, FILE *out);

/* text_table_free - frees what the table owns; one that is all zero is fine. */
void text_table_free(struct text_table *table);

#define AUTO_TEXT_TABLE __attribute__((cleanup(text_table_free)))

#endif
