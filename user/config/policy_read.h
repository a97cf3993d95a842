/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables behind policy_read_file, for the schema and the writer. */
#ifndef CONFIG_POLICY_READ_H
#define CONFIG_POLICY_READ_H

#include "config/input.h"
#include "config/reading.h"
#include "core/policy.h"

/* The keys of a policy, then of what lies in it; the parts end with NULL. */
extern const struct mapping policy_mapping;
extern const struct mapping *const policy_parts[];

/* The words of a policy file, with the enum values of core/policy.h. */
extern const struct choice choices_mode[];
extern const struct choice choices_bypass[];
extern const struct choice choices_action[];
extern const struct choice choices_unconstrained[];
extern const struct choice choices_version_comparator[];
extern const struct choice choices_attribute_comparator[];
extern const struct choice choices_direction[];

/*
 * policy_read_part - one file of a policy into @policy, which is fresh (its arena, and the defaults
 * that are to hold). Checks and compiles nothing. @is_whole: its
 * `rules` may not be missing. Gives 0, -EINVAL with @error, -ENOMEM.
 */
int policy_read_part(const struct input *input, bool is_whole, struct policy *policy,
		     struct parse_error *error);

/* policy_finish - policy_check, then policy_compile. */
int policy_finish(struct policy *policy, struct parse_error *error);

#endif
