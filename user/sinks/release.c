// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/release.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "sinks/journal.h"

#define FIELD_BYTES 160

void release_to_journal(const struct release *release)
{
	char fields[6][FIELD_BYTES];
	struct iovec entry[ARRAY_SIZE(fields)];

	snprintf(fields[0], FIELD_BYTES,
		 "MESSAGE=the gate was released by PID %d, UID %u: nothing is enforced on this "
		 "host any more",
		 (int)release->pid, (unsigned int)release->uid);
	snprintf(fields[1], FIELD_BYTES, "MESSAGE_ID=" RELEASE_MESSAGE_ID);
	snprintf(fields[2], FIELD_BYTES, "MIGWARDEN_EVENT=release");
	snprintf(fields[3], FIELD_BYTES, "SYSLOG_IDENTIFIER=migwarden");
	snprintf(fields[4], FIELD_BYTES, "PRIORITY=%d", LOG_WARNING);
	snprintf(fields[5], FIELD_BYTES, "OBJECT_PID=%d", (int)release->pid);
	for (size_t i = 0; i < ARRAY_SIZE(entry); i++)
		entry[i] = (struct iovec){fields[i], strlen(fields[i])};
	journal_write(entry, ARRAY_SIZE(entry));
}

json_t *release_to_json(const struct release *release, int64_t clock_offset_ns)
{
	char clock[UNITS_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "release", "time",
			 format_clock(release->time_ns, clock_offset_ns, clock), "time_ns",
			 (json_int_t)release->time_ns, "pid", (json_int_t)release->pid, "uid",
			 (json_int_t)release->uid);
}
