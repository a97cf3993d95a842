// SPDX-License-Identifier: GPL-2.0-only
/* From an event of the gate to the words for it: the admission it used, or the policy's default. */
#include <stdio.h>

#include "core/decode.h"
#include "core/engine.h"
#include "daemon/shadow.h"
#include "daemon/state.h"
#include "host/process.h"
#include "sinks/decision.h"
#include "sinks/event_json.h"
#include "sinks/json_set.h"

#define EXPLANATION_BYTES 1024

/* NULL: a default decided. */
static const char *rule_of(const union mw_event *event, const struct admission *admission)
{
	if (event->gate.basis != MW_BASIS_ADMISSION)
		return NULL;
	if (!admission)
		return METRICS_RULE_LOST;
	return json_string_value(json_object_get(admission->verdict, "rule_name"));
}

/* What the views keep of it. */
static json_t *to_json(const struct daemon *daemon, const struct decision *decision,
		       const struct process *process, const struct admission *admission)
{
	json_t *object = event_to_json(decision->event, daemon->clock_offset_ns);

	json_object_set_new(object, "vm",
			    *process->vm_name ? json_string(process->vm_name) : json_null());
	json_object_set_new(object, "vm_uuid",
			    *process->vm_uuid ? json_string(process->vm_uuid) : json_null());
	json_object_set_new(object, "explanation", json_string(decision->explanation));
	json_object_set(object, "verdict", admission ? admission->verdict : json_null());
	/* Which domain brought it, from which host, by whose word. */
	json_object_set(object, "domain",
			admission && admission->detail ? admission->detail : json_null());
	return object;
}

/* An earlier daemon wrote the admission, and took along what it knew of it but for the audit. */
static void explain(struct daemon *daemon, const struct mw_event_gate *event,
		    struct audit_admission *earlier, char *out, size_t size)
{
	policy_default_explain(daemon->policy, event->direction,
			       policy_default_number(daemon, event->generation, event->admission),
			       event->reason, out, size);
	trail_earlier(daemon, event, earlier);
	if (event->basis == MW_BASIS_ADMISSION)
		snprintf(out, size, "%s (an admission of an earlier daemon)",
			 earlier->explanation ? earlier->explanation
					      : mw_reason_name(event->reason));
}

/* One of so many alike that nobody would read them: only their number grows. */
static void count_only(struct daemon *daemon, const union mw_event *event,
		       const struct admission *admission)
{
	struct shadow_view shadow;

	daemon->shadow_differences += shadow_of_event(daemon, &event->gate, admission, &shadow);
	metrics_rule(daemon->metrics, rule_of(event, admission), event->gate.answer);
}

void decision_show(struct daemon *daemon, const union mw_event *event)
{
	const struct admission *admission =
		admissions_find(&daemon->admissions, gate_event_admission(&event->gate));
	char text[EXPLANATION_BYTES];
	struct audit_admission earlier;
	struct process process = {0};
	struct decision decision = {
		.event = event,
		.clock_offset_ns = daemon->clock_offset_ns,
		.vm = process.vm_name,
	};
	FILE *out = daemon->options->out;
	struct shadow_view shadow;
	enum trail_told told = trail_take(daemon, event);
	/* Where it was pushed out of what the page shows, the next one brings it back. */
	bool is_kept = told == TRAIL_COUNTED &&
		       recent_repeats(&daemon->recent, &event->gate, daemon->clock_offset_ns);
	json_t *object;
	bool differs;

	if (is_kept && daemon->out_is_journal) {
		count_only(daemon, event, admission);
		return;
	}
	/* The process may be gone, or not a VM: then the name stays empty. */
	process_read(daemon->host, (pid_t)event->head.pid, &process);
	chronicle_know(daemon->chronicle, event->head.device, &process);
	explain(daemon, &event->gate, &earlier, text, sizeof(text));
	decision.explanation = admission ? admission->explanation : text;
	/* On the disk before it is told, and before the ring forgets it. */
	if (told == TRAIL_NEW)
		trail_decision(daemon, &(struct trail_decision){event, &process, admission,
								&earlier, decision.explanation});
	audit_admission_free(&earlier);
	differs = shadow_of_event(daemon, &event->gate, admission, &shadow);
	daemon->shadow_differences += differs;
	metrics_rule(daemon->metrics, rule_of(event, admission), event->gate.answer);
	decision.shadow_answer = differs ? shadow.answer : NULL;
	decision.shadow_explanation = shadow.explanation;
	object = to_json(daemon, &decision, &process, admission);
	json_object_set_new(object, "shadow", shadow_to_json(differs ? &shadow : NULL));
	if (!is_kept)
		recent_decision(&daemon->recent, object);
	if (daemon->options->json && !daemon->out_is_journal) {
		json_put_line(out, object);
		return;
	}
	if (!daemon->out_is_journal)
		decision_line(out, &decision);
	json_decref(object);
}
