// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/report_svg.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "sinks/html.h"
#include "sinks/report_chart.h"
#include "sinks/report_words.h"

/* Of the view box; the page scales it. */
#define WIDTH 960.0
#define LABEL_WIDTH 200.0
#define VALUE_WIDTH 80.0
#define ROW 22.0
#define BAR 14.0
#define AXIS 26.0
#define TICKS_MAX 8

/* An axis of time or bytes, from left to right. */
struct scale {
	double from, to; /* of the view box */
	uint64_t begin, end;
};

static double x_of(const struct scale *scale, uint64_t value)
{
	double length = scale->end > scale->begin ? (double)(scale->end - scale->begin) : 1;

	if (value < scale->begin)
		value = scale->begin;
	if (value > scale->end)
		value = scale->end;
	return scale->from + (scale->to - scale->from) * ((double)(value - scale->begin) / length);
}

static void open_svg(FILE *out, double height, const char *what)
{
	fprintf(out,
		"<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\" "
		"aria-label=\"",
		WIDTH, height, WIDTH, height);
	html_text(out, what);
	fputs("\">\n", out);
}

static void text_at(FILE *out, double x, double y, const char *class, const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	html_text(out, text);
	fputs("</text>\n", out);
}

/* At least half a pixel wide: what is short is seen all the same. */
static void rect(FILE *out, double from, double y, double to, double height, const char *class,
		 const char *title)
{
	double width = to - from < 1.5 ? 1.5 : to - from;

	fprintf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" class=\"%s\"",
		from, y, width, height, class);
	if (!title) {
		fputs("/>\n", out);
		return;
	}
	fputs("><title>", out);
	html_text(out, title);
	fputs("</title></rect>\n", out);
}

/* Over a rect of the same place: the pattern that its kind has besides a colour. */
static void pattern(FILE *out, double from, double y, double to, double height, const char *name,
		    unsigned int number)
{
	double width = to - from < 1.5 ? 1.5 : to - from;

	fprintf(out,
		"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"url(#%s%u)\" "
		"pointer-events=\"none\"/>\n",
		from, y, width, height, name, number);
}

void svg_patterns(FILE *out, unsigned int number)
{
	fprintf(out,
		"<svg width=\"0\" height=\"0\" class=\"patterns\" aria-hidden=\"true\"><defs>"
		"<pattern id=\"hatch%u\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
		"patternTransform=\"rotate(45)\"><rect width=\"2\" height=\"5\" "
		"class=\"over\"/></pattern>"
		"<pattern id=\"dots%u\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
		"<circle cx=\"3\" cy=\"3\" r=\"1.1\" class=\"under\"/></pattern>"
		"<pattern id=\"grid%u\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"5\" height=\"1.4\" class=\"over\"/></pattern>"
		"</defs></svg>\n",
		number, number, number);
}

/* 1, 2 or 5 times a power of ten: at most TICKS_MAX of them fit. */
static uint64_t tick_of(uint64_t length)
{
	double raw = (double)length / TICKS_MAX;
	double power = pow(10, floor(log10(raw < 1 ? 1 : raw)));
	double share = raw / power;

	return (uint64_t)(power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10));
}

/* Lines across, and times from @zero_ns above them. */
static void time_axis(FILE *out, const struct scale *scale, uint64_t zero_ns, double height)
{
	uint64_t tick = tick_of(scale->end - scale->begin);
	uint64_t offset = scale->begin - zero_ns;
	char time[UNITS_TEXT_BYTES];

	/* From the first tick at or after the begin. */
	for (uint64_t at = offset - offset % tick; at <= scale->end - zero_ns;) {
		double x = x_of(scale, zero_ns + at);

		if (at >= offset) {
			fprintf(out, "<path d=\"M%.1f %.1fV%.1f\" class=\"rule\"/>\n", x, AXIS - 6,
				height);
			text_at(out, x, AXIS - 11, "tick", at ? format_duration(at, time) : "0");
		}
		if (__builtin_add_overflow(at, tick, &at))
			return;
	}
}

