// SPDX-License-Identifier: GPL-2.0-only
#include "cli/text_table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/escape.h"

#define GAP 2

int text_table_init(struct text_table *table, size_t columns)
{
	assert(columns && columns <= TEXT_TABLE_COLUMNS_MAX);
	*table = (struct text_table){.arena = arena_new(), .columns = columns};
	return table->arena ? 0 : -ENOMEM;
}

static const char *escaped(struct arena *arena, const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *out = arena_alloc(arena, size);

	return out ? escape_text(out, size, text) : NULL;
}

int text_table_add(struct text_table *table, const char *const *cells)
{
	struct text_table_line *lines;

	lines = arena_grow(table->arena, table->lines, table->count, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	table->lines = lines;
	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = cells[i] ? escaped(table->arena, cells[i]) : NULL;

		if (!cell)
			return -ENOMEM;
		lines[table->count].cells[i] = cell;
	}
	table->count++;
	return 0;
}

static void print_line(const struct text_table *table, const struct text_table_line *line,
		       const size_t *widths, FILE *out)
{
	size_t last = table->columns;
	size_t column = 0;

	while (last > 1 && !*line->cells[last - 1])
		last--;
	for (; column + 1 < last; column++)
		fprintf(out, "%-*s", (int)widths[column] + GAP, line->cells[column]);
	fprintf(out, "%s\n", line->cells[column]);
}

void text_table_print(const struct text_table *table, int indent, FILE *out)
{
	size_t widths[TEXT_TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < table->count; i++) {
		for (size_t column = 0; column < table->columns; column++) {
			size_t length = strlen(table->lines[i].cells[column]);

			widths[column] = length > widths[column] ? length : widths[column];
		}
	}
	for (size_t i = 0; i < table->count; i++) {
		fprintf(out, "%*s", indent, "");
		print_line(table, &table->lines[i], widths, out);
	}
}

void text_table_free(struct text_table *table)
{
	arena_free(table->arena);
	*table = (struct text_table){0};
}
