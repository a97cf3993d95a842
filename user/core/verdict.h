/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The answer to "may this device become that one": one action, one reason, and what a person needs
 * to understand it (SEMANTICS 0 "Explain"). Data only; prose and JSON are made at the edge.
 */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/policy.h"
#include "migwarden/reason.h"

#define VERDICT_VALUE_BYTES 256
#define VERDICT_HINT_BYTES 256
#define VERDICT_NOTE_BYTES 192
#define VERDICT_WARNINGS 16

enum stage_result {
	STAGE_NOT_EVALUATED,
	STAGE_PASSED,
	STAGE_PASSED_WITH_WARNING,
	STAGE_SKIPPED, /* nothing to compare by rule, e.g. no mdev on both sides */
	STAGE_FAILED,
};

struct verdict {
	enum mw_action action;
	enum mw_reason reason;
	/* The stage that failed; MW_STAGE_NONE when none did. */
	enum mw_stage stage;
	enum stage_result stages[MW_STAGE_COUNT_];

	/* What was compared when it failed (or the version when all passed): "" when nothing was.
	 */
	const char *comparator; /* static; NULL when none ran */
	const char *direction;  /* static; NULL unless a list was read */
	bool has_source_value;
	bool has_dest_value;
	char source_value[VERDICT_VALUE_BYTES]; /* cut with "…" when longer */
	char dest_value[VERDICT_VALUE_BYTES];
	/* Which field: "mdev_type", "attributes.aggregator", … static or borrowed from the inputs.
	 */
	char field[VERDICT_NOTE_BYTES];

	/* The rule that decided; NULL when none matched or the built-in default did. */
	const struct rule *rule;
	const char *policy_file; /* borrowed from the policy */
	struct position position;

	char hint[VERDICT_HINT_BYTES];
	/*
	 * The source's type, where the destination is of another and its parent has a free instance
	 * of this one (SEMANTICS 2.10): what to create, whether that is the answer or, for a device
	 * that is there already, the way out of a refusal; else "".
	 */
	char create_type[VERDICT_NOTE_BYTES];

	char warnings[VERDICT_WARNINGS][VERDICT_NOTE_BYTES];
	size_t warning_count; /* may exceed VERDICT_WARNINGS: the rest was not kept, only counted */
};

#endif
