// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/session_text.h"

#include <stdio.h>

#include "base/units.h"
#include "core/driver_checks.h"
#include "core/fsm.h"
#include "migwarden/reason.h"
#include "sinks/errno_name.h"

#define CALL_BYTES 160

static const char *name_of_error(int32_t error)
{
	const char *name = errno_name(error);

	return name ? name : "an unknown error";
}

/* Which call failed: "write after 4096 bytes of RESUMING". */
static const char *failed_call(const struct session_failure *failure, char out[static CALL_BYTES])
{
	if (failure->kind == SESSION_FAILURE_ARC)
		snprintf(out, CALL_BYTES, "%s to %s", mig_state_name(failure->state),
			 mig_state_name(failure->to));
	else
		snprintf(out, CALL_BYTES, "%s after %llu bytes in %s",
			 session_failure_name(failure->kind), (unsigned long long)failure->offset,
			 mig_state_name(failure->state));
	return out;
}

static void failure_text(const struct session *session, char *out, size_t size)
{
	const struct session_failure *failure = &session->failure;
	const char *check =
		driver_check_find(session->driver, failure->kind, failure->error, failure->offset);
	char call[CALL_BYTES];

	snprintf(out, size, "%s failed: %s%s%s%s%s", failed_call(failure, call),
		 name_of_error(failure->error), check ? "; " : "", check ? session->driver : "",
		 check ? ": likely " : "", check ? check : "");
}

static void lost_text(const struct session *session, char *out, size_t size)
{
	char call[CALL_BYTES];

	snprintf(out, size,
		 "the device's state is lost: %s failed (%s), and it was %s without having run; "
		 "the VMM may say that the migration succeeded",
		 failed_call(&session->failure, call), name_of_error(session->failure.error),
		 session->cause == SESSION_CAUSE_RESET ? "reset" : "closed");
}

static void estimate_text(const struct session_alarm *alarm, char *out, size_t size)
{
	char said[UNITS_TEXT_BYTES], came[UNITS_TEXT_BYTES];

	snprintf(out, size,
		 "MIG_DATA_SIZE said %s, %s came: the VMM chose its moment by a number "
		 "that is off",
		 format_bytes(alarm->value[0], said), format_bytes(alarm->value[1], came));
}

static void blackout_text(const struct session_alarm *alarm, char *out, size_t size)
{
	char took[UNITS_TEXT_BYTES], budget[UNITS_TEXT_BYTES];

	snprintf(out, size, "blackout of %s on this side, the policy's budget is %s",
		 format_duration(alarm->value[0], took), format_duration(alarm->value[1], budget));
}

static void file_text(const struct session_alarm *alarm, char *out, size_t size)
{
	char since[UNITS_TEXT_BYTES];

	snprintf(out, size,
		 "the data file is still open %s after its migration failed: the VMM "
		 "holds the device's state",
		 format_duration(alarm->value[0], since));
}

const char *session_alarm_text(const struct session *session, const struct session_alarm *alarm,
			       char *out, size_t size)
{
	switch ((enum alarm_kind)alarm->kind) {
	case ALARM_DEVICE_LOST:
		lost_text(session, out, size);
		return out;
	case ALARM_TRANSFER_FAILED:
		failure_text(session, out, size);
		return out;
	case ALARM_NO_DATA_SIZE:
		snprintf(out, size,
			 "MIG_DATA_SIZE gives %s: the VMM has to assume the worst (QEMU: "
			 "100 GiB), and the migration may never converge",
			 name_of_error(alarm->error));
		return out;
	case ALARM_ESTIMATE_OFF:
		estimate_text(alarm, out, size);
		return out;
	case ALARM_BLACKOUT:
		blackout_text(alarm, out, size);
		return out;
	case ALARM_FILE_LEFT_OPEN:
		file_text(alarm, out, size);
		return out;
	case ALARM_KIND_COUNT_:
		break;
	}
	snprintf(out, size, "unknown alarm");
	return out;
}

const char *session_line(const struct session *session, char *out, size_t size)
{
	char took[UNITS_TEXT_BYTES], blackout[UNITS_TEXT_BYTES] = "not seen";
	char bytes[UNITS_TEXT_BYTES], gate[CALL_BYTES] = "";
	uint64_t end_ns = session->end_ns ? session->end_ns : session->begin_ns;

	if (session_blackout_ns(session, 0))
		format_duration(session_blackout_ns(session, 0), blackout);
	if (session_is_refused(session))
		snprintf(gate, sizeof(gate), ", refused: %s", mw_reason_name(session->gate.reason));
	snprintf(out, size, "%s %s%s after %s, blackout %s, %s moved%s",
		 session_side_name(session->side), session_end_name(session->end), gate,
		 format_duration(end_ns > session->begin_ns ? end_ns - session->begin_ns : 0, took),
		 blackout, format_bytes(session->bytes, bytes),
		 session->is_incomplete ? ", incomplete" : "");
	return out;
}
