/* SPDX-License-Identifier: GPL-2.0-only */
/* What of an event the audit tells apart: events that are alike in all of it may be counted
 * together (sinks/audit.h). */
#ifndef DAEMON_TRAIL_LIKE_H
#define DAEMON_TRAIL_LIKE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "migwarden/wire.h"
#include "sinks/audit.h"

/* trail_verdict_word - passed, refused, audited, in the words that a verdict has; static, or NULL.
 */
const char *trail_verdict_word(uint32_t answer);

/* trail_asked_for - the state, or the feature; static, or NULL. */
const char *trail_asked_for(const struct mw_event_gate *event);

/* trail_direction - in which a migration goes, as this side sees it. */
enum mw_direction trail_direction(const struct session *session);

/*
 * trail_like_event (one of MW_EVENT_GATE or MW_EVENT_SHIELD), trail_like_decision,
 * trail_like_shield, trail_like_session - what it is like, into @out, which borrows. Gives whether
 * it may come as often as somebody likes: refusals may; what was let pass may not, but by the
 * policy, and is never counted together.
 */
bool trail_like_event(const union mw_event *event, struct audit_like *out);
bool trail_like_decision(const struct mw_event_gate *event, struct audit_like *out);
bool trail_like_shield(const struct mw_event_shield *event, struct audit_like *out);
bool trail_like_session(const struct session *session, struct audit_like *out);

#endif
