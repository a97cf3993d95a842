// SPDX-License-Identifier: GPL-2.0-only
/* migwarden match --matrix: who can go where. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/describe_text.h"
#include "cli/match_report.h"
#include "cli/text_table.h"
#include "cli/verb.h"
#include "config/json_text.h"

/* All of them are in memory, and judged against each other: 16 million pairs. */
#define DEVICES_MAX 4096u
/* More columns than this nobody reads: the table then has the totals of each row alone. */
#define GRID_MAX 64u

struct device {
	struct descriptor *descriptor;
	const char *place; /* in its arena */
};

/* What became of one source over all destinations. */
struct cell {
	enum mw_reason reason;
	bool is_self;
	bool is_fit;
	bool has_warnings;
};

struct matrix {
	const struct match_options *options;
	const struct policy *policy;
	struct device *devices;
	size_t count;
	struct cell *row; /* of the source that is judged */
	struct match_counts row_counts;
	struct match_counts counts; /* of all pairs, and what could not be read */
};

static void matrix_free(struct matrix *matrix)
{
	for (size_t i = 0; i < matrix->count; i++)
		descriptor_free(matrix->devices[i].descriptor);
	free(matrix->devices);
	free(matrix->row);
}

/* Takes the descriptor, also on failure. */
static int add_device(const char *place, struct descriptor *descriptor, void *data)
{
	struct matrix *matrix = data;
	const char *copy = arena_strdup(descriptor->arena, place);
	int r = copy ? descriptor_prepare(descriptor) : -ENOMEM;

	if (matrix->count == DEVICES_MAX) {
		fprintf(stderr,
			"migwarden match: expected at most %u devices for a matrix, got more: "
			"split "
			"the inventory, or ask for one --source\n",
			DEVICES_MAX);
		r = -E2BIG;
	}
	if (r) {
		descriptor_free(descriptor);
		return r;
	}
	matrix->devices[matrix->count++] = (struct device){descriptor, copy};
	return 0;
}

static void count_refused(enum mw_reason reason, void *data)
{
	struct matrix *matrix = data;

	matrix->counts.of[reason]++;
}

static struct cell judge_pair(const struct matrix *matrix, size_t from, size_t to)
{
	const struct descriptor *source = matrix->devices[from].descriptor;
	const struct descriptor *dest = matrix->devices[to].descriptor;
	struct verdict verdict;

	if (from == to || match_is_same(source, dest))
		return (struct cell){.is_self = true};
	compare(matrix->policy, source, dest, &matrix->options->context, &verdict);
	return (struct cell){
		.reason = verdict.reason,
		.is_fit = match_is_fit(&verdict),
		.has_warnings = verdict.warning_count,
	};
}

static void judge_row(struct matrix *matrix, size_t from)
{
	matrix->row_counts = (struct match_counts){0};
	for (size_t to = 0; to < matrix->count; to++) {
		struct cell cell = judge_pair(matrix, from, to);

		matrix->row[to] = cell;
		if (cell.is_self)
			continue;
		matrix->row_counts.considered++;
		matrix->row_counts.fitting += cell.is_fit;
		matrix->row_counts.of[cell.reason]++;
	}
	matrix->counts.considered += matrix->row_counts.considered;
	matrix->counts.fitting += matrix->row_counts.fitting;
	for (size_t i = 0; i < MW_REASON_COUNT_; i++)
		matrix->counts.of[i] += matrix->row_counts.of[i];
}

static char cell_sign(const struct cell *cell)
{
	if (cell->is_self)
		return '.';
	if (!cell->is_fit)
		return '-';
	return cell->has_warnings ? '!' : '+';
}

static int digits_of(size_t number)
{
	return snprintf(NULL, 0, "%zu", number);
}

/* The numbers of the columns, or the signs of the row, each as wide as the widest number. */
static const char *grid_text(struct arena *arena, const struct matrix *matrix, bool is_head)
{
	int width = digits_of(matrix->count);
	size_t size = ((size_t)width + 1) * matrix->count + 1;
	char *text = arena_alloc(arena, size);
	char *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < matrix->count; i++) {
		size_t left = size - (size_t)(at - text);

		at += is_head ? snprintf(at, left, "%*zu ", width, i + 1)
			      : snprintf(at, left, "%*c ", width, cell_sign(&matrix->row[i]));
	}
	if (at > text)
		at[-1] = '\0';
	return text;
}

/* The counts as match_print_reasons has them, as text. NULL: no memory. */
static const char *reasons_text(struct arena *arena, const struct match_counts *counts)
{
	AUTO_FREE char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	match_print_reasons(counts, stream);
	if (fclose(stream))
		return NULL;
	return arena_strdup(arena, text);
}

static int add_row(struct text_table *table, const struct matrix *matrix, size_t from)
{
	const struct descriptor *descriptor = matrix->devices[from].descriptor;
	bool all_fit = matrix->row_counts.fitting == matrix->row_counts.considered;
	struct arena *arena = table->arena;
	const char *const cells[] = {
		arena_printf(arena, "%zu", from + 1),
		matrix->count > GRID_MAX ? "" : grid_text(arena, matrix, false),
		describe_text_fact(arena, &descriptor->host),
		describe_text_fact(arena, &descriptor->device),
		describe_text_fact(arena, &descriptor->mdev_type),
		matrix->devices[from].place,
		arena_printf(arena, "%" PRIu64, matrix->row_counts.fitting),
		all_fit ? "" : reasons_text(arena, &matrix->row_counts),
	};

	return text_table_add(table, cells);
}

