/* SPDX-License-Identifier: GPL-2.0-only */
/* That the gate of this host was taken down on purpose, and by whom: for the journal, and as JSON.
 */
#ifndef SINKS_RELEASE_H
#define SINKS_RELEASE_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

/* `journalctl MESSAGE_ID=...` finds each. */
#define RELEASE_MESSAGE_ID "5f0b0e6c7d5c4b7f9f0a3c1d8e2b4a96"

struct release {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	pid_t pid;        /* who asked for it */
	uid_t uid;
};

/*
 * release_to_journal - a warning with the fields MIGWARDEN_EVENT=release and OBJECT_PID, to which
 * the journal adds what it knows of that process (OBJECT_COMM, OBJECT_AUDIT_LOGINUID). Without a
 * journal nothing happens.
 */
void release_to_journal(const struct release *release);

/* release_to_json - {"event": "release", "time", "time_ns", "pid", "uid"}; NULL: no memory. */
json_t *release_to_json(const struct release *release, int64_t clock_offset_ns);

#endif
