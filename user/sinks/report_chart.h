/* SPDX-License-Identifier: GPL-2.0-only */
/* Charts of characters, in UTF-8. Columns are characters, each one wide. */
#ifndef SINKS_REPORT_CHART_H
#define SINKS_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/anatomy.h"

/* chart_columns - how many the first @length bytes of @text take. */
unsigned int chart_columns(const char *text, size_t length);

/* chart_left - @text and blanks up to @columns; longer text is not cut. */
void chart_left(FILE *out, const char *text, unsigned int columns);

/* chart_right - blanks and @text, up to @columns. */
void chart_right(FILE *out, const char *text, unsigned int columns);

/* chart_bar - @part of @whole as a bar of at most @columns; one at least, unless it is 0. */
void chart_bar(FILE *out, uint64_t part, uint64_t whole, unsigned int columns);

/* A span of time, across the columns of a line. */
struct chart {
	const struct anatomy *anatomy;
	uint64_t begin_ns; /* before end_ns */
	uint64_t end_ns;
	unsigned int label_columns;
	unsigned int columns; /* of the time itself */
	unsigned int time_columns;
};

/* chart_axis - a line with begin and end of the span, reckoned from the anatomy's begin. */
void chart_axis(FILE *out, const struct chart *chart);

/* chart_item - a line for each row (report_rows) of an item that lies in the span. */
void chart_item(FILE *out, const struct chart *chart, uint32_t item);

/* chart_blackout - a line for the blackout; none without one. */
void chart_blackout(FILE *out, const struct chart *chart);

/* chart_overlap - how much of the stretch lies in the span. */
uint64_t chart_overlap(const struct stretch *stretch, uint64_t begin_ns, uint64_t end_ns);

/* chart_sample - the bytes that a sample is drawn with: those that are left. */
uint64_t chart_sample(const struct session_sample *sample, bool is_precopy);

/* chart_curve - the samples against time, at most 32 columns. Gives @out. */
#define CHART_CURVE_COLUMNS 32
#define CHART_CURVE_BYTES (3 * CHART_CURVE_COLUMNS + 1)
const char *chart_curve(const struct session_series *series, bool is_precopy,
			char out[static CHART_CURVE_BYTES]);

/*
 * chart_print - closes @memory, which open_memstream made with @text and @size, and prints what was
 * written to it; with @is_ascii, one ASCII character for each that is not. 0 or -ENOMEM.
 */
int chart_print(FILE *out, FILE *memory, char *const *text, const size_t *size, bool is_ascii);

#endif