static int print_rows(struct matrix *matrix)
{
	AUTO_TEXT_TABLE struct text_table table = {0};
	int r = text_table_init(&table, TEXT_TABLE_COLUMNS_MAX);

	if (!r) {
		const char *const head[] = {
			"#",
			matrix->count > GRID_MAX ? "" : grid_text(table.arena, matrix, true),
			"HOST",
			"DEVICE",
			"TYPE",
			"PLACE",
			"FIT",
			"NOT",
		};

		r = text_table_add(&table, head);
	}
	for (size_t from = 0; !r && from < matrix->count; from++) {
		judge_row(matrix, from);
		r = add_row(&table, matrix, from);
	}
	if (!r)
		text_table_print(&table, 2, stdout);
	return r;
}

static int print_text(struct matrix *matrix)
{
	int r;

	printf("%zu device%s; row: source, column: destination", matrix->count,
	       matrix->count == 1 ? "" : "s");
	if (matrix->count > GRID_MAX)
		printf(" (no columns for more than %u devices)", GRID_MAX);
	puts("; + fits, ! fits with warnings, - does not, . the device itself");
	r = print_rows(matrix);
	if (r)
		return r;
	printf("%" PRIu64 " of %" PRIu64 " pairs fit; not: ", matrix->counts.fitting,
	       matrix->counts.considered);
	match_print_reasons(&matrix->counts, stdout);
	putchar('\n');
	return 0;
}

/* Adds @to to the list @key of @object, which begins with the first. */
static int add_index(json_t *object, const char *key, size_t to)
{
	json_t *list = json_object_get(object, key);

	if (!list) {
		list = json_array();
		if (json_object_set_new(object, key, list))
			return -ENOMEM;
	}
	return json_array_append_new(list, json_integer((json_int_t)to)) ? -ENOMEM : 0;
}

static json_t *row_to_json(const struct matrix *matrix, size_t from)
{
	AUTO_JSON json_t *object = json_pack("{s:I, s:[], s:[], s:{}}", "source", (json_int_t)from,
					     "fits", "with_warnings", "refused");
	int r = object ? 0 : -ENOMEM;

	for (size_t to = 0; !r && to < matrix->count; to++) {
		const struct cell *cell = &matrix->row[to];

		if (cell->is_self)
			continue;
		if (!cell->is_fit)
			r = add_index(json_object_get(object, "refused"),
				      mw_reason_name(cell->reason), to);
		else
			r = add_index(object, "fits", to);
		if (!r && cell->is_fit && cell->has_warnings)
			r = add_index(object, "with_warnings", to);
	}
	return r ? NULL : TAKE_PTR(object);
}

/* One element of a list that is written as it comes. */
static int write_element(json_t *element, bool is_first)
{
	AUTO_JSON json_t *owned = element;

	if (!owned)
		return -ENOMEM;
	fputs(is_first ? "\n    " : ",\n    ", stdout);
	json_dumpf(owned, stdout, JSON_COMPACT);
	return 0;
}

/* Row by row: the whole of a large matrix would take gigabytes. */
static int print_json(struct matrix *matrix)
{
	AUTO_JSON json_t *reasons = NULL;
	int r = 0;

	fputs("{\n  \"devices\": [", stdout);
	for (size_t i = 0; !r && i < matrix->count; i++) {
		const struct descriptor *descriptor = matrix->devices[i].descriptor;

		r = write_element(json_pack("{s:o, s:o, s:o, s:o}", "place",
					    json_text(matrix->devices[i].place), "host",
					    match_fact_to_json(&descriptor->host), "device",
					    match_fact_to_json(&descriptor->device), "mdev_type",
					    match_fact_to_json(&descriptor->mdev_type)),
				  !i);
	}
	fputs("\n  ],\n  \"rows\": [", stdout);
	for (size_t i = 0; !r && i < matrix->count; i++) {
		judge_row(matrix, i);
		r = write_element(row_to_json(matrix, i), !i);
	}
	reasons = r ? NULL : match_reasons_to_json(&matrix->counts);
	if (!reasons)
		return -ENOMEM;
	printf("\n  ],\n  \"pairs\": %" PRIu64 ",\n  \"fitting\": %" PRIu64 ",\n  \"reasons\": ",
	       matrix->counts.considered, matrix->counts.fitting);
	json_dumpf(reasons, stdout, 0);
	fputs("\n}\n", stdout);
	return 0;
}

static int fill(struct matrix *matrix, struct descriptor *source)
{
	struct match_walk walk = {
		.visit = add_device,
		.refuse = count_refused,
		.data = matrix,
	};
	const char *place = matrix->options->source;

	matrix->devices = calloc(DEVICES_MAX, sizeof(*matrix->devices));
	matrix->row = calloc(DEVICES_MAX, sizeof(*matrix->row));
	if (!matrix->devices || !matrix->row) {
		descriptor_free(source);
		return match_no_memory();
	}
	if (source && add_device(place, source, matrix))
		return match_no_memory();
	return match_walk_inventory(matrix->options->inventory, &walk);
}

int match_matrix(const struct match_options *options, const struct policy *policy,
		 struct descriptor *source)
{
	__attribute__((cleanup(matrix_free))) struct matrix matrix = {
		.options = options,
		.policy = policy,
	};
	int r = fill(&matrix, source);

	if (r)
		return r;
	if (options->is_json ? print_json(&matrix) : print_text(&matrix))
		return match_no_memory();
	return matrix.counts.fitting ? EXIT_YES : EXIT_NO;
}
