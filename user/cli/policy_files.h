/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of `migwarden policy` share: a list of policies, each with its answer. */
#ifndef CLI_POLICY_FILES_H
#define CLI_POLICY_FILES_H

#include <stdbool.h>

#include "base/parse_error.h"
#include "cli/verb.h"

/* The options of all parts; each refuses what it does not have. */
struct policy_options {
	/* Of `lint`: where descriptors are; NULL. */
	const char *inventory;
	/* Of `test`: the cases, when not beside the policy; NULL. */
	const char *cases;
	bool is_json;
	char **files;
	int file_count;
};

/* The parts, each over all files. Give an enum exit_code: the worst of all. */
int policy_lint_run(const struct policy_options *options);
int policy_test_run(const struct policy_options *options);

/* policy_is_suite - whether it is called *.test.yaml; `policy test` over a folder skips those. */
bool policy_is_suite(const char *path);

#endif
