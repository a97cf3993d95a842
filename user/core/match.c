// SPDX-License-Identifier: GPL-2.0-only
#include "core/match.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

struct match {
	struct match_request request;
	struct match_counts counts;
	/* A heap, the worst candidate at its root, until match_best sorts it. */
	struct match_candidate **best;
	size_t count;
	size_t room;
	bool is_sorted;
};

int match_new(const struct match_request *request, struct match **out)
{
	struct match *match = calloc(1, sizeof(*match));

	assert(request->limit);
	if (!match)
		return -ENOMEM;
	match->request = *request;
	*out = match;
	return 0;
}

void match_free(struct match *match)
{
	if (!match)
		return;
	/* A candidate lives in the arena of its descriptor. */
	for (size_t i = 0; i < match->count; i++)
		descriptor_free(match->best[i]->descriptor);
	free(match->best);
	free(match);
}

static struct slice line_of(const struct fact *fact)
{
	return slice_chomp(slice_of(fact->state == FACT_KNOWN ? fact->text : NULL));
}

static bool both_known_equal(const struct fact *a, const struct fact *b)
{
	return a->state == FACT_KNOWN && b->state == FACT_KNOWN &&
	       slice_equal(line_of(a), line_of(b));
}

/* Neither knows it, or both know the same; what could not be read is never the same. */
static bool same(const struct fact *a, const struct fact *b)
{
	return (a->state == FACT_UNKNOWN && b->state == FACT_UNKNOWN) || both_known_equal(a, b);
}

bool match_is_same(const struct descriptor *a, const struct descriptor *b)
{
	return both_known_equal(&a->host, &b->host) && both_known_equal(&a->device, &b->device);
}

static bool is_same_device(const struct descriptor *source, const struct match_candidate *candidate)
{
	const struct descriptor *dest = candidate->descriptor;

	return same(&source->device_api, &dest->device_api) &&
	       same(&source->vendor, &dest->vendor) && same(&source->device_id, &dest->device_id) &&
	       same(&source->driver, &dest->driver) &&
	       (candidate->create_type || same(&source->mdev_type, &dest->mdev_type));
}

static bool is_same_version(const struct descriptor *source, const struct descriptor *dest)
{
	return same(&source->interface_version, &dest->interface_version) &&
	       same(&source->version, &dest->version);
}

static int64_t free_instances(const struct descriptor *source, const struct descriptor *dest)
{
	for (size_t i = 0; source->mdev_type.state == FACT_KNOWN && i < dest->offered_type_count;
	     i++) {
		if (text_equal(dest->offered_types[i].type, source->mdev_type.text))
			return dest->offered_types[i].available_instances;
	}
	return -1;
}

static int order_of_names(const struct fact *a, const struct fact *b)
{
	return strcmp(a->state == FACT_KNOWN ? a->text : "", b->state == FACT_KNOWN ? b->text : "");
}

/* The one where it is true stands first. */
static int order_of_flags(bool a, bool b)
{
	return (int)b - (int)a;
}

int match_order(const struct match_candidate *a, const struct match_candidate *b)
{
	int order = order_of_flags(!a->is_self, !b->is_self);

	if (!order)
		order = order_of_flags(a->is_same_device, b->is_same_device);
	if (!order)
		order = (a->warning_count > b->warning_count) -
			(a->warning_count < b->warning_count);
	if (!order)
		order = order_of_flags(a->is_same_version, b->is_same_version);
	if (!order)
		order = (a->free_instances < b->free_instances) -
			(a->free_instances > b->free_instances);
	if (!order)
		order = order_of_names(&a->descriptor->host, &b->descriptor->host);
	if (!order)
		order = order_of_names(&a->descriptor->device, &b->descriptor->device);
	return order ? order : (a->serial > b->serial) - (a->serial < b->serial);
}

/* A candidate with text that is borrowed from the arguments. */
static struct match_candidate candidate_of(const struct match *match, const char *place,
					   struct descriptor *dest, const struct verdict *verdict)
{
	const struct descriptor *source = match->request.source;
	struct match_candidate candidate = {
		.descriptor = dest,
		.place = place,
		.is_self = match_is_same(source, dest),
		.is_same_version = is_same_version(source, dest),
		.free_instances = free_instances(source, dest),
		.create_type = *verdict->create_type ? verdict->create_type : NULL,
		.warning_count = verdict->warning_count,
		.serial = match->counts.considered,
	};

	candidate.is_same_device = is_same_device(source, &candidate);
	return candidate;
}

static int copy_warnings(struct match_candidate *candidate, const struct verdict *verdict)
{
	struct arena *arena = candidate->descriptor->arena;
	size_t kept = verdict->warning_count < VERDICT_WARNINGS ? verdict->warning_count
								: VERDICT_WARNINGS;

	candidate->warnings = arena_alloc(arena, kept * sizeof(*candidate->warnings));
	if (!candidate->warnings)
		return -ENOMEM;
	for (size_t i = 0; i < kept; i++) {
		candidate->warnings[i] = arena_strdup(arena, verdict->warnings[i]);
		if (!candidate->warnings[i])
			return -ENOMEM;
	}
	return 0;
}

