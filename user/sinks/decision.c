// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/decision.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "core/fsm.h"
#include "core/names.h"

#define TEXT_BYTES 2048
#define CLOCK_TIME_OFFSET 11 /* of "13:04:05.123456" in an RFC 3339 time */
#define CLOCK_TIME_LENGTH 15

static const char *value_of(bool has_value, const char *value)
{
	return has_value ? value : "(none)";
}

char *decision_explain(const struct verdict *verdict)
{
	const char *reason = mw_reason_name(verdict->reason);
	char place[512] = "", values[2 * VERDICT_VALUE_BYTES + 64] = "", *text;

	if (verdict->position.line)
		snprintf(place, sizeof(place), " (%s:%u)", verdict->policy_file,
			 verdict->position.line);
	if (verdict->has_source_value || verdict->has_dest_value)
		snprintf(values, sizeof(values), ": source %s, destination %s",
			 value_of(verdict->has_source_value, verdict->source_value),
			 value_of(verdict->has_dest_value, verdict->dest_value));
	if (asprintf(&text, "%s%s%s", reason, verdict->reason == MW_REASON_OK ? "" : values,
		     place) < 0)
		return NULL;
	return text;
}

static const char *asked_for(const struct mw_event_gate *event)
{
	return event->feature == MW_FEATURE_MIG_DEVICE_STATE ? mig_state_name(event->target)
							     : feature_name(event->feature);
}

void decision_line(FILE *out, const struct decision *decision)
{
	const struct mw_event_gate *event = &decision->event->gate;
	char clock[UNITS_TEXT_BYTES], comm[4 * MW_COMM_BYTES], device[4 * MW_DEVICE_BYTES];
	char vm[512], explanation[TEXT_BYTES];
	const char *what = asked_for(event);

	format_clock(event->head.time_ns, decision->clock_offset_ns, clock);
	escape_text(comm, sizeof(comm), event->head.comm);
	escape_text(device, sizeof(device), event->head.device);
	escape_text(vm, sizeof(vm), decision->vm);
	escape_text(explanation, sizeof(explanation), decision->explanation);
	fprintf(out, "%.*s  %-7s  %s[%u]%s%s  %s  %s %s  %s%s\n", CLOCK_TIME_LENGTH,
		clock + CLOCK_TIME_OFFSET, gate_answer_name(event->answer), comm, event->head.pid,
		*vm ? " vm=" : "", vm, device, direction_label(event->direction), what ? what : "?",
		explanation, event->killed ? "; the caller was killed" : "");
	if (!decision->shadow_answer)
		return;
	escape_text(explanation, sizeof(explanation), decision->shadow_explanation);
	fprintf(out, "%.*s  shadow   would have %s it: %s\n", CLOCK_TIME_LENGTH,
		clock + CLOCK_TIME_OFFSET, decision->shadow_answer, explanation);
}
