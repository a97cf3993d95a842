/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of the audit, and alarms, as entries of the journal, with a field for each thing that one
 * asks for: `journalctl MIGWARDEN_VERDICT=deny`. contrib/systemd/migwarden.catalog says more of
 * each kind
 * (`journalctl -x`).
 */
#ifndef SINKS_JOURNAL_H
#define SINKS_JOURNAL_H

#include <stdbool.h>
#include <sys/uio.h>

#include "core/session.h"
#include "sinks/audit.h"

/* Of the entries of alarms. */
#define JOURNAL_ALARM_ID "4c0be5a1f2d94d6c8b1e7a3f95d2c6e0"

/* journal_message_id - 32 hex digits for a kind of row; NULL where that kind is no entry. Static.
 */
const char *journal_message_id(const char *kind);

/* journal_write - an entry of @count fields, each "NAME=value", to the journal of this host. */
void journal_write(const struct iovec *fields, int count);

/* journal_send - tells the journal; does nothing where there is none. Failures are nobody's matter:
 * the audit is what counts. */
void journal_send(const struct audit_row *row);

/* journal_alarm - tells the journal of an alarm of @session, which may be over, as above. */
void journal_alarm(const struct session *session, const struct session_alarm *alarm);

#endif