/* The candidate in the arena of its own descriptor; NULL when memory is out. */
static struct match_candidate *settle_down(const struct match_candidate *candidate,
					   const struct verdict *verdict)
{
	struct arena *arena = candidate->descriptor->arena;
	struct match_candidate *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *candidate;
	copy->place = arena_strdup(arena, candidate->place);
	if (candidate->create_type)
		copy->create_type = arena_strdup(arena, candidate->create_type);
	if (!copy->place || (candidate->create_type && !copy->create_type) ||
	    copy_warnings(copy, verdict))
		return NULL;
	return copy;
}

static void swap(struct match_candidate **a, struct match_candidate **b)
{
	struct match_candidate *kept = *a;

	*a = *b;
	*b = kept;
}

static void sift_up(struct match *match, size_t at)
{
	while (at) {
		size_t parent = (at - 1) / 2;

		if (match_order(match->best[at], match->best[parent]) < 0)
			return;
		swap(&match->best[at], &match->best[parent]);
		at = parent;
	}
}

static void sift_down(struct match *match, size_t at)
{
	for (;;) {
		size_t worst = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < match->count;
		     child++) {
			if (match_order(match->best[child], match->best[worst]) > 0)
				worst = child;
		}
		if (worst == at)
			return;
		swap(&match->best[at], &match->best[worst]);
		at = worst;
	}
}

static int make_room(struct match *match)
{
	size_t room = match->room ? match->room * 2 : 16;
	struct match_candidate **best;

	if (match->count < match->room)
		return 0;
	best = reallocarray(match->best, room, sizeof(*best));
	if (!best)
		return -ENOMEM;
	match->best = best;
	match->room = room;
	return 0;
}

/* Takes the descriptor of @candidate when it gives 0; what it displaces is freed. */
static int keep(struct match *match, const struct match_candidate *candidate,
		const struct verdict *verdict)
{
	struct match_candidate *kept;

	if (match->count < match->request.limit && make_room(match))
		return -ENOMEM;
	kept = settle_down(candidate, verdict);
	if (!kept)
		return -ENOMEM;
	if (match->count < match->request.limit) {
		match->best[match->count++] = kept;
		sift_up(match, match->count - 1);
		return 0;
	}
	descriptor_free(match->best[0]->descriptor);
	match->best[0] = kept;
	sift_down(match, 0);
	return 0;
}

int match_consider(struct match *match, const char *place, struct descriptor *dest)
{
	const struct match_request *request = &match->request;
	struct match_candidate candidate;
	struct verdict verdict;
	int r;

	assert(!match->is_sorted);
	compare(request->policy, request->source, dest, &request->context, &verdict);
	match->counts.considered++;
	if (!match_is_fit(&verdict)) {
		match->counts.of[verdict.reason]++;
		descriptor_free(dest);
		return 0;
	}
	match->counts.fitting++;
	match->counts.of[MW_REASON_OK]++;
	candidate = candidate_of(match, place, dest, &verdict);
	if (match->count == request->limit && match_order(&candidate, match->best[0]) > 0) {
		descriptor_free(dest);
		return 0;
	}
	r = keep(match, &candidate, &verdict);
	if (r)
		descriptor_free(dest);
	return r;
}

void match_refuse(struct match *match, enum mw_reason reason)
{
	match->counts.considered++;
	match->counts.of[reason]++;
}

const struct match_counts *match_counts(const struct match *match)
{
	return &match->counts;
}

static int compare_candidates(const void *a, const void *b)
{
	return match_order(*(struct match_candidate *const *)a,
			   *(struct match_candidate *const *)b);
}

const struct match_candidate *const *match_best(struct match *match, size_t *count)
{
	if (match->count)
		qsort(match->best, match->count, sizeof(*match->best), compare_candidates);
	match->is_sorted = true;
	*count = match->count;
	return (const struct match_candidate *const *)match->best;
}

static bool stands_before(const struct match_counts *counts, enum mw_reason a, enum mw_reason b)
{
	if (counts->of[a] != counts->of[b])
		return counts->of[a] > counts->of[b];
	return strcmp(mw_reason_name(a), mw_reason_name(b)) < 0;
}

size_t match_reasons_sorted(const struct match_counts *counts,
			    enum mw_reason out[static MW_REASON_COUNT_])
{
	size_t count = 0;

	for (unsigned int i = MW_REASON_OK + 1; i < MW_REASON_COUNT_; i++) {
		enum mw_reason reason = (enum mw_reason)i;
		size_t at = count;

		if (!counts->of[reason])
			continue;
		for (; at && stands_before(counts, reason, out[at - 1]); at--)
			out[at] = out[at - 1];
		out[at] = reason;
		count++;
	}
	return count;
}