static void stretch_title(const struct stretch *stretch, const struct session *session, char *out,
			  size_t size)
{
	char label[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES], driver[UNITS_TEXT_BYTES];
	char gap[UNITS_TEXT_BYTES];
	const struct mw_flow *flow;

	report_stretch_label(stretch, label);
	format_duration(stretch->end_ns - stretch->begin_ns, time);
	if (stretch->kind != STRETCH_DATA) {
		snprintf(out, size, "%s%s: %s", label,
			 stretch->kind == STRETCH_WAIT ? ", waiting" : "", time);
		return;
	}
	flow = &session->phases[stretch->index].flow;
	snprintf(out, size, "%s, data: %s (in the driver %s, between calls %s)", label, time,
		 format_duration(flow->driver_ns, driver), format_duration(flow->gap_ns, gap));
}

/* Of the bar's height, the driver's share of the calls is dark. */
static void draw_data(FILE *out, const struct mw_flow *flow, double from, double y, double to,
		      const char *title)
{
	double all = (double)flow->driver_ns + (double)flow->gap_ns;
	double height = all > 0 ? BAR * (double)flow->driver_ns / all : BAR;

	rect(out, from, y, to, BAR, "gap", title);
	if (height > 0)
		rect(out, from, y + BAR - height, to, height, "calls", title);
}

static void draw_stretch(FILE *out, const struct scale *scale, const struct stretch *stretch,
			 const struct session *session, double y, unsigned int number)
{
	double from = x_of(scale, stretch->begin_ns), to = x_of(scale, stretch->end_ns);
	char title[2 * REPORT_LABEL_BYTES];

	stretch_title(stretch, session, title, sizeof(title));
	switch ((enum stretch_kind)stretch->kind) {
	case STRETCH_ARC:
		rect(out, from, y, to, BAR, "arc", title);
		pattern(out, from, y, to, BAR, "hatch", number);
		return;
	case STRETCH_DATA:
		draw_data(out, &session->phases[stretch->index].flow, from, y, to, title);
		return;
	case STRETCH_WAIT:
		rect(out, from, y, to, BAR, "wait", title);
		pattern(out, from, y, to, BAR, "dots", number);
		return;
	case STRETCH_COUNT_:
		break;
	}
}

/* How long the row's stretches are within the scale. */
static uint64_t visible_ns(const struct anatomy *anatomy, const struct report_row *row,
			   const struct scale *scale)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];

		if (report_row_has(row, stretch))
			ns += chart_overlap(stretch, scale->begin, scale->end);
	}
	return ns;
}

static void draw_row(FILE *out, const struct anatomy *anatomy, const struct report_row *row,
		     const struct scale *scale, double y, unsigned int number)
{
	char label[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES];

	text_at(out, LABEL_WIDTH - 8, y + BAR - 3, "label",
		report_stretch_label(row->first, label));
	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];

		if (report_row_has(row, stretch) && stretch->begin_ns < scale->end &&
		    stretch->end_ns > scale->begin)
			draw_stretch(out, scale, stretch, anatomy->items[stretch->item].session, y,
				     number);
	}
	text_at(out, WIDTH, y + BAR - 3, "value",
		format_duration(visible_ns(anatomy, row, scale), time));
}

/* The visible rows of all items, drawn or, without @out, only counted. Gives the height. */
static double draw_rows(FILE *out, const struct anatomy *anatomy, const struct scale *scale,
			unsigned int number)
{
	struct report_row rows[REPORT_ROWS_MAX];
	char name[MW_DEVICE_BYTES + 32];
	double y = AXIS;

	for (uint32_t item = 0; item < anatomy->count; item++) {
		const struct session *session = anatomy->items[item].session;
		size_t count = report_rows(anatomy, item, rows);

		if (anatomy->count > 1) {
			snprintf(name, sizeof(name), "%s, %s", session->device,
				 session_side_name(session->side));
			if (out)
				text_at(out, 0, y + BAR - 2, "device", name);
			y += ROW;
		}
		for (size_t i = 0; i < count; i++) {
			if (!visible_ns(anatomy, &rows[i], scale))
				continue;
			if (out)
				draw_row(out, anatomy, &rows[i], scale, y, number);
			y += ROW;
		}
	}
	return y;
}

static void draw_blackout(FILE *out, const struct anatomy *anatomy, const struct scale *scale,
			  double y)
{
	double from = x_of(scale, anatomy->blackout_begin_ns);
	double to = x_of(scale, anatomy->blackout_end_ns);
	char time[UNITS_TEXT_BYTES];

	text_at(out, LABEL_WIDTH - 8, y + BAR - 3, "label strong", "blackout");
	rect(out, from, y + 3, to, 6, "blackout", "blackout");
	text_at(out, WIDTH, y + BAR - 3, "value strong",
		format_duration(anatomy_blackout_ns(anatomy), time));
}

