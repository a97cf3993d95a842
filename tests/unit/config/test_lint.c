// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/lint.h"

#define POLICY "schema: migwarden.policy/1\n"
#define DEVICE "{\"schema\": \"migwarden.descriptor/1\""

static struct lint *lint;

static void set_up(void)
{
	lint = lint_new();
	cr_assert_not_null(lint);
}

static void tear_down(void)
{
	lint_free(lint);
}

TestSuite(lint, .init = set_up, .fini = tear_down);

static void add_policy(const char *text)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct parse_error error = {0};

	cr_assert_eq(policy_read_text("p.yaml", text, strlen(text), &policy, &error), 0, "%s",
		     error.text);
	cr_assert_eq(lint_policy(lint, policy), 0);
}

static void add_device(const char *place, const char *text)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct parse_error error = {0};

	cr_assert_eq(descriptor_read_text(place, text, strlen(text), &descriptor, &error), 0, "%s",
		     error.text);
	cr_assert_eq(lint_descriptor(lint, place, descriptor), 0);
}

static size_t finding_count(void)
{
	size_t count;

	lint_findings(lint, &count);
	return count;
}

/* The only finding is of that kind and at that line. */
static void assert_found(enum lint_code code, unsigned int line)
{
	size_t count;
	const struct lint_finding *findings = lint_findings(lint, &count);

	cr_assert_eq(count, 1, "%zu findings, first: %s", count, count ? findings[0].text : "");
	cr_expect_eq(findings[0].code, code, "%s", findings[0].text);
	cr_expect_eq(findings[0].position.line, line, "%s", findings[0].text);
}

Test(lint, a_policy_that_means_what_it_says_has_no_findings)
{
	add_policy(POLICY "aliases: [{name: q, vendor: \"8086\", drivers: [a, b]}]\n"
			  "rules:\n  - name: a\n    match: {device_api: vfio-pci}\n"
			  "    require: {version: {compare: ranges, direction: mutual}}\n"
			  "  - {name: b, match: {driver: c}, action: deny}\n");
	cr_expect_eq(finding_count(), 0);
}

Test(lint, a_match_on_an_api_that_no_device_has_matches_nothing)
{
	add_policy(POLICY "rules:\n  - name: a\n    match: {device_api: vfio-mdev}\n");
	assert_found(LINT_MATCHES_NOTHING, 3);
}

Test(lint, a_pattern_over_the_api_is_fine)
{
	add_policy(POLICY "rules:\n  - name: a\n    match: {device_api: vfio-*}\n");
	cr_expect_eq(finding_count(), 0);
}

Test(lint, requirements_of_a_rule_that_denies_have_no_effect)
{
	add_policy(POLICY "rules:\n  - {name: a, require: {type: equal}, action: deny}\n");
	assert_found(LINT_NO_EFFECT, 3);
}

Test(lint, a_direction_without_a_list_has_no_effect)
{
	add_policy(POLICY "rules:\n  - name: a\n    require:\n"
			  "      version: {compare: equal, direction: mutual}\n");
	assert_found(LINT_NO_EFFECT, 5);
}

Test(lint, attributes_beside_a_template_have_no_effect)
{
	add_policy(POLICY "rules:\n  - name: a\n    require:\n      version: template\n"
			  "      attributes:\n        b: equal\n");
	assert_found(LINT_NO_EFFECT, 7);
}

Test(lint, a_pair_of_a_type_with_itself_has_no_effect)
{
	add_policy(POLICY "rules:\n  - name: a\n    require:\n      type:\n        cross:\n"
			  "          - [a-b, a-b]\n");
	assert_found(LINT_NO_EFFECT, 7);
}

Test(lint, an_alias_group_of_one_has_no_effect)
{
	add_policy(POLICY "aliases:\n  - {name: q, vendor: \"8086\", drivers: [a]}\n"
			  "rules: [{name: a}]\n");
	assert_found(LINT_NO_EFFECT, 3);
}

Test(lint, a_kill_has_no_effect_in_audit_mode)
{
	add_policy(POLICY "mode: audit\non-bypass: kill\nrules: [{name: a}]\n");
	assert_found(LINT_NO_EFFECT, 3);
}

Test(lint, a_kill_in_enforce_mode_is_fine)
{
	add_policy(POLICY "on-bypass: kill\nrules: [{name: a}]\n");
	cr_expect_eq(finding_count(), 0);
}

