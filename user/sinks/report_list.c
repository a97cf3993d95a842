// SPDX-License-Identifier: GPL-2.0-only
/* Sessions as a list, a line each. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/units.h"
#include "sinks/report.h"
#include "sinks/report_chart.h"

/* The longest name of a session with each of its bytes as \xNN. */
#define NAME_TEXT_BYTES (4 * SESSION_NAME_BYTES)
#define LIST_COLUMNS 9
#define LIST_CELL_BYTES 64
/* A UUID fits. */
#define LIST_NAME_BYTES 40

/* A line of the list, each cell as it is shown. */
struct list_line {
	char cells[LIST_COLUMNS][LIST_CELL_BYTES];
};

static void list_text(char out[static LIST_CELL_BYTES], const char *text)
{
	char escaped[NAME_TEXT_BYTES];

	escape_text(escaped, sizeof(escaped), *text ? text : "-");
	text_copy_cut(out, LIST_NAME_BYTES, slice_of(escaped));
}

static void list_fill(struct list_line *line, const struct session *session)
{
	char clock[UNITS_TEXT_BYTES];

	snprintf(line->cells[0], LIST_CELL_BYTES, "%" PRIu64, session->id);
	format_clock(session->begin_ns, session->clock_offset_ns, clock);
	snprintf(line->cells[1], LIST_CELL_BYTES, "%.19sZ", clock);
	list_text(line->cells[2], *session->vm_name ? session->vm_name : session->vm_uuid);
	list_text(line->cells[3], session->device);
	list_text(line->cells[4], session_side_name(session->side));
	list_text(line->cells[5],
		  session_is_refused(session) ? "refused" : session_end_name(session->end));
	if (session->blackout_begin_ns && session->blackout_end_ns)
		format_duration(session_blackout_ns(session, 0), line->cells[6]);
	else
		list_text(line->cells[6], "");
	format_bytes(session->bytes, line->cells[7]);
	line->cells[8][0] = '\0';
	for (uint32_t i = 0; i < session->alarm_count; i++) {
		size_t used = strlen(line->cells[8]);

		snprintf(line->cells[8] + used, LIST_CELL_BYTES - used, "%s%s", used ? "," : "",
			 alarm_kind_name(session->alarms[i].kind));
	}
	if (!session->alarm_count)
		list_text(line->cells[8], "");
}

static void find_widths(const struct list_line *lines, size_t count,
			unsigned int widths[static LIST_COLUMNS])
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < LIST_COLUMNS; k++) {
			const char *cell = lines[i].cells[k];
			unsigned int width = chart_columns(cell, strlen(cell));

			widths[k] = width > widths[k] ? width : widths[k];
		}
}

static void print_line(FILE *out, const struct list_line *line,
		       const unsigned int widths[static LIST_COLUMNS])
{
	for (size_t k = 0; k + 1 < LIST_COLUMNS; k++) {
		/* Numbers to the right. */
		if (k == 0 || k == 6 || k == 7)
			chart_right(out, line->cells[k], widths[k]);
		else
			chart_left(out, line->cells[k], widths[k]);
		fputs("  ", out);
	}
	fprintf(out, "%s\n", line->cells[LIST_COLUMNS - 1]);
}

int report_list_text(FILE *out, const struct session *const *sessions, size_t count,
		     const struct report_look *look)
{
	static const struct list_line heading = {
		{"ID", "TIME", "VM", "DEVICE", "SIDE", "END", "BLACKOUT", "BYTES", "ALARMS"}};
	AUTO_FREE struct list_line *lines = calloc(count + 1, sizeof(*lines));
	unsigned int widths[LIST_COLUMNS] = {0};
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *memory;

	if (!lines)
		return -ENOMEM;
	lines[0] = heading;
	for (size_t i = 0; i < count; i++)
		list_fill(&lines[i + 1], sessions[i]);
	find_widths(lines, count + 1, widths);
	memory = open_memstream(&text, &size);
	if (!memory)
		return -ENOMEM;
	for (size_t i = 0; i <= count; i++)
		print_line(memory, &lines[i], widths);
	return chart_print(out, memory, &text, &size, look->is_ascii);
}
