// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/session_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(session_text);

static struct session failed_write(void)
{
	return (struct session){
		.side = SESSION_DESTINATION,
		.end = SESSION_FAILED,
		.driver = "mtty",
		.begin_ns = 1000,
		.end_ns = 2001000,
		.failure = {.kind = SESSION_FAILURE_WRITE,
			    .error = -EFAULT,
			    .state = MW_STATE_RESUMING},
	};
}

static void says(const struct session *session, struct session_alarm alarm, const char *expected)
{
	char text[SESSION_ALARM_TEXT_BYTES];

	cr_assert_str_eq(session_alarm_text(session, &alarm, text, sizeof(text)), expected);
}

Test(session_text, a_failed_write_is_explained_by_its_driver)
{
	struct session session = failed_write();

	says(&session, (struct session_alarm){.kind = ALARM_TRANSFER_FAILED},
	     "write after 0 bytes in RESUMING failed: EFAULT; mtty: likely the header did not "
	     "match: "
	     "magic, version or number of ports (another type) of the source");
	strcpy(session.driver, "another");
	says(&session, (struct session_alarm){.kind = ALARM_TRANSFER_FAILED},
	     "write after 0 bytes in RESUMING failed: EFAULT");
}

Test(session_text, a_lost_device_says_what_failed_and_what_became_of_it)
{
	struct session session = {
		.cause = SESSION_CAUSE_RESET,
		.failure = {.kind = SESSION_FAILURE_ARC,
			    .error = -EINVAL,
			    .state = MW_STATE_RESUMING,
			    .to = MW_STATE_STOP},
	};

	says(&session, (struct session_alarm){.kind = ALARM_DEVICE_LOST, .error = -EINVAL},
	     "the device's state is lost: RESUMING to STOP failed (EINVAL), and it was reset "
	     "without "
	     "having run; the VMM may say that the migration succeeded");
}

Test(session_text, numbers_have_units)
{
	struct session session = {0};

	says(&session, (struct session_alarm){.kind = ALARM_BLACKOUT, .value = {2500000, 1000000}},
	     "blackout of 2.50 ms on this side, the policy's budget is 1.00 ms");
	says(&session, (struct session_alarm){.kind = ALARM_NO_DATA_SIZE, .error = -ENOTTY},
	     "MIG_DATA_SIZE gives ENOTTY: the VMM has to assume the worst (QEMU: 100 GiB), and the "
	     "migration may never converge");
	says(&session, (struct session_alarm){.kind = 99}, "unknown alarm");
}

Test(session_text, a_session_in_a_line)
{
	struct session session = failed_write();
	char line[SESSION_LINE_BYTES];

	session.bytes = 96;
	cr_assert_str_eq(session_line(&session, line, sizeof(line)),
			 "destination failed after 2.00 ms, blackout not seen, 96 B moved");
	session.gate.answer = MW_GATE_REFUSED;
	session.is_incomplete = 1;
	session.blackout_begin_ns = 1;
	session.blackout_end_ns = 1001;
	cr_assert_str_eq(session_line(&session, line, sizeof(line)),
			 "destination failed, refused: ok after 2.00 ms, blackout 1.00 µs, 96 B "
			 "moved, incomplete");
}

Test(session_text, what_does_not_fit_is_cut)
{
	struct session session = failed_write();
	struct session_alarm alarm = {.kind = ALARM_TRANSFER_FAILED};
	char text[10];

	cr_assert_str_eq(session_alarm_text(&session, &alarm, text, sizeof(text)), "write aft");
}
