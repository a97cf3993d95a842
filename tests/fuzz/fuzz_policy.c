// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a policy: read, or refused with a place inside the text and nothing printed. What is
 * read is linted, judges a pair, and shown loads again to the same policy.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/lint.h"
#include "core/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * fy_token_get_text() of libfyaml 0.7.12 loses its own 2 KiB of bookkeeping over some scalars that
 * are cut into many pieces (seeds/policy/leak.yaml). A file loses them once; all else is ours.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static unsigned int lines_in(const uint8_t *data, size_t size)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static void check_round_trip(const struct policy *policy)
{
	struct policy *again = NULL;
	struct parse_error error = {0};
	char *first = policy_to_yaml(policy);
	char *second;

	assert(first);
	assert(policy_read_text("again", first, strlen(first), &again, &error) == 0);
	second = policy_to_yaml(again);
	assert(second && strcmp(first, second) == 0);
	policy_free(again);
	free(first);
	free(second);
}

static void check_lint(const struct policy *policy)
{
	struct lint *lint = lint_new();
	size_t count;

	assert(lint && lint_policy(lint, policy) == 0 && lint_finish(lint) == 0);
	lint_findings(lint, &count);
	lint_free(lint);
}

static void judge(const struct policy *policy)
{
	static const char text[] =
		"{\"schema\": \"migwarden.descriptor/1\", \"device_api\": \"vfio-pci\","
		" \"vendor\": \"8086\", \"device_id\": \"591d\", \"driver\": \"i915\","
		" \"mdev_type\": \"i915-GVTg_V5_4\", \"migration\": {\"protocol\": \"v2\","
		" \"capabilities\": [\"stop-copy\"]}, \"interface_version\": \"2.1.3\","
		" \"attributes\": {\"aggregator\": \"1\", \"pv_mode\": \"none+ppgtt\"}}";
	static struct descriptor *device;
	const struct compare_context context = {.now_s = 1800000000, .device_count = 1};
	struct verdict verdict;
	json_t *json;

	if (!device)
		assert(descriptor_read_text("device", text, sizeof(text) - 1, &device, NULL) == 0);
	compare(policy, device, device, &context, &verdict);
	json = verdict_to_json(&verdict);
	assert(json);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = NULL;
	struct parse_error error = {0};
	char *text = malloc(size ? size : 1);
	int r;

	assert(text);
	memcpy(text, data, size);
	r = policy_read_text("input", text, size, &policy, &error);
	/* Nothing may borrow from the text. */
	free(text);
	if (r) {
		assert(r < 0 && !policy && *error.text);
		assert(error.line <= lines_in(data, size));
		assert(r == -EFBIG || (error.line && error.column));
		return 0;
	}
	check_round_trip(policy);
	check_lint(policy);
	judge(policy);
	policy_free(policy);
	return 0;
}
