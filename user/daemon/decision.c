// SPDX-License-Identifier: GPL-2.0-only
/* From an event of the gate to the words for it: the admission it used, or the policy's default. */
#include <stdio.h>

#include "core/engine.h"
#include "daemon/state.h"
#include "host/process.h"
#include "sinks/decision.h"
#include "sinks/event_json.h"

#define EXPLANATION_BYTES 1024

static const char *explain_default(const struct daemon *daemon, const struct mw_event_gate *event,
				   char out[static EXPLANATION_BYTES])
{
	struct position position = engine_default_position(daemon->policy, event->direction);

	if (position.line)
		snprintf(out, EXPLANATION_BYTES, "%s (%s:%u)", mw_reason_name(event->reason),
			 daemon->policy->file, position.line);
	else
		snprintf(out, EXPLANATION_BYTES, "%s (the default of %s)",
			 mw_reason_name(event->reason), daemon->policy->file);
	return out;
}

void decision_show(struct daemon *daemon, const union mw_event *event)
{
	const struct admission *admission = admissions_find(&daemon->admissions,
							    event->gate.admission);
	char text[EXPLANATION_BYTES];
	struct process process = { 0 };
	struct decision decision = {
		.event = event,
		.clock_offset_ns = daemon->clock_offset_ns,
		.vm = process.vm_name,
	};
	FILE *out = daemon->options->out;
	json_t *object;

	/* The process may be gone, or not a VM: then the name stays empty. */
	process_read(daemon->host, (pid_t)event->head.pid, &process);
	decision.explanation = admission ? admission->explanation :
					   explain_default(daemon, &event->gate, text);
	if (!daemon->options->json) {
		decision_line(out, &decision);
		return;
	}
	object = event_to_json(event, daemon->clock_offset_ns);
	json_object_set_new(object, "vm",
			    *process.vm_name ? json_string(process.vm_name) : json_null());
	json_object_set_new(object, "vm_uuid",
			    *process.vm_uuid ? json_string(process.vm_uuid) : json_null());
	json_object_set_new(object, "explanation", json_string(decision.explanation));
	json_object_set(object, "verdict", admission ? admission->verdict : json_null());
	json_dumpf(object, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(object);
}
