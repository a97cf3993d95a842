// SPDX-License-Identifier: GPL-2.0-only
/* migwarden match --source: the candidates for one device. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "cli/describe_text.h"
#include "cli/match_report.h"
#include "cli/text_table.h"
#include "cli/verb.h"
#include "config/json_text.h"

static int consider(const char *place, struct descriptor *descriptor, void *data)
{
	return match_consider(data, place, descriptor);
}

static void count(enum mw_reason reason, void *data)
{
	match_refuse(data, reason);
}

static const struct fact *version_of(const struct descriptor *descriptor)
{
	return descriptor->interface_version.state != FACT_UNKNOWN ? &descriptor->interface_version
								   : &descriptor->version;
}

/* What a person should know of it before it is taken. */
static const char *notes_text(struct arena *arena, const struct match_candidate *candidate)
{
	const char *warnings = "";

	if (candidate->warning_count)
		warnings = arena_printf(arena, "%zu warning%s", candidate->warning_count,
					candidate->warning_count == 1 ? "" : "s");
	return arena_printf(arena, "%s%s%s%s%s", candidate->is_self ? "the source itself, " : "",
			    candidate->is_same_device ? "same device" : "another device",
			    candidate->create_type ? ", to be created" : "", *warnings ? ", " : "",
			    warnings);
}

static int add_line(struct text_table *table, size_t rank, const struct match_candidate *candidate)
{
	const struct descriptor *descriptor = candidate->descriptor;
	struct arena *arena = table->arena;
	const char *const cells[] = {
		arena_printf(arena, "%zu", rank),
		describe_text_fact(arena, &descriptor->host),
		describe_text_fact(arena, &descriptor->device),
		candidate->create_type ? candidate->create_type
				       : describe_text_fact(arena, &descriptor->mdev_type),
		describe_text_fact(arena, version_of(descriptor)),
		candidate->free_instances < 0
			? "-"
			: arena_printf(arena, "%" PRId64, candidate->free_instances),
		candidate->place,
		notes_text(arena, candidate),
	};

	return text_table_add(table, cells);
}

static int print_table(const struct match_candidate *const *best, size_t shown)
{
	static const char *const head[] = {"#",       "HOST", "DEVICE", "TYPE",
					   "VERSION", "FREE", "PLACE",  "NOTES"};
	AUTO_TEXT_TABLE struct text_table table = {0};
	int r = text_table_init(&table, ARRAY_SIZE(head));

	if (!r)
		r = text_table_add(&table, head);
	for (size_t i = 0; !r && i < shown; i++)
		r = add_line(&table, i + 1, best[i]);
	if (!r)
		text_table_print(&table, 2, stdout);
	return r;
}

static int print_text(struct match *match)
{
	const struct match_counts *counts = match_counts(match);
	size_t shown;
	const struct match_candidate *const *best = match_best(match, &shown);
	int r;

	if (!counts->considered) {
		puts("no candidate: the inventory is empty");
		return 0;
	}
	if (!counts->fitting) {
		fputs("no candidate: ", stdout);
		match_print_reasons(counts, stdout);
		putchar('\n');
		return 0;
	}
	printf("%" PRIu64 " of %" PRIu64 " fit, the best first", counts->fitting,
	       counts->considered);
	if (shown < counts->fitting)
		printf(" (%zu shown)", shown);
	puts(":");
	r = print_table(best, shown);
	if (!r && counts->fitting < counts->considered) {
		fputs("not: ", stdout);
		match_print_reasons(counts, stdout);
		putchar('\n');
	}
	return r;
}

static json_t *warnings_to_json(const struct match_candidate *candidate)
{
	AUTO_JSON json_t *list = json_array();

	for (size_t i = 0; i < candidate->warning_count && i < VERDICT_WARNINGS; i++)
		if (json_array_append_new(list, json_text(candidate->warnings[i])))
			return NULL;
	return TAKE_PTR(list);
}

static json_t *candidate_to_json(size_t rank, const struct match_candidate *candidate)
{
	const struct descriptor *descriptor = candidate->descriptor;

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:o}", "rank",
			 (json_int_t)rank, "place", json_text(candidate->place), "host",
			 match_fact_to_json(&descriptor->host), "device",
			 match_fact_to_json(&descriptor->device), "mdev_type",
			 match_fact_to_json(&descriptor->mdev_type), "create_type",
			 json_text(candidate->create_type), "version",
			 match_fact_to_json(version_of(descriptor)), "same_device",
			 candidate->is_same_device, "same_version", candidate->is_same_version,
			 "is_source", candidate->is_self, "free_instances",
			 candidate->free_instances < 0 ? json_null()
						       : json_integer(candidate->free_instances),
			 "warnings", warnings_to_json(candidate));
}

static int print_json(struct match *match, const struct descriptor *source)
{
	const struct match_counts *counts = match_counts(match);
	AUTO_JSON json_t *list = json_array();
	AUTO_JSON json_t *object = NULL;
	size_t shown;
	const struct match_candidate *const *best = match_best(match, &shown);

	for (size_t i = 0; i < shown; i++)
		if (json_array_append_new(list, candidate_to_json(i + 1, best[i])))
			return -ENOMEM;
	object = json_pack("{s:{s:o, s:o, s:o}, s:I, s:I, s:O, s:o}", "source", "host",
			   match_fact_to_json(&source->host), "device",
			   match_fact_to_json(&source->device), "mdev_type",
			   match_fact_to_json(&source->mdev_type), "considered",
			   (json_int_t)counts->considered, "fitting", (json_int_t)counts->fitting,
			   "candidates", list, "reasons", match_reasons_to_json(counts));
	if (!object)
		return -ENOMEM;
	/* What cannot be written is said by who flushes. */
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	return 0;
}

int match_candidates(const struct match_options *options, const struct policy *policy,
		     const struct descriptor *source)
{
	const struct match_request request = {
		.policy = policy,
		.source = source,
		.context = options->context,
		.limit = (size_t)options->limit,
	};
	AUTO_MATCH struct match *match = NULL;
	struct match_walk walk = {.visit = consider, .refuse = count};
	int r;

	if (match_new(&request, &match))
		return match_no_memory();
	walk.data = match;
	r = match_walk_inventory(options->inventory, &walk);
	if (r)
		return r;
	if (options->is_json ? print_json(match, source) : print_text(match))
		return match_no_memory();
	return match_counts(match)->fitting ? EXIT_YES : EXIT_NO;
}
