// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sinks/audit_text.h"
#include "sinks/journal_socket.h"
#include "sinks/session_text.h"

#define FIELDS_MAX 24
#define FIELD_BYTES 1024

/* Stable: programs and the catalog know them. */
static const struct {
	const char *kind;
	const char *id;
} ids[] = {
	{AUDIT_START, "af5775c5a05243f0bb03cc5e3eac8c0a"},
	{AUDIT_STOP, "8a13763716604a0086bff607f2c47297"},
	{AUDIT_RAISE, "8afd651f03a24f239ba9f5cf84169a67"},
	{AUDIT_DECISION, "b23b1a1324e940bbad520c3249a27a19"},
	{AUDIT_ADMISSION, "2a372bf1765546e492b8f1c6bbbc76c5"},
	{AUDIT_REVOKE, "b484340dd5d947879896b6dc0763d664"},
	{AUDIT_RELOAD, "ee2812a43a9c42f78de560bad357761e"},
	{AUDIT_ANSWER, "df1e64102d6d4e2d8ef3a26358f5a17d"},
	{AUDIT_INCIDENT, "9403702ca22b41b5aedbd5b6b1437d98"},
	{AUDIT_TALLY, "b7d1c1f58d0c4a2f9f3c1f6de0a5b2e4"},
	{AUDIT_GAP, JOURNAL_GAP_MESSAGE_ID},
};

const char *journal_message_id(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (text_equal(ids[i].kind, kind))
			return ids[i].id;
	return NULL;
}

void journal_write(const struct iovec *fields, int count)
{
	static struct journal_socket journal = {.path = JOURNAL_SOCKET_PATH, .fd = -1};

	journal_socket_send(&journal, fields, count);
}

/* Not cleared as a whole: it is 24 KiB. */
struct entry {
	struct iovec fields[FIELDS_MAX];
	int count;
	char text[FIELDS_MAX][FIELD_BYTES];
};

/* "NAME=text"; nothing where there is no text. What does not fit is cut. */
static void add(struct entry *entry, const char *name, const char *text)
{
	char *field;

	if (!text || !*text || entry->count == FIELDS_MAX)
		return;
	field = entry->text[entry->count];
	if (snprintf(field, FIELD_BYTES, "%s=%s", name, text) >= FIELD_BYTES)
		text_mark_cut(field, FIELD_BYTES);
	entry->fields[entry->count++] = (struct iovec){field, strlen(field)};
}

static void add_number(struct entry *entry, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	add(entry, name, number ? text : NULL);
}

static int priority_of(const struct audit_row *row)
{
	const char *verdict = row->verdict ? row->verdict : "";

	if (text_equal(row->kind, AUDIT_INCIDENT) || text_equal(row->kind, AUDIT_GAP) ||
	    text_equal(verdict, "failed"))
		return LOG_ERR;
	if (text_equal(verdict, "deny"))
		return LOG_WARNING;
	return text_equal(verdict, "audit") ? LOG_NOTICE : LOG_INFO;
}

void journal_send(const struct audit_row *row)
{
	const char *id = journal_message_id(row->kind);
	struct entry entry;
	char message[FIELD_BYTES];

	entry.count = 0;
	/* That it was done is what one expects. */
	if (!id || (text_equal(row->kind, AUDIT_ANSWER) && text_equal(row->verdict, "done")))
		return;
	audit_summarise(row, message, sizeof(message));
	add(&entry, "MESSAGE", message);
	add(&entry, "MESSAGE_ID", id);
	add_number(&entry, "PRIORITY", (uint64_t)priority_of(row));
	add(&entry, "SYSLOG_IDENTIFIER", "migwarden");
	add(&entry, "MIGWARDEN_KIND", row->kind);
	add(&entry, "MIGWARDEN_DEVICE", row->device);
	add(&entry, "MIGWARDEN_DIRECTION", row->direction);
	add(&entry, "MIGWARDEN_VM", row->vm);
	add(&entry, "MIGWARDEN_VM_UUID", row->vm_uuid);
	add(&entry, "MIGWARDEN_VERDICT", row->verdict);
	add(&entry, "MIGWARDEN_REASON", row->reason);
	add(&entry, "MIGWARDEN_RULE", row->rule);
	add(&entry, "MIGWARDEN_RULE_NAME", row->rule_name);
	add(&entry, "MIGWARDEN_POLICY", row->policy);
	add_number(&entry, "MIGWARDEN_GENERATION", row->generation);
	add_number(&entry, "MIGWARDEN_ADMISSION", row->admission);
	add_number(&entry, "MIGWARDEN_COUNT", audit_count(row));
	add_number(&entry, "MIGWARDEN_PID", (uint64_t)row->pid);
	add(&entry, "MIGWARDEN_COMM", row->comm);
	journal_write(entry.fields, entry.count);
}

void journal_alarm(const struct session *session, const struct session_alarm *alarm)
{
	char text[SESSION_ALARM_TEXT_BYTES], message[FIELD_BYTES];
	struct entry entry;

	entry.count = 0;
	snprintf(message, sizeof(message), "%s: %s: %s", session->device,
		 alarm_kind_name(alarm->kind),
		 session_alarm_text(session, alarm, text, sizeof(text)));
	add(&entry, "MESSAGE", message);
	add(&entry, "MESSAGE_ID", JOURNAL_ALARM_ID);
	/* A guest that runs without its device's state; all else is a matter of a migration. */
	add_number(&entry, "PRIORITY", alarm->kind == ALARM_DEVICE_LOST ? LOG_ERR : LOG_WARNING);
	add(&entry, "SYSLOG_IDENTIFIER", "migwarden");
	add(&entry, "MIGWARDEN_KIND", "alarm");
	add(&entry, "MIGWARDEN_ALARM", alarm_kind_name(alarm->kind));
	add(&entry, "MIGWARDEN_DEVICE", session->device);
	add(&entry, "MIGWARDEN_DRIVER", session->driver);
	add(&entry, "MIGWARDEN_SIDE", session_side_name(session->side));
	add(&entry, "MIGWARDEN_VM", session->vm_name);
	add(&entry, "MIGWARDEN_VM_UUID", session->vm_uuid);
	add_number(&entry, "MIGWARDEN_SESSION", session->id);
	add_number(&entry, "MIGWARDEN_PID", session->pid);
	add(&entry, "MIGWARDEN_COMM", session->comm);
	journal_write(entry.fields, entry.count);
}
