/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of many devices one may become: the best of them in order, and why not the rest. Keeps the
 * best and counts, nothing else: memory does not grow with what was refused.
 */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compare.h"
#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"

/*
 * What the order goes by, the first difference decides:
 *   1. a device that is not the source itself before the source
 *   2. the same device (API, vendor, device id, driver and type, or the type that would be
 *      created) before another that the policy lets pass
 *   3. fewer warnings
 *   4. the same version, as text, before another that the policy lets pass
 *   5. more free instances of the source's type; not known is fewer than none
 *   6. host, then device, by name; not known is before all
 *   7. the order in which they were read
 */
struct match_candidate {
	struct descriptor *descriptor; /* owns all text here */
	const char *place;
	bool is_self;
	bool is_same_device;
	bool is_same_version;
	int64_t free_instances;  /* of the source's type; -1 when not known */
	const char *create_type; /* SEMANTICS 2.10; NULL when the device is entered as it is */
	/* As in the verdict: of more than VERDICT_WARNINGS the rest has no text. */
	const char **warnings;
	size_t warning_count;
	uint64_t serial; /* from 1, in the order of reading */
};

/* Why not, or ok: how many of each. */
struct match_counts {
	uint64_t considered;
	uint64_t fitting;
	uint64_t of[MW_REASON_COUNT_];
};

struct match_request {
	const struct policy *policy;
	const struct descriptor *source;
	struct compare_context context;
	size_t limit; /* candidates to keep, from 1 */
};

struct match;

/* match_new - @request's pointers are borrowed until match_free. 0 or -ENOMEM. */
int match_new(const struct match_request *request, struct match **out);

/* match_free - with the candidates; NULL is fine. */
void match_free(struct match *match);

#define AUTO_MATCH __attribute__((cleanup(match_free_ptr)))
static inline void match_free_ptr(struct match **match)
{
	match_free(*match);
}

/*
 * match_consider - judges @dest, which becomes its own also on failure. @place names it for people.
 * 0 or -ENOMEM (it is counted, but not kept).
 */
int match_consider(struct match *match, const char *place, struct descriptor *dest);

/* match_refuse - counts one that could not be judged. */
void match_refuse(struct match *match, enum mw_reason reason);

/* match_counts - so far; borrowed. */
const struct match_counts *match_counts(const struct match *match);

/* match_best - the candidates, best first; borrowed. Ends the match: none can be considered then.
 */
const struct match_candidate *const *match_best(struct match *match, size_t *count);

/*
 * match_order - below or above 0 as @a stands before or behind @b; never 0 for two that one match
 * has read.
 */
int match_order(const struct match_candidate *a, const struct match_candidate *b);

/* match_is_fit - whether the verdict says compatible, as `check` does (SEMANTICS 5). */
static inline bool match_is_fit(const struct verdict *verdict)
{
	return verdict->reason == MW_REASON_OK && verdict->action != MW_ACTION_DENY;
}

/* match_is_same - whether both are one device: host and device are known, and equal. */
bool match_is_same(const struct descriptor *a, const struct descriptor *b);

/*
 * match_reasons_sorted - the reasons other than ok that were counted, the most frequent first, then
 * by name, into @out. Gives how many.
 */
size_t match_reasons_sorted(const struct match_counts *counts,
			    enum mw_reason out[static MW_REASON_COUNT_]);

#endif
