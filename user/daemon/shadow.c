// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/shadow.h"

#include <stdio.h>

#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/decision.h"

void shadow_admit(struct daemon *daemon, const struct engine_request *request,
		  const struct descriptor *source, const struct descriptor *dest)
{
	struct engine_admission made;

	if (!daemon->shadow)
		return;
	engine_admit(daemon->shadow, source, dest, request, &made);
	admissions_add_shadow(&daemon->admissions,
			      engine_admission_answer(daemon->shadow, &made.admission),
			      decision_explain(&made.verdict));
}

bool shadow_of_admission(const struct admission *admission, enum mw_gate_answer answer,
			 struct shadow_view *out)
{
	if (!admission->shadow_answer || admission->shadow_answer == answer)
		return false;
	out->answer = gate_answer_name(admission->shadow_answer);
	snprintf(out->explanation, sizeof(out->explanation), "%s", admission->shadow_explanation);
	return true;
}

static bool of_default(const struct daemon *daemon, const struct mw_event_gate *event,
		       struct shadow_view *out)
{
	const struct policy *shadow = daemon->shadow;
	struct mw_admission own = device_defaults_of(shadow, &daemon->shadow_defaults,
						     event->head.device, event->direction);
	enum mw_gate_answer answer = engine_admission_answer(shadow, &own);

	if ((uint32_t)answer == event->answer)
		return false;
	out->answer = gate_answer_name(answer);
	policy_default_explain(shadow, event->direction, own.id, own.reason, out->explanation,
			       sizeof(out->explanation));
	return true;
}

bool shadow_of_event(const struct daemon *daemon, const struct mw_event_gate *event,
		     const struct admission *admission, struct shadow_view *out)
{
	if (!daemon->shadow || event->reason == MW_REASON_STATE_BYPASS)
		return false;
	if (event->basis == MW_BASIS_DEFAULT)
		return of_default(daemon, event, out);
	return admission && shadow_of_admission(admission, event->answer, out);
}

json_t *shadow_to_json(const struct shadow_view *view)
{
	if (!view)
		return json_null();
	return json_pack("{s:s, s:s}", "answer", view->answer, "explanation", view->explanation);
}
