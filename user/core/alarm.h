/* SPDX-License-Identifier: GPL-2.0-only */
/* What is worth waking somebody for in a session that is over, and why a transfer failed. */
#ifndef CORE_ALARM_H
#define CORE_ALARM_H

#include "core/session.h"

/*
 * alarms_at_end - those of a session whose end is decided, in the order of enum alarm_kind. Gives
 * how many.
 */
size_t alarms_at_end(const struct session *session, const struct session_limits *limits,
		     struct session_alarm out[static ALARM_KIND_COUNT_]);

#endif
