// SPDX-License-Identifier: GPL-2.0-only
#include "cli/verdict_text.h"

#include <string.h>

/* Wide enough for "not evaluated" and two blanks. */
#define LABEL_WIDTH 15

void text_print(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		unsigned char next = (unsigned char)text[1];

		/* U+0080 to U+009F are controls too, two bytes each. */
		if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
			fprintf(out, "\\x%02x", next);
			text++;
		} else if (byte < 0x20 || byte == 0x7f) {
			fprintf(out, "\\x%02x", byte);
		} else {
			fputc(byte, out);
		}
	}
}

static void print_label(const char *label, FILE *out)
{
	fprintf(out, "  %-*s", LABEL_WIDTH, label);
}

static void print_line(const char *label, const char *text, FILE *out)
{
	print_label(label, out);
	text_print(text, out);
	fputc('\n', out);
}

static void print_value(const char *label, bool has_value, const char *value, FILE *out)
{
	print_label(label, out);
	if (!has_value) {
		fputs("not known\n", out);
		return;
	}
	fputc('"', out);
	text_print(value, out);
	fputs("\"\n", out);
}

static void print_headline(const struct verdict *verdict, FILE *out)
{
	const char *reason = mw_reason_name(verdict->reason);

	switch (verdict->action) {
	case MW_ACTION_ALLOW:
		fputs("compatible\n", out);
		return;
	case MW_ACTION_DENY:
		fprintf(out, "not compatible: %s\n", reason);
		return;
	case MW_ACTION_AUDIT:
		if (verdict->reason == MW_REASON_OK)
			fputs("compatible (audit)\n", out);
		else
			fprintf(out, "not compatible: %s (audit: would pass, and be recorded)\n",
				reason);
		return;
	}
}

/* All stages with that result on one line; nothing when there are none. */
static void print_stages(const struct verdict *verdict, enum stage_result result, const char *label,
			 FILE *out)
{
	const char *before = NULL;

	for (int stage = MW_STAGE_NONE + 1; stage < MW_STAGE_COUNT_; stage++) {
		/* Judged elsewhere, at the gate. */
		if (verdict->stages[stage] != result || stage == MW_STAGE_ADMISSION)
			continue;
		/* A template stands for stages 4 to 7, or does not run at all. */
		if (stage == MW_STAGE_TEMPLATE && result == STAGE_NOT_EVALUATED)
			continue;
		if (!before)
			print_label(label, out);
		fprintf(out, "%s%s", before ? before : "", mw_stage_name((enum mw_stage)stage));
		before = ", ";
	}
	if (before)
		fputc('\n', out);
}

static void print_comparison(const struct verdict *verdict, FILE *out)
{
	if (*verdict->field)
		print_line("field", verdict->field, out);
	if (verdict->has_source_value || verdict->has_dest_value) {
		print_value("source", verdict->has_source_value, verdict->source_value, out);
		print_value("destination", verdict->has_dest_value, verdict->dest_value, out);
	}
	if (verdict->comparator) {
		print_label("compared by", out);
		fprintf(out, verdict->direction ? "%s, %s\n" : "%s\n", verdict->comparator,
			verdict->direction);
	}
}

static void print_rule(const struct verdict *verdict, FILE *out)
{
	if (!verdict->policy_file)
		return;
	print_label("rule", out);
	text_print(verdict->policy_file, out);
	if (verdict->position.line)
		fprintf(out, ":%u", verdict->position.line);
	if (verdict->rule && verdict->rule->name) {
		fputs(" (", out);
		text_print(verdict->rule->name, out);
		fputc(')', out);
	}
	fputc('\n', out);
}

void verdict_print(const struct verdict *verdict, FILE *out)
{
	size_t kept = verdict->warning_count < VERDICT_WARNINGS ? verdict->warning_count
								: VERDICT_WARNINGS;

	print_headline(verdict, out);
	print_stages(verdict, STAGE_PASSED, "passed", out);
	print_stages(verdict, STAGE_PASSED_WITH_WARNING, "with warning", out);
	print_stages(verdict, STAGE_SKIPPED, "skipped", out);
	print_stages(verdict, STAGE_FAILED, "failed", out);
	print_comparison(verdict, out);
	print_stages(verdict, STAGE_NOT_EVALUATED, "not evaluated", out);
	print_rule(verdict, out);
	if (*verdict->create_type)
		print_line("create", verdict->create_type, out);
	if (*verdict->hint)
		print_line("hint", verdict->hint, out);
	for (size_t i = 0; i < kept; i++)
		print_line("warning", verdict->warnings[i], out);
	if (verdict->warning_count > kept)
		fprintf(out, "  %-*s%zu more\n", LABEL_WIDTH, "warning",
			verdict->warning_count - kept);
}
