// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "json_schema.h"

/* Both with every key that there is. */
static const char descriptor_text[] =
	"{\"schema\": \"migwarden.descriptor/1\", \"host\": \"h\", \"boot_id\": \"b\","
	" \"collected_at\": \"2026-11-20T12:00:00Z\", \"device\": \"d\","
	" \"device_api\": \"vfio-pci\", \"vendor\": \"8086\", \"device_id\": \"591d\","
	" \"driver\": \"i915\", \"driver_version\": \"1\", \"firmware_version\": \"2\","
	" \"mdev_type\": \"i915-GVTg_V5_4\","
	" \"offered_types\": [{\"type\": \"t\", \"available_instances\": 1}],"
	" \"migration\": {\"protocol\": \"v2\", \"capabilities\": [\"stop-copy\"],"
	" \"stop_copy_bytes\": 96, \"downtime_ms\": 17.5},"
	" \"version\": \"v\", \"interface_version\": \"2.1.3\","
	" \"interface_version_compatible\": \"2.0.2-\", \"compatible_type\": [\"v4\"],"
	" \"template\": \"SELF:\", \"attributes\": {\"aggregator\": \"1\"}}";

static const char policy_text[] =
	"{\"schema\": \"migwarden.policy/1\", \"mode\": \"enforce\","
	" \"on-bypass\": \"kill\","
	" \"defaults\": {\"incoming\": \"deny\", \"outgoing\": \"allow\"},"
	" \"aliases\": [{\"name\": \"q\", \"vendor\": \"8086\", \"drivers\": [\"q4\", \"q5\"]}],"
	" \"trust\": [\"/a.pub\"], \"unsigned\": \"deny\", \"stamp-max-age\": \"1d\","
	" \"remap\": \"uuid\", \"hook-without-daemon\": \"deny\", \"restore\": \"judge\","
	" \"admission-ttl\": \"10min\","
	" \"rules\": [{\"name\": \"r\", \"match\": {\"device_api\": \"vfio-pci\","
	" \"vendor\": \"8086\", \"device_id\": \"591d\", \"driver\": \"i915\","
	" \"mdev_type\": \"i915-*\"}, \"require\": {\"parent\": \"match\","
	" \"type\": {\"cross\": [[\"a\", \"b\"]]},"
	" \"version\": {\"compare\": \"auto\", \"direction\": \"mutual\"},"
	" \"attributes\": {\"pv_mode\": {\"compare\": \"superset\", \"separator\": \"+\","
	" \"absent\": \"none\"}, \"a\": \"equal\"}, \"unconstrained\": \"deny\","
	" \"capabilities\": [\"stop-copy\"]}, \"limits\": {\"stop-copy-bytes\": \"1MiB\","
	" \"downtime\": \"300ms\", \"descriptor-age\": \"24h\"}, \"action\": \"allow\"}]}";

static bool reads_descriptor(const char *text)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;

	return descriptor_read_text("x", text, strlen(text), &descriptor, NULL) == 0;
}

/* JSON is YAML. */
static bool reads_policy(const char *text)
{
	AUTO_POLICY struct policy *policy = NULL;

	return policy_read_text("x", text, strlen(text), &policy, NULL) == 0;
}

struct contest {
	const json_t *schema;
	bool (*reads)(const char *text);
	size_t accepted;
	size_t refused;
};

/*
 * What one key at a time cannot say: `separator` needs superset. The mutants that show it are few
 * enough to be named.
 */
static bool is_beyond_schema(const json_t *mutant)
{
	const json_t *rule = json_array_get(json_object_get(mutant, "rules"), 0);
	const json_t *attributes = json_object_get(json_object_get(rule, "require"), "attributes");
	const json_t *pv_mode = json_object_get(attributes, "pv_mode");
	const char *compare = json_string_value(json_object_get(pv_mode, "compare"));

	return json_object_get(pv_mode, "separator") && compare && strcmp(compare, "superset") != 0;
}

static void hold_against(json_t *mutant, void *data)
{
	struct contest *contest = data;
	AUTO_FREE char *text = json_dumps(mutant, JSON_COMPACT);
	bool by_schema = json_schema_accepts(contest->schema, contest->schema, mutant);
	bool by_reader = contest->reads(text);

	if (is_beyond_schema(mutant))
		return;
	cr_expect_eq(by_schema, by_reader, "the schema %s what the reader %s: %s",
		     by_schema ? "accepts" : "refuses", by_reader ? "accepts" : "refuses", text);
	contest->accepted += by_reader;
	contest->refused += !by_reader;
}

static void hold_document(char *schema_text, const char *text, bool (*reads)(const char *text))
{
	json_t *schema = json_loads(schema_text, 0, NULL);
	json_t *document = json_loads(text, 0, NULL);
	struct contest contest = {.schema = schema, .reads = reads};

	cr_assert(schema && document);
	mutations_each(document, hold_against, &contest);
	/* Of both there must be many, or nothing was held against anything. */
	cr_expect_gt(contest.accepted, 100);
	cr_expect_gt(contest.refused, 300);
	json_decref(schema);
	json_decref(document);
	free(schema_text);
}

Test(schema, the_descriptor_schema_accepts_what_the_reader_accepts_and_nothing_else)
{
	hold_document(descriptor_schema_json(), descriptor_text, reads_descriptor);
}

Test(schema, the_policy_schema_accepts_what_the_reader_accepts_and_nothing_else)
{
	hold_document(policy_schema_json(), policy_text, reads_policy);
}

static size_t count_properties(const json_t *schema)
{
	return json_object_size(json_object_get(schema, "properties"));
}

Test(schema, every_key_of_the_schema_is_in_the_documents_of_this_test)
{
	char *text = descriptor_schema_json();
	json_t *schema = json_loads(text, 0, NULL);
	json_t *document = json_loads(descriptor_text, 0, NULL);

	cr_expect_eq(count_properties(schema), json_object_size(document));
	free(text);
	json_decref(schema);
	json_decref(document);

	text = policy_schema_json();
	schema = json_loads(text, 0, NULL);
	document = json_loads(policy_text, 0, NULL);
	cr_expect_eq(count_properties(schema), json_object_size(document));
	free(text);
	json_decref(schema);
	json_decref(document);
}
