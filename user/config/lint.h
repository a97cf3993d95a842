/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be loaded and is still not what somebody meant: policies that say nothing, and
 * descriptors whose vendor publishes what no policy can use (SEMANTICS 2.4, 2.6, 2.9, 2.10, 2.14).
 */
#ifndef CONFIG_LINT_H
#define CONFIG_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/descriptor.h"
#include "core/policy.h"

/* The stable code, and whether it is a matter of taste (which alone is no defect). */
#define LINT_CODES(X)                                              \
	X(MATCHES_NOTHING, "matches-nothing", false)               \
	X(NO_EFFECT, "no-effect", false)                           \
	X(WEAK_REQUIREMENT, "weak-requirement", false)             \
	X(TEMPLATE_MALFORMED, "template-malformed", false)         \
	X(DEAD_BINDING, "dead-binding", false)                     \
	X(SPARSE_LIST, "sparse-list", false)                       \
	X(SINGLE_ITEM, "single-item", true)                        \
	X(RANGE_MALFORMED, "range-malformed", false)               \
	X(NOT_SYSFS_SHAPED, "not-sysfs-shaped", false)             \
	X(TYPE_NOT_AUTHORITATIVE, "type-not-authoritative", false) \
	X(TYPE_WITHOUT_DRIVER, "type-without-driver", true)        \
	X(VERSION_IN_TYPE, "version-in-type", true)

enum lint_code {
#define X(id, name, is_style) LINT_##id,
	LINT_CODES(X)
#undef X
};

struct lint_finding {
	enum lint_code code;
	const char *file;
	struct position position; /* line 0: the file as a whole */
	const char *text;
};

/* One run over any number of policies and descriptors. */
struct lint;

/* lint_new - NULL when memory is out. */
struct lint *lint_new(void);

/* lint_free - frees it with all its text; NULL is fine. */
void lint_free(struct lint *lint);

/* lint_policy, lint_descriptor - add what they find, in file order. 0 or -ENOMEM. */
int lint_policy(struct lint *lint, const struct policy *policy);
int lint_descriptor(struct lint *lint, const char *place, const struct descriptor *descriptor);

/* lint_finish - adds what only all descriptors together show. 0 or -ENOMEM. */
int lint_finish(struct lint *lint);

/* lint_findings - all so far; borrowed. */
const struct lint_finding *lint_findings(const struct lint *lint, size_t *count);

/* lint_code_name, lint_code_is_style - of the table above. */
const char *lint_code_name(enum lint_code code);
bool lint_code_is_style(enum lint_code code);

#endif
