// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/report_chart.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "base/utf8.h"
#include "sinks/report_words.h"

#define COLUMNS_MAX 512

/* What a cell of a row shows; where several lie in one, the largest. */
enum cell {
	CELL_NONE,
	CELL_WAIT,
	CELL_ARC,
	CELL_DATA,
	CELL_COUNT_,
};

static const char *const cell_text[CELL_COUNT_] = {" ", "░", "▓", "█"};

/* One for one, so that columns stay where they are. */
static const struct {
	const char *text;
	char ascii;
} translations[] = {
	{"µ", 'u'}, {"→", '>'}, {"…", '~'}, {"█", '#'}, {"▓", '='}, {"░", '.'},
	{"━", '-'}, {"▁", '_'}, {"▂", '.'}, {"▃", '-'}, {"▄", '+'}, {"▅", 'o'},
	{"▆", '*'}, {"▇", 'O'}, {"×", 'x'}, {"–", '-'},
};

static char to_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(translations); i++)
		if (strlen(translations[i].text) == length &&
		    !memcmp(translations[i].text, text, length))
			return translations[i].ascii;
	return '?';
}

static void put_ascii(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t length = utf8_length(text + i, size - i);

		putc(length > 1 ? to_ascii(text + i, length) : text[i], out);
		i += length ? length : 1;
	}
}

int chart_print(FILE *out, FILE *memory, char *const *text, const size_t *size, bool is_ascii)
{
	bool failed = ferror(memory);

	if (fclose(memory) || failed)
		return -ENOMEM;
	if (is_ascii)
		put_ascii(out, *text, *size);
	else
		fwrite(*text, 1, *size, out);
	return 0;
}

unsigned int chart_columns(const char *text, size_t length)
{
	unsigned int columns = 0;

	/* The first byte of each character. */
	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static void blanks(FILE *out, unsigned int used, unsigned int columns)
{
	for (; used < columns; used++)
		putc(' ', out);
}

void chart_left(FILE *out, const char *text, unsigned int columns)
{
	fputs(text, out);
	blanks(out, chart_columns(text, strlen(text)), columns);
}

void chart_right(FILE *out, const char *text, unsigned int columns)
{
	blanks(out, chart_columns(text, strlen(text)), columns);
	fputs(text, out);
}

void chart_bar(FILE *out, uint64_t part, uint64_t whole, unsigned int columns)
{
	unsigned int length = 0;

	if (whole)
		length = (unsigned int)((double)part / (double)whole * columns + 0.5);
	if (part && !length)
		length = 1;
	for (unsigned int i = 0; i < length && i < columns; i++)
		fputs("█", out);
}

/* The column of a time: the last for the end of the span. */
static unsigned int column_of(const struct chart *chart, uint64_t time_ns)
{
	double share =
		(double)(time_ns - chart->begin_ns) / (double)(chart->end_ns - chart->begin_ns);
	unsigned int column = (unsigned int)(share * chart->columns);

	return column < chart->columns ? column : chart->columns - 1;
}

static bool is_in(const struct chart *chart, uint64_t begin_ns, uint64_t end_ns)
{
	return begin_ns < chart->end_ns && end_ns > chart->begin_ns;
}

static enum cell cell_of(const struct stretch *stretch)
{
	switch ((enum stretch_kind)stretch->kind) {
	case STRETCH_ARC:
		return CELL_ARC;
	case STRETCH_DATA:
		return CELL_DATA;
	case STRETCH_WAIT:
		return CELL_WAIT;
	case STRETCH_COUNT_:
		break;
	}
	return CELL_NONE;
}

/* From begin to end, one cell at least: what is short is seen all the same. */
static void fill(const struct chart *chart, unsigned char cells[static COLUMNS_MAX],
		 uint64_t begin_ns, uint64_t end_ns, enum cell cell)
{
	unsigned int from, to;

	begin_ns = begin_ns < chart->begin_ns ? chart->begin_ns : begin_ns;
	end_ns = end_ns > chart->end_ns ? chart->end_ns : end_ns;
	from = column_of(chart, begin_ns);
	to = column_of(chart, end_ns);
	/* The cell where it ends is the next one's, unless it is the only one. */
	if (to > from && end_ns < chart->end_ns)
		to--;
	for (unsigned int i = from; i <= to; i++)
		if (cells[i] < cell)
			cells[i] = (unsigned char)cell;
}

static void print_cells(FILE *out, const struct chart *chart,
			const unsigned char cells[static COLUMNS_MAX])
{
	for (unsigned int i = 0; i < chart->columns; i++)
		fputs(cell_text[cells[i]], out);
}

static struct chart bounded(const struct chart *chart)
{
	struct chart copy = *chart;

	if (copy.columns > COLUMNS_MAX)
		copy.columns = COLUMNS_MAX;
	return copy;
}

void chart_axis(FILE *out, const struct chart *wanted)
{
	struct chart chart = bounded(wanted);
	char begin[UNITS_TEXT_BYTES], end[UNITS_TEXT_BYTES];
	unsigned int used;

	format_duration(chart.begin_ns - chart.anatomy->begin_ns, begin);
	format_duration(chart.end_ns - chart.anatomy->begin_ns, end);
	used = chart_columns(begin, strlen(begin));
	fputs("  ", out);
	blanks(out, 0, chart.label_columns);
	fputs(begin, out);
	chart_right(out, end, chart.columns - used);
	putc('\n', out);
}

uint64_t chart_overlap(const struct stretch *stretch, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t begin = stretch->begin_ns < begin_ns ? begin_ns : stretch->begin_ns;
	uint64_t end = stretch->end_ns > end_ns ? end_ns : stretch->end_ns;

	return end > begin ? end - begin : 0;
}

static void print_row(FILE *out, const struct chart *chart, const struct report_row *row)
{
	const struct anatomy *anatomy = chart->anatomy;
	unsigned char cells[COLUMNS_MAX] = {0};
	char label[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES];
	uint64_t ns = 0;

	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];

		if (!report_row_has(row, stretch) ||
		    !is_in(chart, stretch->begin_ns, stretch->end_ns))
			continue;
		fill(chart, cells, stretch->begin_ns, stretch->end_ns, cell_of(stretch));
		ns += chart_overlap(stretch, chart->begin_ns, chart->end_ns);
	}
	if (!ns)
		return;
	fputs("  ", out);
	chart_left(out, report_stretch_label(row->first, label), chart->label_columns);
	print_cells(out, chart, cells);
	chart_right(out, format_duration(ns, time), chart->time_columns + 1);
	putc('\n', out);
}

