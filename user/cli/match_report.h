/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two forms of `migwarden match` share: the options, and how an inventory is walked. */
#ifndef CLI_MATCH_REPORT_H
#define CLI_MATCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "config/collection.h"
#include "core/match.h"

struct match_options {
	const char *source;
	const char *inventory;
	const char *policy;
	struct compare_context context;
	long limit;
	bool is_matrix;
	bool is_json;
	bool is_help;
};

/* An inventory while it is walked: counted are those that could be read, and those that could not.
 */
struct match_walk {
	uint64_t readable;
	uint64_t unreadable;
	collection_visitor visit;
	void (*refuse)(enum mw_reason reason, void *data);
	void *data;
};

/*
 * match_walk_inventory - hands each descriptor to walk->visit, says on stderr what cannot be read
 * and counts it with walk->refuse. Gives EXIT_YES; EXIT_BAD, said why, when nothing could be read.
 */
int match_walk_inventory(const char *inventory, struct match_walk *walk);

/* match_candidates, match_matrix - the two forms. @source may be NULL for the matrix. */
int match_candidates(const struct match_options *options, const struct policy *policy,
		     const struct descriptor *source);
int match_matrix(const struct match_options *options, const struct policy *policy,
		 struct descriptor *source);

/* match_print_reasons - "412 type-mismatch, 31 version-not-listed"; "nothing" without any. */
void match_print_reasons(const struct match_counts *counts, FILE *out);

/* match_reasons_to_json - the same as an object. A new reference, or NULL (no memory). */
json_t *match_reasons_to_json(const struct match_counts *counts);

/* match_fact_to_json - its text; null when it is not known or could not be read. */
json_t *match_fact_to_json(const struct fact *fact);

/* match_no_memory - says so. Gives EXIT_BAD. */
int match_no_memory(void);

#endif
