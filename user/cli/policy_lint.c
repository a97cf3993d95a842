// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/policy_files.h"
#include "cli/verdict_text.h"
#include "config/collection.h"
#include "config/config.h"
#include "config/json_text.h"
#include "config/lint.h"

static void free_lint(struct lint **lint)
{
	lint_free(*lint);
}

/* What is reported, in JSON or as lines; errors before findings. */
struct report {
	json_t *list; /* NULL: lines */
	int code;
};

static void add(struct report *report, const char *file, struct position position,
		const char *level, const char *code, const char *text)
{
	if (report->list) {
		json_array_append_new(report->list,
				      json_pack("{s:o, s:i, s:i, s:s, s:s, s:o}", "file",
						json_text(file), "line", position.line, "column",
						position.column, "level", level, "code", code,
						"text", json_text(text)));
		return;
	}
	text_print(file, stdout);
	if (position.line)
		printf(":%u:%u", position.line, position.column);
	printf(": %s: ", level);
	text_print(text, stdout);
	if (strcmp(level, "error") != 0)
		printf(" [%s]", code);
	fputc('\n', stdout);
}

static void add_error(struct report *report, const struct parse_error *error)
{
	struct position position = {error->line, error->column};

	add(report, error->file, position, "error", "error", error->text);
	report->code = EXIT_BAD;
}

static void add_findings(struct report *report, const struct lint *lint)
{
	size_t count;
	const struct lint_finding *findings = lint_findings(lint, &count);

	for (size_t i = 0; i < count; i++) {
		bool is_style = lint_code_is_style(findings[i].code);

		add(report, findings[i].file, findings[i].position, is_style ? "note" : "warning",
		    lint_code_name(findings[i].code), findings[i].text);
		if (!is_style && report->code == EXIT_YES)
			report->code = EXIT_NO;
	}
}

static int visit_descriptor(const char *place, struct descriptor *descriptor, void *data)
{
	int r = lint_descriptor(data, place, descriptor);

	descriptor_free(descriptor);
	return r;
}

/* All that can be read is linted, also behind what cannot. -ENOMEM alone ends it. */
static int lint_files(const struct policy_options *options, struct lint *lint,
		      struct report *report)
{
	int r = 0;

	for (int i = 0; i < options->file_count && r != -ENOMEM; i++) {
		AUTO_POLICY struct policy *policy = NULL;
		struct parse_error error = {0};

		if (policy_is_suite(options->files[i]))
			continue;
		r = policy_read_path(options->files[i], &policy, &error);
		if (r)
			add_error(report, &error);
		else
			r = lint_policy(lint, policy);
	}
	if (r != -ENOMEM && options->inventory) {
		struct parse_error error = {0};

		r = collection_each(options->inventory, visit_descriptor, lint, &error);
		if (r && r != -ENOMEM)
			add_error(report, &error);
	}
	return r == -ENOMEM ? r : lint_finish(lint);
}

int policy_lint_run(const struct policy_options *options)
{
	__attribute__((cleanup(free_lint))) struct lint *lint = lint_new();
	AUTO_JSON json_t *list = options->is_json ? json_array() : NULL;
	struct report report = {.list = list, .code = EXIT_YES};

	if (!lint || lint_files(options, lint, &report)) {
		fputs("migwarden policy: no memory\n", stderr);
		return EXIT_BAD;
	}
	add_findings(&report, lint);
	if (list) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
	}
	return verb_flush(&verb_policy, report.code);
}
