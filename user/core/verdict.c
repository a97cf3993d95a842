// SPDX-License-Identifier: GPL-2.0-only
#include "core/verdict.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/compare_stage.h"

static void print_cut(char *out, size_t size, const char *format, va_list args)
{
	int length = vsnprintf(out, size, format, args);

	if (length >= 0 && (size_t)length >= size)
		text_mark_cut(out, size);
}

enum stage_result stage_fail(struct comparison *c, enum mw_reason reason, const char *field,
			     struct position position, const char *hint, ...)
{
	struct verdict *verdict = c->verdict;
	va_list args;

	verdict->reason = reason;
	text_copy_cut(verdict->field, sizeof(verdict->field), slice_of(field));
	if (position.line)
		verdict->position = position;
	va_start(args, hint);
	print_cut(verdict->hint, sizeof(verdict->hint), hint, args);
	va_end(args);
	return STAGE_FAILED;
}

void stage_warn(struct comparison *c, const char *format, ...)
{
	struct verdict *verdict = c->verdict;
	va_list args;

	c->warned = true;
	if (verdict->warning_count < VERDICT_WARNINGS) {
		char *warning = verdict->warnings[verdict->warning_count];

		va_start(args, format);
		print_cut(warning, VERDICT_NOTE_BYTES, format, args);
		va_end(args);
	}
	verdict->warning_count++;
}

void stage_source_value(struct comparison *c, struct slice value)
{
	c->verdict->has_source_value = value.text;
	text_copy_cut(c->verdict->source_value, VERDICT_VALUE_BYTES, value);
}

void stage_dest_value(struct comparison *c, struct slice value)
{
	c->verdict->has_dest_value = value.text;
	text_copy_cut(c->verdict->dest_value, VERDICT_VALUE_BYTES, value);
}

static bool show_fact(const struct fact *fact, char out[static VERDICT_VALUE_BYTES])
{
	switch (fact->state) {
	case FACT_KNOWN:
		text_copy_cut(out, VERDICT_VALUE_BYTES, slice_of(fact->text));
		return true;
	case FACT_UNREADABLE:
		snprintf(out, VERDICT_VALUE_BYTES, "unreadable (errno %d)", fact->error);
		return true;
	case FACT_UNKNOWN:
		break;
	}
	out[0] = '\0';
	return false;
}

void stage_values(struct comparison *c, const char *comparator, const struct fact *source,
		  const struct fact *dest)
{
	struct verdict *verdict = c->verdict;

	verdict->comparator = comparator;
	verdict->direction = NULL;
	verdict->has_source_value = show_fact(source, verdict->source_value);
	verdict->has_dest_value = show_fact(dest, verdict->dest_value);
}

void stage_forget_values(struct comparison *c)
{
	struct verdict *verdict = c->verdict;

	verdict->comparator = NULL;
	verdict->direction = NULL;
	verdict->has_source_value = false;
	verdict->has_dest_value = false;
	verdict->source_value[0] = '\0';
	verdict->dest_value[0] = '\0';
}

bool stage_unreadable(struct comparison *c, const char *comparator, const char *field,
		      struct position position, const struct fact *source, const struct fact *dest)
{
	bool on_source = source->state == FACT_UNREADABLE;

	if (!on_source && dest->state != FACT_UNREADABLE)
		return false;
	stage_values(c, comparator, source, dest);
	stage_fail(c, MW_REASON_UNREADABLE, field, position,
		   "%s could not be read on the %s (errno %d); what cannot be read is never taken "
		   "as equal: find out why, then describe the device again",
		   field, on_source ? "source" : "destination",
		   on_source ? source->error : dest->error);
	return true;
}
