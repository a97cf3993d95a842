// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"

static char *descriptor_text(const struct descriptor *descriptor)
{
	json_t *json = descriptor_to_json(descriptor);
	char *text;

	cr_assert_not_null(json);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void assert_writes(const char *read, const char *written)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct parse_error error = {0};
	AUTO_FREE char *text = NULL;

	cr_assert_eq(descriptor_read_text("a", read, strlen(read), &descriptor, &error), 0, "%s",
		     error.text);
	text = descriptor_text(descriptor);
	cr_expect_str_eq(text, written);
}

Test(descriptor_write, the_example_of_the_semantics_comes_back_key_for_key_in_its_order)
{
	static const char text[] =
		"{\"schema\":\"migwarden.descriptor/1\",\"host\":\"hv-17\",\"boot_id\":\"…\","
		"\"collected_at\":\"2026-11-20T12:00:00Z\","
		"\"device\":\"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\",\"device_api\":\"vfio-pci\","
		"\"vendor\":\"8086\",\"device_id\":\"591d\",\"driver\":\"i915\","
		"\"driver_version\":null,\"firmware_version\":null,"
		"\"mdev_type\":\"i915-GVTg_V5_4\","
		"\"offered_types\":[{\"type\":\"i915-GVTg_V5_4\",\"available_instances\":1}],"
		"\"migration\":{\"protocol\":\"v2\",\"capabilities\":[\"stop-copy\",\"p2p\","
		"\"pre-copy\"]},\"version\":null,\"interface_version\":\"2.1.3\","
		"\"interface_version_compatible\":\"2.0.2-2.0.4,2.1.0-\","
		"\"compatible_type\":[\"v4\",\"v5\"],\"template\":\"SELF:\\n\\tdevice_type="
		"pci\\n\","
		"\"attributes\":{\"aggregator\":\"1\",\"pv_mode\":\"none+ppgtt+context\"}}";

	assert_writes(text, text);
}

Test(descriptor_write, what_is_not_known_is_null)
{
	assert_writes("{\"schema\": \"migwarden.descriptor/1\"}",
		      "{\"schema\":\"migwarden.descriptor/1\",\"host\":null,\"boot_id\":null,"
		      "\"collected_at\":null,\"device\":null,\"device_api\":null,\"vendor\":null,"
		      "\"device_id\":null,\"driver\":null,\"driver_version\":null,"
		      "\"firmware_version\":null,\"mdev_type\":null,\"offered_types\":null,"
		      "\"migration\":null,\"version\":null,\"interface_version\":null,"
		      "\"interface_version_compatible\":null,\"compatible_type\":null,"
		      "\"template\":null,\"attributes\":{}}");
}

/* Descriptors with one thing in them each: what is written reads back to the same text. */
Test(descriptor_write, whatever_is_read_comes_back)
{
	static const char *const inner[] = {
		"\"host\": {\"unreadable\": \"EIO\"}",
		"\"vendor\": {\"unreadable\": \"errno 524\"}",
		"\"migration\": {\"protocol\": {\"unreadable\": \"EIO\"}}",
		"\"migration\": {\"protocol\": \"none\"}",
		"\"migration\": {\"protocol\": \"v1\", \"capabilities\": []}",
		"\"migration\": {\"capabilities\": [\"pre-copy\", \"stop-copy\"]}",
		"\"migration\": {\"stop_copy_bytes\": 9223372036854775807}",
		"\"migration\": {\"downtime_ms\": 0}",
		"\"migration\": {\"downtime_ms\": 0.000001}",
		"\"migration\": {\"downtime_ms\": 17.123456}",
		"\"migration\": {\"downtime_ms\": 4503599627}",
		"\"migration\": {\"downtime_ms\": 4503599626.999999}",
		"\"offered_types\": [{\"type\": \"a-b\"}, {\"type\": \"c\", "
		"\"available_instances\": 0}]",
		"\"attributes\": {\"b\": {\"unreadable\": \"EACCES\"}, \"a\": \"\"}",
		"\"attributes\": {\"é\\n\": \"\\u0001\\ud83d\\ude00\\\"\\\\\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(inner); i++) {
		AUTO_DESCRIPTOR struct descriptor *first = NULL;
		AUTO_DESCRIPTOR struct descriptor *second = NULL;
		AUTO_FREE char *source = NULL;
		AUTO_FREE char *once = NULL;
		AUTO_FREE char *twice = NULL;

		cr_assert_geq(asprintf(&source, "{\"schema\": \"migwarden.descriptor/1\", %s}",
				       inner[i]),
			      0);
		cr_assert_eq(descriptor_read_text("a", source, strlen(source), &first, NULL), 0);
		once = descriptor_text(first);
		cr_assert_eq(descriptor_read_text("a", once, strlen(once), &second, NULL), 0, "%s",
			     once);
		twice = descriptor_text(second);
		cr_expect_str_eq(once, twice);
		cr_expect_eq(first->downtime_ns, second->downtime_ns, "%s", source);
		cr_expect_eq(first->stop_copy_bytes, second->stop_copy_bytes);
		cr_expect_eq(first->protocol_error, second->protocol_error);
		cr_expect_eq(first->host.state, second->host.state);
	}
}