Test(lint, capabilities_without_the_base_are_a_weak_requirement)
{
	add_policy(POLICY "rules:\n  - name: a\n    require:\n      capabilities: [p2p]\n");
	assert_found(LINT_WEAK_REQUIREMENT, 5);
}

Test(lint, a_malformed_template_is_found_with_its_line)
{
	add_device("a", DEVICE ", \"template\": \"SELF:\\n\\tx={v}\\n\"}");
	assert_found(LINT_TEMPLATE_MALFORMED, 0);
}

Test(lint, a_binding_that_no_integer_satisfies_is_dead)
{
	add_device("a", DEVICE ", \"template\": \"SELF:\\n\\ta=1\\nCOMPATIBLE:\\n"
			       "\\tmdev_type=i915-GVTg_V5_{val1:int:1,2,4,8}\\n"
			       "\\taggregator={val1}/2\\n\"}");
	assert_found(LINT_DEAD_BINDING, 0);
}

Test(lint, integers_without_a_pattern_are_sparse)
{
	add_device("a", DEVICE ", \"template\": \"SELF:\\n\\ta=1\\nCOMPATIBLE:\\n"
			       "\\tinterface_version={v:int:2,7,12,23,75,96}\\n\"}");
	assert_found(LINT_SPARSE_LIST, 0);
}

Test(lint, a_range_over_two_majors_is_found)
{
	add_device("a", DEVICE ", \"interface_version_compatible\": \"1.9.0-2.0.0\"}");
	assert_found(LINT_RANGE_MALFORMED, 0);
}

Test(lint, lines_of_key_and_value_are_not_sysfs_shaped_and_an_array_is)
{
	add_device("a",
		   DEVICE ", \"attributes\": {\"list\": \"a=1\\n\", \"array\": \"1 2 3\\n4\"}}");
	cr_expect_eq(finding_count(), 0);
	add_device("a", DEVICE ", \"attributes\": {\"list\": \"a=1\\nb=2\\n\"}}");
	assert_found(LINT_NOT_SYSFS_SHAPED, 0);
}

#define TYPED(type, api, id)                                           \
	DEVICE ", \"mdev_type\": \"" type "\", \"device_api\": \"" api \
	       "\", \"vendor\": \"8086\", \"device_id\": \"" id "\"}"

Test(lint, a_type_that_is_two_things_on_two_parents_is_not_authoritative)
{
	add_device("a", TYPED("drv-x", "vfio-pci", "591d"));
	add_device("b", TYPED("drv-x", "vfio-platform", "5916"));
	add_device("c", TYPED("drv-x", "vfio-platform", "5916"));
	cr_assert_eq(lint_finish(lint), 0);
	assert_found(LINT_TYPE_NOT_AUTHORITATIVE, 0);
}

Test(lint, a_type_on_two_parents_with_one_meaning_is_fine)
{
	add_device("a", TYPED("drv-x", "vfio-pci", "591d"));
	add_device("b", TYPED("drv-x", "vfio-pci", "5916"));
	add_device("c", TYPED("drv-y", "vfio-platform", "5916"));
	cr_assert_eq(lint_finish(lint), 0);
	cr_expect_eq(finding_count(), 0);
}

Test(lint, the_look_of_a_type_name_is_a_matter_of_style)
{
	static const struct {
		const char *type;
		enum lint_code code;
		bool found;
	} types[] = {
		{"i915-GVTg_V5_4", LINT_VERSION_IN_TYPE, true},
		{"qat-v4-type1", LINT_VERSION_IN_TYPE, true},
		{"plain", LINT_TYPE_WITHOUT_DRIVER, true},
		{"nvidia-256", LINT_VERSION_IN_TYPE, false},
		{"vfio_ap-passthrough", LINT_VERSION_IN_TYPE, false},
		{"mtty-2", LINT_VERSION_IN_TYPE, false},
		{"drv4-x", LINT_VERSION_IN_TYPE, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		AUTO_FREE char *text = NULL;

		lint_free(lint);
		lint = lint_new();
		cr_assert_geq(asprintf(&text, DEVICE ", \"mdev_type\": \"%s\"}", types[i].type), 0);
		add_device("a", text);
		if (types[i].found)
			assert_found(types[i].code, 0);
		else
			cr_expect_eq(finding_count(), 0, "%s", types[i].type);
		cr_expect(lint_code_is_style(types[i].code));
	}
}
