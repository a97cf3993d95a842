// SPDX-License-Identifier: GPL-2.0-only
#include "core/alarm.h"

#include <stdio.h>

#include "core/flow.h"
#include "core/fsm.h"

static bool is_device_lost(const struct session *session, struct session_alarm *alarm)
{
	alarm->error = session->failure.error;
	return session->end == SESSION_LOST;
}

static bool has_transfer_failed(const struct session *session, struct session_alarm *alarm)
{
	alarm->error = session->failure.error;
	return session->failure.kind != SESSION_FAILURE_NONE && !session_is_refused(session);
}

/* Too much by the factor, or too little; against the sum it may have meant that is nearer. */
static bool is_estimate_off(const struct session *session, const struct session_limits *limits,
			    struct session_alarm *alarm)
{
	uint64_t estimate = session->estimate_bytes, factor = limits->estimate_factor;

	if (!factor || estimate == UINT64_MAX || !session->is_read_to_end || session->is_incomplete)
		return false;
	alarm->value[0] = estimate;
	if (estimate > session->bytes) {
		alarm->value[1] = session->bytes;
		return estimate / factor >= session->bytes &&
		       estimate - session->bytes >= limits->estimate_bytes;
	}
	alarm->value[1] = session->final_bytes;
	return estimate < session->final_bytes && session->final_bytes / factor >= estimate &&
	       session->final_bytes - estimate >= limits->estimate_bytes;
}

static bool is_blackout_long(const struct session *session, const struct session_limits *limits,
			     struct session_alarm *alarm)
{
	alarm->value[0] = session_blackout_ns(session, session->end_ns);
	alarm->value[1] = limits->downtime_ns;
	return limits->downtime_ns && alarm->value[0] > limits->downtime_ns;
}

static bool is_raised(enum alarm_kind kind, const struct session *session,
		      const struct session_limits *limits, struct session_alarm *alarm)
{
	switch (kind) {
	case ALARM_DEVICE_LOST:
		return is_device_lost(session, alarm);
	case ALARM_TRANSFER_FAILED:
		return has_transfer_failed(session, alarm);
	case ALARM_ESTIMATE_OFF:
		return is_estimate_off(session, limits, alarm);
	case ALARM_BLACKOUT:
		return is_blackout_long(session, limits, alarm);
	case ALARM_NO_DATA_SIZE:
	case ALARM_FILE_LEFT_OPEN:
	case ALARM_KIND_COUNT_:
		break;
	}
	return false;
}

size_t alarms_at_end(const struct session *session, const struct session_limits *limits,
		     struct session_alarm out[static ALARM_KIND_COUNT_])
{
	size_t count = 0;

	for (enum alarm_kind kind = 0; kind < ALARM_KIND_COUNT_; kind++) {
		out[count] = (struct session_alarm){.time_ns = session->end_ns, .kind = kind};
		if (is_raised(kind, session, limits, &out[count]))
			count++;
	}
	return count;
}
