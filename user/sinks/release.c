// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/release.h"

#include <syslog.h>
#include <systemd/sd-journal.h>

#include "base/units.h"

void release_to_journal(const struct release *release)
{
	sd_journal_send("MESSAGE=the gate was released by PID %d, UID %u: nothing is enforced on "
			"this host any more",
			(int)release->pid, (unsigned int)release->uid,
			"MESSAGE_ID=" RELEASE_MESSAGE_ID, "MIGWARDEN_EVENT=release",
			"SYSLOG_IDENTIFIER=migwarden", "PRIORITY=%d", LOG_WARNING, "OBJECT_PID=%d",
			(int)release->pid, NULL);
}

json_t *release_to_json(const struct release *release, int64_t clock_offset_ns)
{
	char clock[UNITS_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "release", "time",
			 format_clock(release->time_ns, clock_offset_ns, clock), "time_ns",
			 (json_int_t)release->time_ns, "pid", (json_int_t)release->pid, "uid",
			 (json_int_t)release->uid);
}