void svg_timeline(FILE *out, const struct anatomy *anatomy, uint64_t begin_ns, uint64_t end_ns,
		  unsigned int number)
{
	struct scale scale = {LABEL_WIDTH, WIDTH - VALUE_WIDTH, begin_ns, end_ns};
	double rows = draw_rows(NULL, anatomy, &scale, number);
	double height = rows + (anatomy->has_blackout ? ROW : 0);

	if (end_ns <= begin_ns)
		return;
	open_svg(out, height,
		 "Timeline: a row for each state and arc; the table below has them too");
	if (anatomy->has_blackout)
		rect(out, x_of(&scale, anatomy->blackout_begin_ns), AXIS - 6,
		     x_of(&scale, anatomy->blackout_end_ns), height - AXIS + 6, "window", NULL);
	time_axis(out, &scale, anatomy->begin_ns, height);
	draw_rows(out, anatomy, &scale, number);
	if (anatomy->has_blackout)
		draw_blackout(out, anatomy, &scale, rows);
	fputs("</svg>\n", out);
}

/* Class and pattern of a part. */
static void draw_part(FILE *out, const struct part *part, double from, double to, double y,
		      double height, const char *title, unsigned int number)
{
	static const struct {
		const char *class, *pattern;
	} looks[PART_COUNT_] = {
		[PART_ARC] = {"arc", "hatch"},    [PART_CALLS] = {"calls", NULL},
		[PART_GAP] = {"gap", NULL},       [PART_WAIT] = {"wait", "dots"},
		[PART_DIRTY] = {"dirty", "grid"}, [PART_TRANSFER] = {"transfer", "dots"},
		[PART_UNSEEN] = {"unseen", NULL},
	};

	if (part->kind >= PART_COUNT_)
		return;
	rect(out, from, y, to, height, looks[part->kind].class, title);
	if (looks[part->kind].pattern)
		pattern(out, from, y, to, height, looks[part->kind].pattern, number);
}

void svg_parts(FILE *out, const struct anatomy *anatomy, unsigned int number)
{
	struct scale scale = {0, WIDTH, 0, anatomy_blackout_ns(anatomy)};
	char title[2 * REPORT_LABEL_BYTES], label[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES];
	char share[REPORT_SHARE_BYTES];
	uint64_t at = 0;

	if (!scale.end)
		return;
	open_svg(out, 58, "The parts of the blackout, as in the table below");
	for (size_t i = 0; i < anatomy->part_count; i++) {
		const struct part *part = &anatomy->parts[i];
		double from = x_of(&scale, at), to = x_of(&scale, at + part->ns);

		report_share(part->ns, scale.end, share);
		snprintf(title, sizeof(title), "%s: %s, %s",
			 report_part_label(anatomy, part, label), format_duration(part->ns, time),
			 share);
		draw_part(out, part, from, to - 1, 0, 36, title, number);
		if (to - from > 72) {
			fprintf(out, "<text x=\"%.1f\" y=\"53\" class=\"number\">%zu · %s</text>\n",
				(from + to) / 2, i + 1, share);
		} else if (to - from > 16) {
			fprintf(out, "<text x=\"%.1f\" y=\"53\" class=\"number\">%zu</text>\n",
				(from + to) / 2, i + 1);
		}
		at += part->ns;
	}
	fputs("</svg>\n", out);
}

static void rate_label(const struct anatomy *anatomy, uint32_t item,
		       const struct session_phase *phase, char *out, size_t size)
{
	if (anatomy->count > 1)
		snprintf(out, size, "%s %u", mig_state_name(phase->state), item + 1);
	else
		snprintf(out, size, "%s", mig_state_name(phase->state));
}

/* Draws, or without @out only counts and finds the highest. */
static size_t draw_rates(FILE *out, const struct anatomy *anatomy, uint64_t *highest)
{
	char label[64], value[64];
	size_t count = 0;

	for (uint32_t item = 0; item < anatomy->count; item++) {
		const struct session *session = anatomy->items[item].session;

		for (uint32_t i = 0; i < session->phase_count; i++) {
			const struct session_phase *phase = &session->phases[i];
			uint64_t rate = flow_bytes_per_second(&phase->flow);
			struct scale scale = {LABEL_WIDTH, WIDTH - VALUE_WIDTH - 20, 0, *highest};
			double y = (double)count * ROW + 4;

			if (!phase->has_flow || !phase->flow.bytes)
				continue;
			count++;
			if (!out) {
				*highest = rate > *highest ? rate : *highest;
				continue;
			}
			rate_label(anatomy, item, phase, label, sizeof(label));
			snprintf(value, sizeof(value), "%.1f MB/s", (double)rate / 1e6);
			text_at(out, LABEL_WIDTH - 8, y + BAR - 3, "label", label);
			rect(out, LABEL_WIDTH, y, x_of(&scale, rate), BAR, "calls", value);
			text_at(out, x_of(&scale, rate) + 6, y + BAR - 3, "beside", value);
		}
	}
	return count;
}

