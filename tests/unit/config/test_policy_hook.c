// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/lint.h"

#define HEAD "schema: migwarden.policy/1\n"
#define RULES "rules: [{name: a}]\n"

static struct policy *policy;
static struct parse_error error;

static void tear_down(void)
{
	policy_free(policy);
}

TestSuite(policy_hook, .fini = tear_down);

static int read_back(const char *text)
{
	return policy_read_text("p.yaml", text, strlen(text), &policy, &error);
}

static void refused(const char *text, unsigned int line, unsigned int column, const char *why)
{
	cr_assert_neq(read_back(text), 0, "it was read: %s", text);
	cr_assert_null(policy);
	cr_assert_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_assert_eq(error.column, column, "%u: %s", error.column, error.text);
	cr_assert_not_null(strstr(error.text, why), "%s", error.text);
}

Test(policy_hook, a_policy_that_says_nothing_trusts_nobody)
{
	cr_assert_eq(read_back(HEAD RULES), 0);
	cr_assert_eq(policy->trust_count, 0);
	cr_assert_eq(policy->hook[HOOK_UNSIGNED].value, MW_ACTION_DENY);
	cr_assert_eq(policy->hook[HOOK_STAMP_MAX_AGE].value, 86400);
	cr_assert_eq(policy->hook[HOOK_REMAP].value, REMAP_OFF);
	cr_assert_eq(policy->hook[HOOK_WITHOUT_DAEMON].value, MW_ACTION_DENY);
	cr_assert_eq(policy->hook[HOOK_RESTORE].value, RESTORE_ALLOW);
}

Test(policy_hook, every_key_is_read_with_its_place)
{
	cr_assert_eq(read_back(HEAD "trust: [/a.pub, /b.pub]\nunsigned: audit\n"
				    "stamp-max-age: 2h\nremap: create\n"
				    "hook-without-daemon: allow\nrestore: judge\n"
				    "admission-ttl: 4h\n" RULES),
		     0, "%s", error.text);
	cr_assert_eq(policy->trust_count, 2);
	cr_assert_str_eq(policy->trust[1].path, "/b.pub");
	cr_assert_eq(policy->trust[1].position.line, 2);
	cr_assert_eq(policy->hook[HOOK_UNSIGNED].value, MW_ACTION_AUDIT);
	cr_assert_eq(policy->hook[HOOK_STAMP_MAX_AGE].value, 7200);
	cr_assert_eq(policy->hook[HOOK_STAMP_MAX_AGE].position.line, 4);
	cr_assert_eq(policy->hook[HOOK_REMAP].value, REMAP_CREATE);
	cr_assert_eq(policy->hook[HOOK_WITHOUT_DAEMON].value, MW_ACTION_ALLOW);
	cr_assert_eq(policy->hook[HOOK_RESTORE].value, RESTORE_JUDGE);
	cr_assert_eq(policy->hook[HOOK_ADMISSION_TTL].value, 14400);
}

Test(policy_hook, what_is_shown_reads_back_to_the_same)
{
	char *first, *second;

	cr_assert_eq(read_back(HEAD "trust: [/a.pub]\nunsigned: audit\nstamp-max-age: 90min\n"
				    "remap: uuid\nhook-without-daemon: deny\nrestore: judge\n"
				    "admission-ttl: 10min\n" RULES),
		     0);
	first = policy_to_yaml(policy);
	policy_free(policy);
	policy = NULL;
	cr_assert_eq(read_back(first), 0, "%s", error.text);
	second = policy_to_yaml(policy);
	cr_assert_str_eq(first, second);
	cr_assert_not_null(strstr(first, "\nstamp-max-age: 90min\n"), "%s", first);
	free(first);
	free(second);
}

Test(policy_hook, a_word_that_is_none_is_refused_with_its_place)
{
	refused(HEAD "unsigned: maybe\n" RULES, 2, 11, "expected one of allow, deny, audit");
	refused(HEAD "remap: true\n" RULES, 2, 8, "expected one of off, uuid, create");
	refused(HEAD "hook-without-daemon: audit\n" RULES, 2, 22, "expected one of allow, deny");
	refused(HEAD "restore: deny\n" RULES, 2, 10, "expected one of allow, judge");
	refused(HEAD "stamp-max-age: 10\n" RULES, 2, 16, "expected an age");
	refused(HEAD "admission-ttl: 0s\n" RULES, 2, 16, "expected a time of 1s to 1d");
	refused(HEAD "admission-ttl: 25h\n" RULES, 2, 16, "expected a time of 1s to 1d");
}

Test(policy_hook, key_files_stand_once_each_and_begin_at_the_root)
{
	refused(HEAD "trust: /a.pub\n" RULES, 2, 8, "expected files of public keys (a list)");
	refused(HEAD "trust: [a.pub]\n" RULES, 2, 9, "expected a path from / on");
	refused(HEAD "trust: [/a.pub, /a.pub]\n" RULES, 2, 17, "expected each file once");
}

Test(policy_hook, lint_names_what_weakens_it)
{
	struct lint *lint = lint_new();
	const struct lint_finding *findings;
	size_t count;

	cr_assert_eq(read_back(HEAD "unsigned: allow\nhook-without-daemon: allow\n" RULES), 0);
	cr_assert_eq(lint_policy(lint, policy), 0);
	findings = lint_findings(lint, &count);
	cr_assert_eq(count, 2);
	cr_assert_eq(findings[0].code, LINT_WEAK_REQUIREMENT);
	cr_assert_eq(findings[0].position.line, 2);
	cr_assert_eq(findings[1].position.line, 3);
	lint_free(lint);
}
