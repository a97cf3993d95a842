/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of the audit as entries of the journal, with a field for each thing that one asks for:
 * `journalctl MIGWARDEN_VERDICT=deny`. contrib/systemd/migwarden.catalog says more of each kind
 * (`journalctl -x`).
 */
#ifndef SINKS_JOURNAL_H
#define SINKS_JOURNAL_H

#include <stdbool.h>
#include <sys/uio.h>

#include "sinks/audit.h"

/* journal_message_id - 32 hex digits for a kind of row; NULL where that kind is no entry. Static.
 */
const char *journal_message_id(const char *kind);

/* journal_write - an entry of @count fields, each "NAME=value", to the journal of this host. */
void journal_write(const struct iovec *fields, int count);

/* journal_send - tells the journal; does nothing where there is none. Failures are nobody's matter:
 * the audit is what counts. */
void journal_send(const struct audit_row *row);

#endif
