/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test cases of a policy: NAME.test.yaml beside NAME.yaml.
 *
 *   schema: migwarden.policy-test/1
 *   descriptors:                        # by name; `schema` may be left out
 *     small: {device_api: vfio-pci, mdev_type: mtty-1}
 *     large: {like: small, mdev_type: mtty-2}
 *   cases:
 *     - name: a port cannot be dropped on the way
 *       source: large                   # a name, a FILE.json beside this one, or a mapping
 *       dest: {like: large, driver: null}
 *       verdict: deny
 *       reason: type-mismatch
 *       stage: mdev_type                # these five may be left out
 *       rule: mtty
 *       devices: 2
 *       create: false                   # dest is entered as it is, none can be made
 *       now: "2026-11-20T12:00:00Z"     # without it, no age is checked
 *
 * `like` takes all of an earlier descriptor but the keys given; null removes one.
 */
#ifndef CONFIG_POLICY_SUITE_H
#define CONFIG_POLICY_SUITE_H

#include <stddef.h>

#include "base/parse_error.h"
#include "core/compare.h"

#define POLICY_SUITE_SCHEMA "migwarden.policy-test/1"

struct policy_case {
	const char *name;
	struct position position;
	struct descriptor *source;
	struct descriptor *dest;
	struct compare_context context;
	enum mw_action verdict;
	enum mw_reason reason;
	/* MW_STAGE_COUNT_ and NULL where the case does not say. */
	enum mw_stage stage;
	const char *rule;
};

struct policy_suite {
	struct arena *arena;
	const char *file;
	struct policy_case *cases;
	size_t case_count;
};

/* policy_suite_read_file - 0 and *out (the caller's); else as policy_read_file. */
int policy_suite_read_file(const char *path, struct policy_suite **out, struct parse_error *error);

/* policy_suite_free - NULL is fine. */
void policy_suite_free(struct policy_suite *suite);

#define AUTO_POLICY_SUITE __attribute__((cleanup(policy_suite_free_ptr)))
static inline void policy_suite_free_ptr(struct policy_suite **suite)
{
	policy_suite_free(*suite);
}

/*
 * policy_case_run - judges the pair under @policy into @verdict (which borrows from both). Gives
 * whether all that the case says is so.
 */
bool policy_case_run(const struct policy_case *policy_case, const struct policy *policy,
		     struct verdict *verdict);

#endif
