/* SPDX-License-Identifier: GPL-2.0-only */
/* Two descriptors and a policy that pass every stage, for tests that spoil one thing. */
#ifndef TESTS_UNIT_CORE_PAIR_H
#define TESTS_UNIT_CORE_PAIR_H

#include "core/compare.h"

struct pair {
	struct descriptor *source;
	struct descriptor *dest;
	struct policy
		*policy; /* one rule, as policy_default, that stands on line 10 of test.yaml */
	struct rule *rule;
	struct compare_context context;
	struct verdict verdict;
};

/* Two i915-GVTg_V5_4 on the same kind of parent, all capabilities, no version, no attributes. */
struct pair pair_new(void);
void pair_free(struct pair *pair);

#define AUTO_PAIR __attribute__((cleanup(pair_free)))

/* Judges, plain and again with everything prepared: both have to say the same. Gives the reason. */
enum mw_reason pair_judge(struct pair *pair);

/* Sets facts of both sides; NULL leaves a side unknown. */
void pair_types(struct pair *pair, const char *source, const char *dest);
void pair_drivers(struct pair *pair, const char *source, const char *dest);
void pair_versions(struct pair *pair, const char *source, const char *dest);
void pair_opaque(struct pair *pair, const char *source, const char *dest);
void pair_attribute(struct pair *pair, const char *name, const char *source, const char *dest);
void set(struct descriptor *descriptor, struct fact *fact, const char *text);

/* Adds an attribute rule; its `separator` and `absent` may be NULL. */
void pair_attribute_rule(struct pair *pair, const char *name, enum comparator comparator,
			 const char *absent);
/* Adds an alias group of two drivers. */
void pair_alias(struct pair *pair, const char *vendor, const char *one, const char *other);
/* Lets the rule say `type: {cross: [[from, to]]}`. */
void pair_cross(struct pair *pair, const char *from, const char *to);

/* The whole file tests/golden/@name; to be freed. */
char *golden(const char *name);

#endif