void svg_rates(FILE *out, const struct anatomy *anatomy, unsigned int number)
{
	uint64_t highest = 1;
	size_t count = draw_rates(NULL, anatomy, &highest);

	(void)number;
	if (!count)
		return;
	open_svg(out, (double)count * ROW + 6,
		 "Bytes per second of each phase, as in the table below");
	draw_rates(out, anatomy, &highest);
	fputs("</svg>\n", out);
}

void svg_histogram(FILE *out, const uint32_t *buckets, size_t count, bool is_time,
		   unsigned int number)
{
	size_t first = count, last = 0;
	uint32_t highest = 0;
	char from[UNITS_TEXT_BYTES], title[96];
	double step;

	(void)number;
	for (size_t i = 0; i < count; i++) {
		if (!buckets[i])
			continue;
		first = i < first ? i : first;
		last = i;
		highest = buckets[i] > highest ? buckets[i] : highest;
	}
	if (!highest)
		return;
	/* A bucket's room on either side, so that one alone does not look like all. */
	first -= first ? 1 : 0;
	last += last + 1 < count ? 1 : 0;
	step = WIDTH / (double)(last - first + 1) < 110 ? WIDTH / (double)(last - first + 1) : 110;
	open_svg(out, 132, is_time ? "Calls by their time in the driver" : "Calls by their bytes");
	for (size_t i = first; i <= last; i++) {
		double x = (double)(i - first) * step, height = 84.0 * buckets[i] / highest;

		if (is_time)
			format_duration(1ull << i, from);
		else
			format_bytes(1ull << i, from);
		snprintf(title, sizeof(title), "from %s to twice as much: %u", from, buckets[i]);
		if (buckets[i]) {
			rect(out, x + 3, 108 - height, x + step - 3, height, "calls", title);
			snprintf(title, sizeof(title), "%u", buckets[i]);
			text_at(out, x + step / 2, 102 - height, "number", title);
		}
		text_at(out, x + step / 2, 124, "tick", from);
	}
	fprintf(out, "<path d=\"M0 108H%.1f\" class=\"base\"/>\n",
		step * (double)(last - first + 1));
	fputs("</svg>\n", out);
}

void svg_curve(FILE *out, const struct session_series *series, bool is_precopy, unsigned int number)
{
	struct scale scale = {LABEL_WIDTH, WIDTH - VALUE_WIDTH, 0, 0};
	char text[UNITS_TEXT_BYTES];
	uint64_t highest = 1;

	(void)number;
	if (series->count < 2)
		return;
	scale.begin = series->items[0].time_ns;
	scale.end = series->last.time_ns;
	for (uint32_t i = 0; i < series->count; i++)
		if (chart_sample(&series->items[i], is_precopy) > highest)
			highest = chart_sample(&series->items[i], is_precopy);
	if (scale.end <= scale.begin)
		return;
	open_svg(out, 140, "Bytes that were left, over time; the table below has first and last");
	time_axis(out, &scale, scale.begin, 132);
	text_at(out, LABEL_WIDTH - 8, 40, "label", format_bytes(highest, text));
	text_at(out, LABEL_WIDTH - 8, 136, "label", "0 B");
	fputs("<path class=\"curve\" d=\"", out);
	for (uint32_t i = 0; i < series->count; i++) {
		double y = 132 - 96 * (double)chart_sample(&series->items[i], is_precopy) /
					 (double)highest;

		if (!i)
			fprintf(out, "M%.1f %.1f", x_of(&scale, series->items[i].time_ns), y);
		else
			fprintf(out, "H%.1fV%.1f", x_of(&scale, series->items[i].time_ns), y);
	}
	fprintf(out, "H%.1f\"/>\n", scale.to);
	fputs("</svg>\n", out);
}