void chart_item(FILE *out, const struct chart *wanted, uint32_t item)
{
	struct chart chart = bounded(wanted);
	struct report_row rows[REPORT_ROWS_MAX];
	size_t count = report_rows(chart.anatomy, item, rows);

	for (size_t i = 0; i < count; i++)
		print_row(out, &chart, &rows[i]);
}

void chart_blackout(FILE *out, const struct chart *wanted)
{
	struct chart chart = bounded(wanted);
	const struct anatomy *anatomy = chart.anatomy;
	unsigned char cells[COLUMNS_MAX] = {0};
	char time[UNITS_TEXT_BYTES];

	if (!anatomy->has_blackout)
		return;
	fill(&chart, cells, anatomy->blackout_begin_ns, anatomy->blackout_end_ns, CELL_DATA);
	fputs("  ", out);
	chart_left(out, anatomy->is_open ? "blackout, no end seen" : "blackout",
		   chart.label_columns);
	for (unsigned int i = 0; i < chart.columns; i++)
		fputs(cells[i] ? "━" : " ", out);
	chart_right(out, format_duration(anatomy_blackout_ns(anatomy), time),
		    chart.time_columns + 1);
	putc('\n', out);
}

uint64_t chart_sample(const struct session_sample *sample, bool is_precopy)
{
	uint64_t sum;

	if (!is_precopy)
		return sample->bytes;
	return __builtin_add_overflow(sample->bytes, sample->dirty_bytes, &sum) ? UINT64_MAX : sum;
}

/* The newest sample at or before each column's end; eight heights. */
const char *chart_curve(const struct session_series *series, bool is_precopy,
			char out[static CHART_CURVE_BYTES])
{
	static const char *const heights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	const size_t top = ARRAY_SIZE(heights) - 1;
	uint64_t begin = series->items[0].time_ns, end = series->last.time_ns, highest = 1;
	unsigned int columns =
		series->count < CHART_CURVE_COLUMNS ? series->count : CHART_CURVE_COLUMNS;
	uint32_t newest = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < series->count; i++)
		if (chart_sample(&series->items[i], is_precopy) > highest)
			highest = chart_sample(&series->items[i], is_precopy);
	for (unsigned int column = 0; column < columns; column++) {
		double until =
			(double)begin + ((double)end - (double)begin) * (column + 1) / columns;
		double share;
		size_t height;

		while (newest + 1 < series->count &&
		       (double)series->items[newest + 1].time_ns <= until)
			newest++;
		share = (double)chart_sample(&series->items[newest], is_precopy) / (double)highest;
		height = (size_t)(share * (double)top + 0.5);
		strcat(out, heights[height < ARRAY_SIZE(heights) ? height : 0]);
	}
	return out;
}
