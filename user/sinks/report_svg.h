/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The figures of a report as inline SVG. Colours come from the classes of report_html_style(); what
 * a colour says, a shape or a word says too.
 */
#ifndef SINKS_REPORT_SVG_H
#define SINKS_REPORT_SVG_H

#include <stdbool.h>
#include <stdio.h>

#include "core/anatomy.h"

/* svg_patterns - what the other figures of the section @number fill areas with. First, and once. */
void svg_patterns(FILE *out, unsigned int number);

/* svg_timeline - the rows of all items from @begin_ns to @end_ns, on the anatomy's clock. */
void svg_timeline(FILE *out, const struct anatomy *anatomy, uint64_t begin_ns, uint64_t end_ns,
		  unsigned int number);

/* svg_parts - the parts of the blackout as one bar; its parts and their order are the table's. */
void svg_parts(FILE *out, const struct anatomy *anatomy, unsigned int number);

/* svg_rates - a bar for the bytes per second of each phase with data. */
void svg_rates(FILE *out, const struct anatomy *anatomy, unsigned int number);

/* svg_histogram - @buckets of log2; @is_time: of ns, else of bytes. Nothing when it is empty. */
void svg_histogram(FILE *out, const uint32_t *buckets, size_t count, bool is_time,
		   unsigned int number);

/* svg_curve - the answers of @series over time; nothing with fewer than two. */
void svg_curve(FILE *out, const struct session_series *series, bool is_precopy,
	       unsigned int number);

#endif
