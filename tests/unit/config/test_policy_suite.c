// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/policy_suite.h"

#define HEAD "schema: migwarden.policy-test/1\n"
#define DEVICES                                                                                 \
	"descriptors:\n"                                                                        \
	"  one: {device_api: vfio-pci, driver: mtty, mdev_type: mtty-1, attributes: {a: x, b: " \
	"y},\n"                                                                                 \
	"        migration: {protocol: v2, capabilities: [stop-copy]}}\n"                       \
	"  two: {like: one, mdev_type: mtty-2, attributes: {b: null, c: z}}\n"
#define CASE(inner) HEAD DEVICES "cases:\n  - name: c\n" inner

static char folder[] = "/tmp/migwarden-suite-XXXXXX";
static struct parse_error error;
static char path[64];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/p.test.yaml", folder);
	error = (struct parse_error){0};
}

static void tear_down(void)
{
	char file[64];

	unlink(path);
	snprintf(file, sizeof(file), "%s/d.json", folder);
	unlink(file);
	rmdir(folder);
}

TestSuite(policy_suite, .init = set_up, .fini = tear_down);

static void write_to(const char *file, const char *text)
{
	AUTO_FILE FILE *out = fopen(file, "w");

	cr_assert_not_null(out);
	fputs(text, out);
}

static struct policy_suite *load(const char *text)
{
	struct policy_suite *suite = NULL;

	write_to(path, text);
	cr_assert_eq(policy_suite_read_file(path, &suite, &error), 0, "%u:%u: %s", error.line,
		     error.column, error.text);
	return suite;
}

static void assert_refused(const char *text, unsigned int line, unsigned int column,
			   const char *message)
{
	struct policy_suite *suite = NULL;

	write_to(path, text);
	cr_expect_eq(policy_suite_read_file(path, &suite, &error), -EINVAL);
	cr_expect_null(suite);
	cr_expect_eq(error.line, line, "%s: line %u: %s", text, error.line, error.text);
	cr_expect_eq(error.column, column, "%s: column %u: %s", text, error.column, error.text);
	cr_expect_not_null(strstr(error.text, message), "%s", error.text);
}

Test(policy_suite, like_takes_all_but_what_is_given_and_null_takes_away)
{
	AUTO_POLICY_SUITE struct policy_suite *suite =
		load(CASE("    source: one\n    dest: {like: two, driver: other}\n"
			  "    verdict: deny\n    reason: type-mismatch\n"));
	const struct descriptor *source = suite->cases[0].source;
	const struct descriptor *dest = suite->cases[0].dest;

	cr_expect_str_eq(source->mdev_type.text, "mtty-1");
	cr_expect_eq(source->attribute_count, 2);
	cr_expect_str_eq(dest->mdev_type.text, "mtty-2");
	cr_expect_str_eq(dest->driver.text, "other");
	cr_expect_str_eq(dest->device_api.text, "vfio-pci");
	cr_expect_eq(dest->attribute_count, 2);
	cr_expect_str_eq(dest->attributes[0].name, "a");
	cr_expect_str_eq(dest->attributes[1].name, "c");
	cr_expect_eq(dest->protocol, PROTOCOL_V2);
}

Test(policy_suite, a_descriptor_may_lie_in_a_file_beside_it)
{
	AUTO_POLICY_SUITE struct policy_suite *suite = NULL;
	char file[64];

	snprintf(file, sizeof(file), "%s/d.json", folder);
	write_to(file, "{\"schema\": \"migwarden.descriptor/1\", \"host\": \"h\"}");
	suite = load(CASE("    source: d.json\n    dest: one\n    verdict: deny\n"
			  "    reason: not-migratable\n"));
	cr_expect_str_eq(suite->cases[0].source->host.text, "h");
}