Test(descriptor_write, a_value_that_json_cannot_carry_becomes_unreadable_and_no_other_value)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	AUTO_FREE char *text = NULL;

	cr_assert_eq(descriptor_new(&descriptor), 0);
	cr_assert_eq(descriptor_add_attribute(descriptor, "a", "x\xff", 0), 0);
	cr_assert_eq(descriptor_add_compatible_type(descriptor, "t\xfe"), 0);
	text = descriptor_text(descriptor);
	cr_expect_not_null(strstr(text, "\"attributes\":{\"a\":{\"unreadable\":\"EILSEQ\"}}"));
	cr_expect_not_null(strstr(text, "\"compatible_type\":null"));
}

static void assert_shows(const char *read, const char *shown)
{
	AUTO_POLICY struct policy *first = NULL;
	AUTO_POLICY struct policy *second = NULL;
	struct parse_error error = {0};
	AUTO_FREE char *once = NULL;
	AUTO_FREE char *twice = NULL;

	cr_assert_eq(policy_read_text("a", read, strlen(read), &first, &error), 0, "%s",
		     error.text);
	once = policy_to_yaml(first);
	cr_assert_not_null(once);
	if (shown)
		cr_expect_str_eq(once, shown);
	cr_assert_eq(policy_read_text("b", once, strlen(once), &second, &error), 0, "%u:%u: %s\n%s",
		     error.line, error.column, error.text, once);
	twice = policy_to_yaml(second);
	cr_expect_str_eq(once, twice);
}

Test(policy_write, a_policy_is_shown_with_every_default)
{
	assert_shows("schema: migwarden.policy/1\nrules: [{name: a}]\n",
		     "schema: migwarden.policy/1\n"
		     "mode: enforce\n"
		     "on-bypass: refuse\n"
		     "defaults: {incoming: deny, outgoing: allow}\n"
		     "rules:\n"
		     "  - name: \"a\"\n"
		     "    match: {}\n"
		     "    require:\n"
		     "      parent: match\n"
		     "      type: equal\n"
		     "      version: {compare: auto, direction: destination-accepts}\n"
		     "      capabilities: [stop-copy]\n"
		     "    action: allow\n");
}

/* Shown as it is written. */
#define EVERY_KEY                                                                      \
	"schema: migwarden.policy/1\n"                                                 \
	"mode: audit\n"                                                                \
	"on-bypass: kill\n"                                                            \
	"defaults: {incoming: allow, outgoing: deny}\n"                                \
	"aliases:\n"                                                                   \
	"  - {name: \"q\", vendor: \"8086\", drivers: [\"a\", \"b\"]}\n"               \
	"rules:\n"                                                                     \
	"  - name: \"r\"\n"                                                            \
	"    match: {device_api: \"vfio-*\", vendor: \"80*\", device_id: \"591d\", "   \
	"driver: \"i915\", mdev_type: \"i915-*\"}\n"                                   \
	"    require:\n"                                                               \
	"      parent: ignore\n"                                                       \
	"      type:\n"                                                                \
	"        cross:\n"                                                             \
	"          - [\"a\", \"b\"]\n"                                                 \
	"      version: {compare: namespaced, direction: mutual}\n"                    \
	"      attributes:\n"                                                          \
	"        \"pv_mode\": {compare: superset, separator: \",\", absent: \"\"}\n"   \
	"        \"b\": {compare: at-least}\n"                                         \
	"      unconstrained: warn\n"                                                  \
	"      capabilities: [stop-copy, p2p, pre-copy]\n"                             \
	"    limits: {stop-copy-bytes: 512MiB, downtime: 300ms, descriptor-age: 1d}\n" \
	"    action: audit\n"                                                          \
	"  - name: \"t\"\n"                                                            \
	"    match: {}\n"                                                              \
	"    require:\n"                                                               \
	"      parent: match\n"                                                        \
	"      type: traits\n"                                                         \
	"      version: {compare: at-least, direction: source-offers}\n"               \
	"      capabilities: []\n"                                                     \
	"    limits: {stop-copy-bytes: 0B, downtime: 1ns}\n"                           \
	"    action: deny\n"

Test(policy_write, every_key_comes_back)
{
	assert_shows(EVERY_KEY, EVERY_KEY);
}

