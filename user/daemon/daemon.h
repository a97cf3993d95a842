/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon: the gate, the observers, the control socket and the admissions on one event loop. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-event.h>

#include "base/loopback.h"
#include "kern/ring.h"

#define DAEMON_SOCKET_DEFAULT "/run/migwarden/control.sock"
#define DAEMON_OBSERVE_RING_BYTES (4u << 20)

/* Of an admission, when who asks for it does not say (DESIGN 2). */
#define ADMISSION_TTL_S_DEFAULT 300
#define ADMISSION_TTL_S_MAX 86400
#define ADMISSION_USES_DEFAULT 1
#define ADMISSION_USES_MAX 1000000
#define ADMISSION_DEVICES_MAX 1024

/* Who keeps what the daemon sees and decides. Each is called on the daemon's loop. */
struct daemon_tap {
	/* Before the first record, with all capabilities. 0, or -ECANCELED and has said why. */
	int (*begin)(void *context, sd_event *loop);
	/* Each record that decodes, and what it was made of, of event->head.size bytes. */
	void (*record)(void *context, const union mw_event *event, const void *raw);
	/* After each batch, with the sums of both rings; @malformed: what did not decode. */
	void (*batch)(void *context, const struct ring_counts *counts, uint64_t malformed);
	/* The budget of the policy that is in force from now on; 0: none. */
	void (*downtime)(void *context, uint64_t downtime_ns, const char *policy);
	void *context;
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC, as told there */
};

struct daemon_options {
	const char *policy; /* file, or folder of files */
	const char *shadow; /* the same, judged by without effect; NULL: none */
	const char *socket;
	bool json;         /* decisions as JSON lines */
	bool watch;        /* every event, not only decisions */
	bool late_drivers; /* keep what it takes to watch the data of drivers that come later */
	bool transient;    /* nothing is pinned: the gate falls with the daemon */
	struct loopback metrics;   /* where metrics and the page are served; port 0: nowhere */
	size_t gate_ring_bytes;    /* 0: the usual */
	size_t observe_ring_bytes; /* 0: DAEMON_OBSERVE_RING_BYTES */
	bool stamps;               /* keep the stamps of libvirt's domains fresh */
	const char *stamps_uri;    /* NULL: the libvirt of this host */
	int64_t stamps_refresh_s;
	const char *audit;   /* the file; NULL: none */
	bool audit_required; /* what cannot be recorded is not admitted */
	const char *key;     /* the file of the host's key */
	int64_t audit_age_s; /* older rows are removed; 0: never */
	uint64_t audit_bytes;
	const struct daemon_tap *tap; /* NULL: none */
	FILE *out;
};

/*
 * daemon_run - enforces until SIGINT or SIGTERM. Says on stderr what goes wrong, once.
 * Gives 0 after an orderly end, or -errno: nothing was, or is any more, enforced.
 */
int daemon_run(const struct daemon_options *options);

/*
 * daemon_release_alone - takes the pinned gate down without a daemon, and records it as one would
 * (@options: the audit's part). The caller holds the lock of the gate. Gives 0, -ENOENT when none
 * stands, or -errno.
 */
int daemon_release_alone(const struct daemon_options *options);

#endif