Test(policy_suite, all_that_a_case_says_must_be_so)
{
	AUTO_POLICY_SUITE struct policy_suite *suite = load(CASE(
		"    source: one\n    dest: {like: one, mdev_type: mtty-2}\n    verdict: deny\n"
		"    reason: type-mismatch\n    stage: mdev_type\n"));
	AUTO_POLICY struct policy *policy = NULL;
	struct policy_case *policy_case = &suite->cases[0];
	struct verdict verdict;

	cr_assert_eq(policy_default(&policy), 0);
	cr_expect(policy_case_run(policy_case, policy, &verdict));
	policy_case->stage = MW_STAGE_VERSION;
	cr_expect_not(policy_case_run(policy_case, policy, &verdict));
	policy_case->stage = MW_STAGE_COUNT_;
	policy_case->rule = "no-such-rule";
	cr_expect_not(policy_case_run(policy_case, policy, &verdict));
	policy_case->rule = NULL;
	policy_case->verdict = MW_ACTION_AUDIT;
	cr_expect_not(policy_case_run(policy_case, policy, &verdict));
	policy_case->verdict = MW_ACTION_DENY;
	policy_case->reason = MW_REASON_OK;
	cr_expect_not(policy_case_run(policy_case, policy, &verdict));
}

Test(policy_suite, what_a_case_leaves_out_has_a_default)
{
	AUTO_POLICY_SUITE struct policy_suite *suite =
		load(CASE("    source: one\n    dest: one\n    verdict: allow\n    reason: ok\n"
			  "  - name: d\n    source: one\n    dest: one\n    verdict: allow\n"
			  "    reason: ok\n    devices: 3\n    now: \"2026-11-20T12:00:00Z\"\n"
			  "    create: false\n    rule: r\n"));
	const struct policy_case *cases = suite->cases;

	cr_assert_eq(suite->case_count, 2);
	cr_expect_eq(cases[0].context.device_count, 1);
	cr_expect_eq(cases[0].context.now_s, -1);
	cr_expect(cases[0].context.may_create);
	cr_expect_null(cases[0].rule);
	cr_expect_eq(cases[1].context.device_count, 3);
	cr_expect_eq(cases[1].context.now_s, 1795176000);
	cr_expect_not(cases[1].context.may_create);
	cr_expect_eq(cases[1].position.line, 12);
}

Test(policy_suite, what_is_wrong_in_a_case_is_refused_where_it_stands)
{
	assert_refused(HEAD "cases: []\n", 2, 8, "expected cases (at least 1), got 0");
	assert_refused("cases: [{}]\n", 1, 1, "with a key \"schema\", got none");
	assert_refused(CASE("    source: one\n    dest: one\n    verdict: allow\n"), 7, 5,
		       "with a key \"reason\", got none");
	assert_refused(CASE("    reason: no-such\n"), 8, 13, "expected a reason code");
	assert_refused(CASE("    stage: no-such\n"), 8, 12, "expected a stage");
	assert_refused(CASE("    devices: 0\n"), 8, 14, "expected a number of devices from 1");
	assert_refused(CASE("    now: yesterday\n"), 8, 10, "expected a time");
	assert_refused(CASE("    create: maybe\n"), 8, 13, "expected true or false");
	assert_refused(CASE("    expect: deny\n"), 8, 5, "expected a key of a case (name,");
	assert_refused(CASE("    source: {like: three}\n"), 8, 20,
		       "expected the name of an earlier descriptor, got \"three\"");
	assert_refused(CASE("    source: {vendro: x}\n"), 8, 14, "expected a key of a descriptor");
	assert_refused(CASE("    source: [one]\n"), 8, 13, "expected a descriptor (a mapping)");
	assert_refused(HEAD "descriptors: {a: {like: b}, b: {driver: x}}\ncases: []\n", 2, 25,
		       "expected the name of an earlier descriptor, got \"b\"");
	assert_refused(HEAD "descriptors: {a: {like: a}}\ncases: []\n", 2, 25,
		       "expected the name of an earlier descriptor, got \"a\"");
}

Test(policy_suite, a_file_that_is_not_there_is_named)
{
	struct policy_suite *suite = NULL;
	char expected[64];

	write_to(path, CASE("    source: d.json\n"));
	cr_expect_eq(policy_suite_read_file(path, &suite, &error), -ENOENT);
	snprintf(expected, sizeof(expected), "%s/d.json", folder);
	cr_expect_str_eq(error.file, expected);
}
