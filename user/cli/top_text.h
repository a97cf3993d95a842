/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines of `migwarden top`, for any width: columns are left out, the least important first,
 * until the rest fits. ASCII, so that a byte is a place on the screen.
 */
#ifndef CLI_TOP_TEXT_H
#define CLI_TOP_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/top_model.h"

/* The widest line, with its NUL. */
#define TOP_LINE_BYTES 512
#define TOP_HEAD_LINES 2

/* What stands above the rows. Text is escaped. */
struct top_head {
	const char *host;
	const char *kernel;
	const char *gate; /* "enforce", "audit", "none", … */
	int64_t clock_offset_ns;
	uint64_t events;
	uint64_t lost;
	bool is_paused;
};

/* top_text_head - line @index, from 0 to TOP_HEAD_LINES - 1, cut to @width. Gives @out. */
const char *top_text_head(const struct top_model *model, const struct top_head *head, int index,
			  int width, char out[static TOP_LINE_BYTES]);

/* top_text_heading - the names of the columns; the one that is sorted by has a mark. Gives @out. */
const char *top_text_heading(const struct top_model *model, int width,
			     char out[static TOP_LINE_BYTES]);

/* top_text_row - the same columns of a row. Gives @out. */
const char *top_text_row(const struct top_model *model, const struct top_row *row, int width,
			 char out[static TOP_LINE_BYTES]);

/* top_to_json - all of it; a new reference. */
json_t *top_to_json(struct top_model *model, const struct top_head *head);

#endif
