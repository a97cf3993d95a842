// SPDX-License-Identifier: GPL-2.0-only
/*
 * A template; behind a line "SOURCE:", where there is one, lines of key=value: the device to match.
 * Without it the source is what SELF says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/compare.h"
#include "core/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void add_fact(struct descriptor *descriptor, struct slice key, struct slice value)
{
	char *name = arena_strndup(descriptor->arena, key.length ? key.text : "", key.length);
	char *text = arena_strndup(descriptor->arena, value.length ? value.text : "", value.length);

	if (!strcmp(name, "mdev_type"))
		descriptor_set_fact(descriptor, &descriptor->mdev_type, text);
	else if (!strcmp(name, "interface_version"))
		descriptor_set_fact(descriptor, &descriptor->interface_version, text);
	else if (strcmp(name, "device_type") != 0 && strcmp(name, "device_id") != 0)
		descriptor_add_attribute(descriptor, name, text, 0);
}

static struct descriptor *device(void)
{
	struct descriptor *descriptor;

	require(!descriptor_new(&descriptor));
	descriptor_set_fact(descriptor, &descriptor->device_api, "vfio-pci");
	descriptor_set_fact(descriptor, &descriptor->vendor, "8086");
	descriptor_set_fact(descriptor, &descriptor->device_id, "591d");
	descriptor->protocol = PROTOCOL_V2;
	descriptor->capabilities_known = true;
	descriptor->capabilities = 1;
	return descriptor;
}

static void add_lines(struct descriptor *descriptor, struct slice lines)
{
	struct slice line;

	while (slice_cut(&lines, "\n", &line)) {
		size_t equals = slice_find(line, '=');

		add_fact(descriptor, (struct slice){line.text, equals},
			 slice_skip(line, equals + 1));
	}
}

static void add_self(struct descriptor *descriptor, const struct template *template)
{
	for (unsigned int i = 0; i < template->blocks[0].field_count; i++) {
		const struct template_field *field =
			&template->fields[template->blocks[0].first_field + i];
		struct slice value = field->piece_count ? template->pieces[field->first_piece].text
							: (struct slice){"", 0};

		add_fact(descriptor, field->key, value);
	}
}

static void check_form(const struct template *template)
{
	struct template_note notes[16];

	require(template->block_count >= 1 && template->block_count <= TEMPLATE_BLOCKS_MAX);
	require(!template->blocks[0].variable_count);
	for (unsigned int i = 0; i < template->piece_count; i++)
		require(template->pieces[i].variable < template->variable_count);
	template_lint(template, notes, 16);
}

/* The stage has to say what the match says, plain and prepared. */
static void judge(struct descriptor *source, const char *text, enum template_answer answer)
{
	struct compare_context context = {.now_s = -1, .device_count = 1};
	struct descriptor *dest = device();
	struct verdict verdicts[2];
	struct policy *policy;

	require(!policy_default(&policy));
	policy->rules->version = COMPARE_TEMPLATE;
	descriptor_set_fact(dest, &dest->template_text, text);
	compare(policy, source, dest, &context, &verdicts[0]);
	descriptor_prepare(dest);
	compare(policy, source, dest, &context, &verdicts[1]);
	require(verdicts[0].reason == verdicts[1].reason);
	require(!strcmp(verdicts[0].hint, verdicts[1].hint));
	if (verdicts[0].stage == MW_STAGE_NONE || verdicts[0].stage == MW_STAGE_TEMPLATE)
		require((verdicts[0].reason == MW_REASON_OK) == (answer == TEMPLATE_MATCH));
	policy_free(policy);
	descriptor_free(dest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\nSOURCE:\n";
	static struct template template;
	char scratch[TEMPLATE_KEY_BYTES];
	struct template_result result;
	struct template_error error = {0};
	struct descriptor *source;
	char *text = calloc(1, size + 1);
	char *lines;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	lines = strstr(text, mark);
	if (lines) {
		lines[1] = '\0';
		lines += sizeof(mark) - 1;
	}
	if (template_parse(slice_of(text), &template, &error)) {
		require(error.line > 0 && error.column > 0 && error.text != NULL);
		free(text);
		return 0;
	}
	check_form(&template);
	source = device();
	if (lines)
		add_lines(source, slice_of(lines));
	else
		add_self(source, &template);
	template_self_agrees(&template, source);
	template_match(&template, source, false, scratch, &result);
	require(result.block < template.block_count);
	judge(source, text, result.answer);
	descriptor_free(source);
	free(text);
	return 0;
}
