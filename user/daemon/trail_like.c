// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/trail_like.h"

#include "core/decode.h"
#include "core/fsm.h"
#include "core/names.h"
#include "migwarden/reason.h"

const char *trail_verdict_word(uint32_t answer)
{
	switch ((enum mw_gate_answer)answer) {
	case MW_GATE_PASSED:
		return mw_action_name(MW_ACTION_ALLOW);
	case MW_GATE_REFUSED:
		return mw_action_name(MW_ACTION_DENY);
	case MW_GATE_AUDITED:
		return mw_action_name(MW_ACTION_AUDIT);
	}
	return NULL;
}

const char *trail_asked_for(const struct mw_event_gate *event)
{
	return event->feature == MW_FEATURE_MIG_DEVICE_STATE ? mig_state_name(event->target)
							     : feature_name(event->feature);
}

/* Whether it may come as often as somebody likes: what was let pass may not, but by the policy. */
bool trail_like_decision(const struct mw_event_gate *event, struct audit_like *out)
{
	*out = (struct audit_like){
		.kind = event->reason == MW_REASON_STATE_BYPASS ? AUDIT_INCIDENT : AUDIT_DECISION,
		.device = event->head.device,
		.direction = direction_label(event->direction),
		.verdict = trail_verdict_word(event->answer),
		.reason = mw_reason_name(event->reason),
		.what = trail_asked_for(event),
		.generation = event->generation,
		.cgroup_id = event->head.cgroup_id,
	};
	return event->answer == MW_GATE_REFUSED && !event->killed;
}

bool trail_like_shield(const struct mw_event_shield *event, struct audit_like *out)
{
	*out = (struct audit_like){
		.kind = AUDIT_INCIDENT,
		.verdict = mw_action_name(MW_ACTION_DENY),
		.reason = "shield",
		.what = shield_piece_name(event->piece),
		.cgroup_id = event->head.cgroup_id,
	};
	return event->error != 0;
}

bool trail_like_event(const union mw_event *event, struct audit_like *out)
{
	return event->head.kind == MW_EVENT_SHIELD ? trail_like_shield(&event->shield, out)
						   : trail_like_decision(&event->gate, out);
}

enum mw_direction trail_direction(const struct session *session)
{
	return session->side == SESSION_SOURCE ? MW_OUTGOING : MW_INCOMING;
}

/* A migration that the gate refused ends at once, and the next may begin. */
bool trail_like_session(const struct session *session, struct audit_like *out)
{
	*out = (struct audit_like){
		.kind = AUDIT_SESSION,
		.device = session->device,
		.direction = direction_label(trail_direction(session)),
		.reason = mw_reason_name(session->gate.reason),
		.generation = session->gate.generation,
	};
	return session_is_refused(session);
}
