// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a descriptor: read, or refused with a place inside the text. What is read is judged
 * against itself, and written reads back to the same text.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "core/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int lines_in(const uint8_t *data, size_t size)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static char *written(const struct descriptor *descriptor)
{
	json_t *json = descriptor_to_json(descriptor);
	char *text;

	assert(json);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	assert(text);
	return text;
}

static void check_round_trip(const struct descriptor *descriptor)
{
	struct descriptor *again = NULL;
	char *first = written(descriptor);
	char *second;

	assert(descriptor_read_text("again", first, strlen(first), &again, NULL) == 0);
	second = written(again);
	assert(strcmp(first, second) == 0);
	descriptor_free(again);
	free(first);
	free(second);
}

static void judge(const struct policy *policy, const struct descriptor *descriptor)
{
	const struct compare_context context = {.now_s = 1800000000, .device_count = 1};
	struct verdict verdict;
	json_t *json;

	compare(policy, descriptor, descriptor, &context, &verdict);
	json = verdict_to_json(&verdict);
	assert(json);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *policy;
	struct descriptor *descriptor = NULL;
	struct parse_error error = {0};
	char *text = malloc(size ? size : 1);
	int r;

	assert(text && (policy || policy_default(&policy) == 0));
	memcpy(text, data, size);
	r = descriptor_read_text("input", text, size, &descriptor, &error);
	/* Nothing may borrow from the text. */
	free(text);
	if (r) {
		assert(r < 0 && !descriptor && *error.text);
		assert(error.line <= lines_in(data, size));
		assert(r == -EFBIG || (error.line && error.column));
		return 0;
	}
	check_round_trip(descriptor);
	judge(policy, descriptor);
	descriptor_free(descriptor);
	return 0;
}
