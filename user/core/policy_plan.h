/* SPDX-License-Identifier: GPL-2.0-only */
/* What policy_compile makes of a rule, and how a rule's `match` is judged; for the core's files. */
#ifndef CORE_POLICY_PLAN_H
#define CORE_POLICY_PLAN_H

#include "base/text.h"
#include "core/descriptor.h"
#include "core/policy.h"

enum glob_kind {
	GLOB_ANYTHING, /* no pattern: matches what is not known, too */
	GLOB_LITERAL,
	GLOB_PREFIX, /* "i915-*" */
	GLOB_FNMATCH,
};

struct glob {
	enum glob_kind kind;
	const char *pattern;
	size_t length; /* of the literal or the prefix */
};

/* The fields of `match`, the one that tells rules apart soonest first. */
enum match_field {
	MATCH_MDEV_TYPE,
	MATCH_VENDOR,
	MATCH_DEVICE_ID,
	MATCH_DRIVER,
	MATCH_DEVICE_API,
	MATCH_DEVICE,
	MATCH_FIELDS_,
};

struct rule_plan {
	struct glob globs[MATCH_FIELDS_];
	/* The fields that `match` names. */
	enum match_field named[MATCH_FIELDS_];
	unsigned int named_count;
	/* The attribute rules by name (strcmp). */
	const struct attribute_rule **attributes;
};

/* glob_of - how a pattern (NULL: anything) is best matched. Borrows it. */
struct glob glob_of(const char *pattern);

/* glob_matches - as fnmatch(3) without flags; @value is terminated. */
bool glob_matches(const struct glob *glob, struct slice value);

/* match_pattern - the pattern of one field of `match`; NULL when the rule does not name it. */
const char *match_pattern(const struct rule_match *match, enum match_field field);

/* match_field_name - "mdev_type" and so on. Static. */
const char *match_field_name(enum match_field field);

/* match_fact - what the field of `match` is tried on. */
const struct fact *match_fact(const struct descriptor *source, enum match_field field);

enum match_answer {
	MATCH_NO,
	MATCH_YES,
	/* The rule asks for a fact that could not be read, and nothing else rules it out. */
	MATCH_UNREADABLE,
};

/* The facts of a source that `match` can ask for, taken out once for all rules. */
struct match_subject {
	enum fact_state states[MATCH_FIELDS_];
	struct slice values[MATCH_FIELDS_];
};

/* match_subject_of - `pci` is read as vfio-pci (SEMANTICS 2.8). Borrows from @source. */
struct match_subject match_subject_of(const struct descriptor *source);

/*
 * rule_matches - whether the rule's `match` fits. A fact that is not known matches no pattern, not
 * even "*". *field says which one was unreadable.
 */
enum match_answer rule_matches(const struct rule *rule, const struct match_subject *subject,
			       enum match_field *field);

/* match_fits - the same of a `match` that no plan was made of. */
enum match_answer match_fits(const struct rule_match *match, const struct match_subject *subject,
			     enum match_field *field);

#endif
