/* SPDX-License-Identifier: GPL-2.0-only */
/* The last things that happened, for the page: bounded, and gone with the daemon. */
#ifndef DAEMON_RECENT_H
#define DAEMON_RECENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "migwarden/wire.h"

#define RECENT_ITEMS_MAX 50
#define RECENT_DEVICES_MAX 256

struct recent_list {
	json_t *items[RECENT_ITEMS_MAX];
	size_t next;
};

/* The last state that a device was seen to come into. */
struct recent_device {
	char device[MW_DEVICE_BYTES];
	char comm[MW_COMM_BYTES];
	uint64_t time_ns; /* CLOCK_MONOTONIC; 0: the place is free */
	uint32_t state;
	uint32_t pid;
};

struct recent {
	struct recent_list decisions;
	struct recent_list incidents;
	struct recent_device devices[RECENT_DEVICES_MAX];
};

/* recent_event - an arc, an incident, or nothing to remember. @clock_offset_ns: of the record. */
void recent_event(struct recent *recent, const union mw_event *event, int64_t clock_offset_ns);

/* recent_decision - a decision as it is told; a reference of its own is taken. */
void recent_decision(struct recent *recent, json_t *decision);

/*
 * recent_repeats - counts a decision with the last one that is like it, as its "more", with the
 * time of the "last". False: none is kept, or it has long gone by; then this one is to be
 * remembered.
 */
bool recent_repeats(struct recent *recent, const struct mw_event_gate *event,
		    int64_t clock_offset_ns);

/* recent_to_json - "decisions" and "incidents", the last ones first, and "devices" of @host with
 * their states, into @object. */
void recent_to_json(const struct recent *recent, const struct host *host, int64_t clock_offset_ns,
		    json_t *object);

/* recent_free - what it holds, not itself. */
void recent_free(struct recent *recent);

#endif
