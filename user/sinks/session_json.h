/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions as JSON, schema migwarden.session/1: what the daemon serves, replay writes and report
 * reads (config/session_read.h). docs/sessions.md says what each key means.
 */
#ifndef SINKS_SESSION_JSON_H
#define SINKS_SESSION_JSON_H

#include <jansson.h>

#include "core/session.h"

/*
 * session_to_json - the whole session. Reads back equal, but for text that is not UTF-8, words
 * for numbers outside their enum, and numbers over 63 bits. A new reference, or NULL (no memory).
 */
json_t *session_to_json(const struct session *session);

/*
 * session_to_json_brief - without arcs, phases and samples: what a list or a line of watch tells.
 * The same keys, and no "schema".
 */
json_t *session_to_json_brief(const struct session *session);

/* alarm_to_json - "alarm", "time_ns", …, "text"; as in a session's "alarms". */
json_t *alarm_to_json(const struct session *session, const struct session_alarm *alarm);

#endif