Test(policy_write, text_comes_back_whatever_is_in_it)
{
	assert_shows(
		"schema: migwarden.policy/1\n"
		"rules: [{name: \"\\\"\\\\ \\x01\\n\\t\\x7f # é 😀 \\u0085 \\u2028 {[&*!|>'%@`:\", "
		"match: {driver: \" x \"}}]\n",
		NULL);
}

Test(policy_write, the_built_in_policy_loads_as_a_file)
{
	AUTO_POLICY struct policy *policy = NULL;
	AUTO_FREE char *text = NULL;

	cr_assert_eq(policy_default(&policy), 0);
	text = policy_to_yaml(policy);
	assert_shows(text, text);
}

static json_t *verdict_of(struct verdict *verdict)
{
	json_t *json = verdict_to_json(verdict);

	cr_assert_not_null(json);
	return json;
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

Test(verdict_write, a_denial_has_every_key_of_the_contract)
{
	const struct rule rule = {.name = "mtty"};
	struct verdict verdict = {
		.action = MW_ACTION_DENY,
		.reason = MW_REASON_TYPE_MISMATCH,
		.stage = MW_STAGE_MDEV_TYPE,
		.stages = {[MW_STAGE_PROTOCOL] = STAGE_PASSED,
			   [MW_STAGE_VENDOR] = STAGE_PASSED_WITH_WARNING,
			   [MW_STAGE_DEVICE] = STAGE_SKIPPED,
			   [MW_STAGE_MDEV_TYPE] = STAGE_FAILED},
		.comparator = "equal",
		.has_source_value = true,
		.source_value = "mtty-2",
		.has_dest_value = true,
		.dest_value = "mtty-1",
		.field = "mdev_type",
		.rule = &rule,
		.policy_file = "site.yaml",
		.position = {.line = 14, .column = 5},
		.hint = "choose another",
		.warnings = {"careful"},
		.warning_count = 1,
	};
	json_t *json = verdict_of(&verdict);
	const json_t *stages = json_object_get(json, "stages");

	cr_expect_str_eq(text_of(json, "verdict"), "deny");
	cr_expect_str_eq(text_of(json, "reason"), "type-mismatch");
	cr_expect_str_eq(text_of(json, "stage"), "mdev_type");
	cr_expect_str_eq(text_of(json, "comparator"), "equal");
	cr_expect_str_eq(text_of(json, "source_value"), "mtty-2");
	cr_expect_str_eq(text_of(json, "dest_value"), "mtty-1");
	cr_expect_str_eq(text_of(json, "rule"), "site.yaml:14");
	cr_expect_str_eq(text_of(json, "rule_name"), "mtty");
	cr_expect_str_eq(text_of(json, "hint"), "choose another");
	cr_expect_eq(json_array_size(json_object_get(json, "warnings")), 1);
	cr_expect_str_eq(text_of(stages, "protocol"), "passed");
	cr_expect_str_eq(text_of(stages, "vendor"), "warning");
	cr_expect_str_eq(text_of(stages, "device"), "skipped");
	cr_expect_str_eq(text_of(stages, "mdev_type"), "failed");
	cr_expect_str_eq(text_of(stages, "version"), "not-evaluated");
	json_decref(json);
}

Test(verdict_write, what_is_not_there_is_null_and_not_missing)
{
	struct verdict verdict = {.action = MW_ACTION_ALLOW, .reason = MW_REASON_OK};
	json_t *json = verdict_of(&verdict);
	static const char *const keys[] = {"stage",     "comparator", "source_value", "dest_value",
					   "rule",      "hint",       "field",        "direction",
					   "rule_name", "create_type"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		cr_expect(json_is_null(json_object_get(json, keys[i])), "%s", keys[i]);
	cr_expect_str_eq(text_of(json, "verdict"), "allow");
	cr_expect_str_eq(text_of(json, "reason"), "ok");
	json_decref(json);
}

Test(verdict_write, a_value_that_is_no_utf8_is_still_shown)
{
	struct verdict verdict = {.has_source_value = true, .source_value = "a\xff\xc3"};
	json_t *json = verdict_of(&verdict);

	cr_expect_str_eq(text_of(json, "source_value"), "a\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(json);
}

Test(verdict_write, warnings_that_were_not_kept_are_counted)
{
	struct verdict verdict = {.warning_count = VERDICT_WARNINGS + 3};
	json_t *json = verdict_of(&verdict);
	const json_t *warnings = json_object_get(json, "warnings");

	cr_expect_eq(json_array_size(warnings), VERDICT_WARNINGS + 1);
	cr_expect_str_eq(json_string_value(json_array_get(warnings, VERDICT_WARNINGS)),
			 "3 more warnings were not kept");
	json_decref(json);
}
