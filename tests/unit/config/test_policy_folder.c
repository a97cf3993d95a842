// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

#define HEAD "schema: migwarden.policy/1\n"
#define RULE(name, type) HEAD "rules:\n  - {name: " name ", match: {mdev_type: " type "}}\n"

static char folder[] = "/tmp/policies-XXXXXX";
static char name[512];
static struct policy *policy;
static struct parse_error error;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static void tear_down(void)
{
	char command[128];

	policy_free(policy);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(policy_folder, .init = set_up, .fini = tear_down);

static const char *path_of(const char *file)
{
	snprintf(name, sizeof(name), "%s/%s", folder, file);
	return name;
}

static void write_file(const char *file, const char *text)
{
	FILE *out = fopen(path_of(file), "w");

	cr_assert_not_null(out);
	fputs(text, out);
	fclose(out);
}

static void refused(const char *file, unsigned int line, const char *why)
{
	cr_assert_neq(policy_read_path(folder, &policy, &error), 0);
	cr_assert_null(policy);
	cr_assert_str_eq(error.file, *file ? path_of(file) : folder);
	cr_assert_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_assert_not_null(strstr(error.text, why), "%s", error.text);
}

Test(policy_folder, rules_come_in_the_order_of_names)
{
	write_file("20-b.yaml", RULE("b", "b-1"));
	write_file("10-a.yaml", RULE("a", "a-1"));
	write_file("9-c.yaml", RULE("c", "c-1"));
	cr_assert_eq(policy_read_path(folder, &policy, &error), 0, "%s", error.text);
	cr_assert_eq(policy->rule_count, 3);
	cr_assert_str_eq(policy->rules[0].name, "a");
	cr_assert_str_eq(policy->rules[1].name, "b");
	cr_assert_str_eq(policy->rules[2].name, "c");
	cr_assert_str_eq(policy->file, folder);
	cr_assert_eq(policy->file_count, 3);
	cr_assert_str_eq(policy->files[2], path_of("9-c.yaml"));
	cr_assert_str_eq(policy->rules[1].file, path_of("20-b.yaml"));
	cr_assert_eq(policy->rules[1].position.line, 3);
}

Test(policy_folder, mode_and_defaults_may_stand_in_different_files_without_rules)
{
	write_file("00-mode.yaml", HEAD "mode: audit\n");
	write_file("05-defaults.yaml",
		   HEAD "defaults: {incoming: allow, outgoing: deny,"
			" devices: [{match: {device: \"a*\"}, incoming: deny}]}\n");
	write_file("10-a.yaml", RULE("a", "a-1"));
	cr_assert_eq(policy_read_path(folder, &policy, &error), 0, "%s", error.text);
	cr_assert_eq(policy->mode, POLICY_AUDIT);
	cr_assert_eq(policy->incoming, MW_ACTION_ALLOW);
	cr_assert_eq(policy->outgoing, MW_ACTION_DENY);
	cr_assert_eq(policy->device_default_count, 1);
	cr_assert_str_eq(policy->device_defaults[0].match.device, "a*");
	cr_assert_str_eq(policy->defaults_file, path_of("05-defaults.yaml"));
}

Test(policy_folder, nobody_says_the_mode_then_it_is_enforced)
{
	write_file("10-a.yaml", RULE("a", "a-1"));
	cr_assert_eq(policy_read_path(folder, &policy, &error), 0, "%s", error.text);
	cr_assert_eq(policy->mode, POLICY_ENFORCE);
	cr_assert_eq(policy->incoming, MW_ACTION_DENY);
	cr_assert_eq(policy->outgoing, MW_ACTION_ALLOW);
}

Test(policy_folder, a_second_mode_is_refused_with_both_places)
{
	write_file("10-a.yaml", HEAD "mode: audit\n");
	write_file("20-b.yaml", HEAD "\nmode: enforce\n");
	refused("20-b.yaml", 3, "expected mode in one file, got it again (first on line 2 of ");
	cr_assert_not_null(strstr(error.text, "/10-a.yaml)"));
}

Test(policy_folder, on_bypass_is_taken_from_the_one_file_that_says_it)
{
	write_file("00-gate.yaml", HEAD "on-bypass: kill\n");
	write_file("10-a.yaml", RULE("a", "a-1"));
	cr_assert_eq(policy_read_path(folder, &policy, &error), 0, "%s", error.text);
	cr_assert_eq(policy->on_bypass, BYPASS_KILL);
	cr_assert_str_eq(policy->on_bypass_file, path_of("00-gate.yaml"));
}

Test(policy_folder, a_second_on_bypass_is_refused_with_both_places)
{
	write_file("10-a.yaml", HEAD "on-bypass: kill\n");
	write_file("20-b.yaml", HEAD "\non-bypass: kill\n");
	refused("20-b.yaml", 3,
		"expected on-bypass in one file, got it again (first on line 2 of ");
}

Test(policy_folder, second_defaults_are_refused_even_for_another_direction)
{
	write_file("10-a.yaml", HEAD "defaults: {incoming: allow}\n");
	write_file("20-b.yaml", HEAD "defaults: {outgoing: allow}\n");
	refused("20-b.yaml", 2, "expected defaults in one file, got it again (first on line 2 of ");
}

Test(policy_folder, a_default_of_a_device_is_checked_where_it_stands)
{
	write_file("10-a.yaml", RULE("a", "a-1"));
	write_file("20-b.yaml", HEAD "defaults:\n  devices:\n  - {match: {driver: mtty}}\n");
	refused("20-b.yaml", 4, "expected incoming, outgoing or both");
}

Test(policy_folder, a_rule_name_is_given_once_in_all_files)
{
	write_file("10-a.yaml", RULE("a", "a-1"));
	write_file("20-b.yaml", RULE("a", "b-1"));
	refused("20-b.yaml", 3, "got 'a' a second time (first on line 3 of ");
}

Test(policy_folder, a_rule_that_an_earlier_file_hides_is_refused)
{
	write_file("10-a.yaml", RULE("a", "\"a-*\""));
	write_file("20-b.yaml", RULE("b", "a-1"));
	refused("20-b.yaml", 3, "which 'a' on line 3 of ");
}

Test(policy_folder, an_error_is_in_its_file)
{
	write_file("10-a.yaml", RULE("a", "a-1"));
	write_file("20-b.yaml", HEAD "nonsense: 1\n");
	refused("20-b.yaml", 2, "expected a key of a policy");
}

Test(policy_folder, no_rule_at_all_is_no_policy)
{
	write_file("10-a.yaml", HEAD "mode: audit\n");
	refused("", 0, "expected a rule in one of its files");
}

Test(policy_folder, an_empty_folder_is_no_policy)
{
	write_file("README", "not a policy");
	write_file(".hidden.yaml", "not a policy");
	refused("", 0, "expected 1 to 1024 files *.yaml, got 0");
}

Test(policy_folder, a_single_file_needs_its_rules)
{
	write_file("a.yaml", HEAD "mode: audit\n");
	cr_assert_neq(policy_read_path(path_of("a.yaml"), &policy, &error), 0);
	cr_assert_not_null(strstr(error.text, "with a key \"rules\""), "%s", error.text);
}

Test(policy_folder, the_digest_is_of_all_bytes_in_order)
{
	static const char whole[] = RULE("a", "a-1");
	struct policy *other = NULL;

	write_file("a.yaml", whole);
	cr_assert_eq(policy_read_path(path_of("a.yaml"), &policy, &error), 0);
	cr_assert_eq(policy_read_path(folder, &other, &error), 0);
	cr_assert_eq(strlen(policy->digest), 64);
	cr_assert_str_eq(policy->digest, other->digest);
	policy_free(other);
	write_file("b.yaml", RULE("b", "b-1"));
	cr_assert_eq(policy_read_path(folder, &other, &error), 0);
	cr_assert_str_neq(policy->digest, other->digest);
	policy_free(other);
}
