/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions and their alarms as lines for a person. */
#ifndef SINKS_SESSION_TEXT_H
#define SINKS_SESSION_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

#define SESSION_ALARM_TEXT_BYTES 512
#define SESSION_LINE_BYTES 512

/*
 * session_alarm_text - what the alarm says, with its numbers and, of a failed transfer, what likely
 * did not match: "write of byte 0 failed: EFAULT …". Into @out, cut to @size. Gives @out.
 */
const char *session_alarm_text(const struct session *session, const struct session_alarm *alarm,
			       char *out, size_t size);

/*
 * session_line - what a session is or was, in one line: side, end, blackout, bytes. Into @out, cut
 * to @size. Gives @out.
 */
const char *session_line(const struct session *session, char *out, size_t size);

#endif
