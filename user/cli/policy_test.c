// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/policy_files.h"
#include "cli/verdict_text.h"
#include "config/config.h"
#include "config/json_text.h"
#include "config/policy_suite.h"

/* One policy with its cases, while they run. */
struct run {
	struct policy *policy;
	struct policy_suite *suite;
	/* Of each rule, how many cases it decided. */
	size_t *reached;
	size_t failed;
	json_t *cases; /* NULL: lines */
};

static void run_free(struct run *run)
{
	policy_free(run->policy);
	policy_suite_free(run->suite);
	free(run->reached);
	json_decref(run->cases);
}

#define AUTO_RUN __attribute__((cleanup(run_free)))

/* NAME.yaml, and the folder NAME, has its cases in NAME.test.yaml. malloc'ed, or NULL (no memory).
 */
static char *suite_path(const char *path)
{
	size_t length = strlen(path);
	char *suite;

	if (length > 5 && strcmp(path + length - 5, ".yaml") == 0)
		length -= 5;
	else if (length > 4 && strcmp(path + length - 4, ".yml") == 0)
		length -= 4;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return asprintf(&suite, "%.*s.test.yaml", (int)length, path) < 0 ? NULL : suite;
}

static void print_failure(const struct run *run, const struct policy_case *expected,
			  const struct verdict *got)
{
	fputs("fail ", stdout);
	text_print(expected->name, stdout);
	fputs(" (", stdout);
	text_print(run->suite->file, stdout);
	printf(":%u): expected %s %s", expected->position.line, mw_action_name(expected->verdict),
	       mw_reason_name(expected->reason));
	if (expected->stage != MW_STAGE_COUNT_)
		printf(" at %s", mw_stage_name(expected->stage));
	if (expected->rule) {
		fputs(" by ", stdout);
		text_print(expected->rule, stdout);
	}
	fputs("; got the verdict:\n", stdout);
	verdict_print(got, stdout);
}

static void report_case(struct run *run, const struct policy_case *expected,
			const struct verdict *got, bool is_pass)
{
	if (run->cases) {
		json_array_append_new(
			run->cases,
			json_pack("{s:o, s:i, s:b, s:s, s:s, s:o}", "name",
				  json_text(expected->name), "line", expected->position.line,
				  "pass", is_pass, "expected_verdict",
				  mw_action_name(expected->verdict), "expected_reason",
				  mw_reason_name(expected->reason), "got", verdict_to_json(got)));
	} else if (!is_pass) {
		print_failure(run, expected, got);
	}
}

static void run_cases(struct run *run)
{
	for (size_t i = 0; i < run->suite->case_count; i++) {
		const struct policy_case *policy_case = &run->suite->cases[i];
		struct verdict verdict;
		bool is_pass = policy_case_run(policy_case, run->policy, &verdict);

		if (verdict.rule)
			run->reached[verdict.rule - run->policy->rules]++;
		run->failed += !is_pass;
		report_case(run, policy_case, &verdict, is_pass);
	}
}

static void report_lines(const struct run *run)
{
	for (size_t i = 0; i < run->policy->rule_count; i++) {
		const struct rule *rule = &run->policy->rules[i];

		if (run->reached[i])
			continue;
		fputs("not reached by any case: rule ", stdout);
		text_print(rule->name, stdout);
		fputs(" (", stdout);
		text_print(rule->file ? rule->file : run->policy->file, stdout);
		printf(":%u)\n", rule->position.line);
	}
	text_print(run->policy->file, stdout);
	printf(": %zu cases, %zu failed\n", run->suite->case_count, run->failed);
}

static int report_json(const struct run *run, json_t *reports)
{
	AUTO_JSON json_t *unreached = json_array();

	for (size_t i = 0; i < run->policy->rule_count; i++)
		if (!run->reached[i])
			json_array_append_new(
				unreached, json_pack("{s:o, s:i}", "rule",
						     json_text(run->policy->rules[i].name), "line",
						     run->policy->rules[i].position.line));
	return json_array_append_new(reports, json_pack("{s:o, s:o, s:i, s:O, s:O}", "policy",
							json_text(run->policy->file), "suite",
							json_text(run->suite->file), "failed",
							(int)run->failed, "cases", run->cases,
							"not_reached", unreached));
}

static int test_file(const char *path, const char *cases, json_t *reports)
{
	AUTO_RUN struct run run = {.cases = reports ? json_array() : NULL};
	AUTO_FREE char *beside = cases ? strdup(cases) : suite_path(path);
	struct parse_error error = {0};
	int r = policy_read_path(path, &run.policy, &error);

	if (!beside)
		r = -ENOMEM;
	if (!r)
		r = policy_suite_read_file(beside, &run.suite, &error);
	if (r)
		return verb_refuse(&error);
	run.reached = calloc(run.policy->rule_count, sizeof(*run.reached));
	if (!run.reached)
		return EXIT_BAD;
	run_cases(&run);
	if (!reports)
		report_lines(&run);
	else if (report_json(&run, reports))
		return EXIT_BAD;
	return run.failed ? EXIT_NO : EXIT_YES;
}

int policy_test_run(const struct policy_options *options)
{
	AUTO_JSON json_t *reports = options->is_json ? json_array() : NULL;
	int code = EXIT_YES;

	for (int i = 0; i < options->file_count; i++) {
		int r;

		if (policy_is_suite(options->files[i]))
			continue;
		r = test_file(options->files[i], options->cases, reports);
		if (r > code)
			code = r;
	}
	if (reports) {
		json_dumpf(reports, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
	}
	return verb_flush(&verb_policy, code);
}
