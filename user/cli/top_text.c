// SPDX-License-Identifier: GPL-2.0-only
#include "cli/top_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/units.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/json_set.h"

#define CELL_BYTES (4 * SESSION_NAME_BYTES)
#define CLOCK_TIME_OFFSET 11 /* of "13:04:05" in an RFC 3339 time */
#define CLOCK_TIME_LENGTH 8

static void device_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	escape_text(out, CELL_BYTES, row->device);
}

static void vm_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	escape_text(out, CELL_BYTES, *row->vm ? row->vm : "-");
}

static void side_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	snprintf(out, CELL_BYTES, "%s", row->side == SESSION_SOURCE ? "out" : "in");
}

/* What is said of a row that lacks records has a mark that needs no colour. */
static void state_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	snprintf(out, CELL_BYTES, "%s%s", top_row_state(row), row->is_incomplete ? "?" : "");
}

static void phase_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	double seconds = (double)top_row_phase_ns(row, model->now_ns) / 1e9;

	snprintf(out, CELL_BYTES, seconds < 10 ? "%.3fs" : "%.0fs", seconds);
}

static void rate_text(uint64_t bytes_per_s, char *out)
{
	char bytes[UNITS_TEXT_BYTES];

	snprintf(out, CELL_BYTES, "%s/s", format_bytes(bytes_per_s, bytes));
}

static void now_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	if (row->end == SESSION_OPEN)
		rate_text(row->bytes_per_s, out);
	else
		strcpy(out, "-");
}

static void average_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	rate_text(top_row_average(row, model->now_ns), out);
}

static void bytes_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	char bytes[UNITS_TEXT_BYTES];

	(void)model;
	snprintf(out, CELL_BYTES, "%s", format_bytes(row->bytes, bytes));
}

static void estimate_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	char bytes[UNITS_TEXT_BYTES];

	(void)model;
	snprintf(out, CELL_BYTES, "%s",
		 row->estimate_bytes == UINT64_MAX ? "-"
						   : format_bytes(row->estimate_bytes, bytes));
}

static void verdict_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	if (!row->answer)
		strcpy(out, "-");
	else
		snprintf(out, CELL_BYTES, "%s %s", gate_answer_name(row->answer),
			 mw_reason_name(row->reason));
}

static void alarms_cell(const struct top_model *model, const struct top_row *row, char *out)
{
	(void)model;
	if (!row->alarm_count)
		strcpy(out, "-");
	else
		snprintf(out, CELL_BYTES, "%u %s", row->alarm_count, alarm_kind_name(row->alarm));
}

/* In the order of the screen. Those with the highest rank are left out first; rank 0 never. */
static const struct column {
	const char *name;
	int width;
	int rank;
	bool is_number; /* to the right */
	enum top_sort sort;
	void (*fill)(const struct top_model *model, const struct top_row *row, char *out);
} columns[] = {
	{"DEVICE", 36, 0, false, TOP_BY_DEVICE, device_cell},
	{"VM", 14, 4, false, TOP_BY_VM, vm_cell},
	{"SIDE", 4, 3, false, TOP_SORT_COUNT_, side_cell},
	{"STATE", 13, 0, false, TOP_BY_STATE, state_cell},
	{"PHASE", 8, 2, true, TOP_BY_PHASE, phase_cell},
	{"NOW", 10, 1, true, TOP_BY_RATE, now_cell},
	{"AVERAGE", 10, 6, true, TOP_BY_AVERAGE, average_cell},
	{"BYTES", 8, 5, true, TOP_BY_BYTES, bytes_cell},
	{"ESTIMATE", 8, 7, true, TOP_SORT_COUNT_, estimate_cell},
	{"VERDICT", 16, 9, false, TOP_SORT_COUNT_, verdict_cell},
	{"ALARMS", 17, 8, false, TOP_BY_ALARMS, alarms_cell},
};

#define RANK_MAX 9
/* A device's name is cut down to this before a column is left out that has a rank below this. */
#define DEVICE_WIDTH_MIN 12
#define DEVICE_KEEPS_RANK 6

/* Which columns fit, and how wide the first one is. */
struct layout {
	int max_rank;
	int device_width;
};

static int width_with(int max_rank, int device_width)
{
	int width = device_width - columns[0].width - 2;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (columns[i].rank <= max_rank)
			width += columns[i].width + 2;
	return width;
}

static struct layout lay_out(int width)
{
	struct layout layout = {RANK_MAX, columns[0].width};

	while (layout.max_rank > DEVICE_KEEPS_RANK &&
	       width_with(layout.max_rank, layout.device_width) > width)
		layout.max_rank--;
	while (layout.device_width > DEVICE_WIDTH_MIN &&
	       width_with(layout.max_rank, layout.device_width) > width)
		layout.device_width--;
	while (layout.max_rank > 0 && width_with(layout.max_rank, layout.device_width) > width)
		layout.max_rank--;
	/* What is left is the device's. */
	while (layout.device_width < columns[0].width &&
	       width_with(layout.max_rank, layout.device_width + 1) <= width)
		layout.device_width++;
	return layout;
}

/* What does not fit lacks its middle: names of devices differ at either end. */
static size_t put_cell(char *out, size_t used, const char *text, int width, bool is_number)
{
	int length = (int)strlen(text), head = (width - 1) / 2, tail = width - 1 - head;
	size_t room = TOP_LINE_BYTES - used;

	if (room <= (size_t)width)
		return used;
	if (length > width)
		snprintf(out + used, room, "%.*s~%s", head, text, text + length - tail);
	else
		snprintf(out + used, room, is_number ? "%*s" : "%-*s", width, text);
	return used + (size_t)width;
}

static const char *cut(char *out, int width)
{
	size_t length;

	if (width >= 0 && (size_t)width < TOP_LINE_BYTES)
		out[width] = '\0';
	length = strlen(out);
	while (length && out[length - 1] == ' ')
		out[--length] = '\0';
	return out;
}

/* @row NULL: the heading. */
static const char *put_line(const struct top_model *model, const struct top_row *row, int width,
			    char out[static TOP_LINE_BYTES])
{
	struct layout layout = lay_out(width);
	char cell[CELL_BYTES];
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		const struct column *column = &columns[i];

		if (column->rank > layout.max_rank)
			continue;
		if (row)
			column->fill(model, row, cell);
		else
			snprintf(cell, sizeof(cell), "%s%s", column->name,
				 column->sort != model->sort ? ""
				 : model->is_reverse         ? "^"
							     : "v");
		if (used && used + 2 < TOP_LINE_BYTES) {
			strcpy(out + used, "  ");
			used += 2;
		}
		used = put_cell(out, used, cell, i ? column->width : layout.device_width,
				column->is_number);
	}
	return cut(out, width);
}

const char *top_text_heading(const struct top_model *model, int width,
			     char out[static TOP_LINE_BYTES])
{
	return put_line(model, NULL, width, out);
}

const char *top_text_row(const struct top_model *model, const struct top_row *row, int width,
			 char out[static TOP_LINE_BYTES])
{
	return put_line(model, row, width, out);
}

static void first_line(const struct top_model *model, const struct top_head *head, char *out)
{
	char clock[UNITS_TEXT_BYTES], host[128], kernel[128];

	format_clock(model->now_ns, head->clock_offset_ns, clock);
	snprintf(out, TOP_LINE_BYTES, "%.*s%s  %s  %s  gate %s", CLOCK_TIME_LENGTH,
		 clock + CLOCK_TIME_OFFSET, head->is_paused ? " PAUSED" : "",
		 escape_text(host, sizeof(host), head->host),
		 escape_text(kernel, sizeof(kernel), head->kernel), head->gate);
}

static void second_line(const struct top_model *model, const struct top_head *head, char *out)
{
	char filter[4 * TOP_FILTER_BYTES];

	snprintf(out, TOP_LINE_BYTES,
		 "%" PRIu64 " open  %" PRIu64 " ended  %" PRIu64 " events  %" PRIu64
		 " lost  by %s%s%s",
		 model->open, model->ended, head->events, head->lost, top_sort_name(model->sort),
		 *model->filter ? "  only " : "",
		 escape_text(filter, sizeof(filter), model->filter));
}

const char *top_text_head(const struct top_model *model, const struct top_head *head, int index,
			  int width, char out[static TOP_LINE_BYTES])
{
	if (index == 0)
		first_line(model, head, out);
	else
		second_line(model, head, out);
	return cut(out, width);
}

static json_t *row_to_json(const struct top_model *model, const struct top_row *row)
{
	json_t *object = json_object();

	json_set_text(object, "device", row->device);
	json_set_text(object, "vm", row->vm);
	json_set_number(object, "session", row->session);
	json_set_word(object, "side", session_side_name(row->side));
	json_set_word(object, "end", session_end_name(row->end));
	json_set_state(object, "state", row->state);
	json_set_number(object, "begin_ns", row->begin_ns);
	json_set_time(object, "end_ns", row->end_ns);
	json_set_number(object, "phase_ns", top_row_phase_ns(row, model->now_ns));
	json_set_number(object, "bytes", row->bytes);
	json_set_number(object, "bytes_per_s", row->end == SESSION_OPEN ? row->bytes_per_s : 0);
	json_set_number(object, "average_bytes_per_s", top_row_average(row, model->now_ns));
	json_object_set_new(object, "estimate_bytes",
			    row->estimate_bytes == UINT64_MAX
				    ? json_null()
				    : json_number_of(row->estimate_bytes));
	json_set_time(object, "blackout_ns", row->blackout_ns);
	json_object_set_new(object, "verdict",
			    row->answer ? json_string(gate_answer_name(row->answer)) : json_null());
	json_object_set_new(object, "reason",
			    row->answer ? json_string(mw_reason_name(row->reason)) : json_null());
	json_set_number(object, "alarms", row->alarm_count);
	json_object_set_new(object, "alarm",
			    row->alarm_count ? json_string(alarm_kind_name(row->alarm))
					     : json_null());
	json_object_set_new(object, "incomplete", json_boolean(row->is_incomplete));
	return object;
}

json_t *top_to_json(struct top_model *model, const struct top_head *head)
{
	json_t *object = json_object(), *devices = json_array();
	const struct top_row **rows;
	size_t count = top_model_order(model, &rows);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(devices, row_to_json(model, rows[i]));
	json_set_clock(object, "time", model->now_ns, head->clock_offset_ns);
	json_set_number(object, "time_ns", model->now_ns);
	json_set_text(object, "host", head->host);
	json_set_text(object, "kernel", head->kernel);
	json_set_text(object, "gate", head->gate);
	json_set_number(object, "events", head->events);
	json_set_number(object, "lost", head->lost);
	json_set_number(object, "open", model->open);
	json_set_number(object, "ended", model->ended);
	json_object_set_new(object, "devices", devices);
	return object;
}
