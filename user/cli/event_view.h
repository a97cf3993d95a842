/* SPDX-License-Identifier: GPL-2.0-only */
/* Events and their sums on standard output, the same for those that happen and those recorded. */
#ifndef CLI_EVENT_VIEW_H
#define CLI_EVENT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cli/text_list.h"
#include "cli/verb.h"
#include "kern/ring.h"
#include "migwarden/wire.h"

struct event_view {
	bool json;
	struct text_list devices; /* only these; empty: all */
	uint32_t kinds;           /* bit per enum mw_event_kind, bit 0 for alarms; 0: all */
	bool has_sessions;        /* a line for each at the end (cli/session_view.h) */
	int64_t clock_offset_ns;  /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t shown;
};

/* The options that choose, for a verb's help. */
#define EVENT_VIEW_HELP                                                                          \
	"  -d, --device NAME     only this device (mdev UUID or PCI address); may be repeated\n" \
	"  -e, --events KINDS    only these kinds, a comma list of:\n"                           \
	"                        ioctl arc close attribute mdev gate module shield data-file\n"  \
	"                        precopy flow\n"                                                 \
	"  -j, --json            one JSON object a line; the last one has \"event\": "           \
	"\"summary\"\n"

/* event_view_device, event_view_kinds - read --device, --events. EXIT_YES, or EXIT_BAD and say why.
 */
int event_view_device(struct event_view *view, const struct verb *verb, const char *name);
int event_view_kinds(struct event_view *view, const struct verb *verb, const char *list);

/* event_view_begin - the heading, where there is one. */
void event_view_begin(const struct event_view *view);

/* event_view_has_device - whether events of that device are wanted at all. */
bool event_view_has_device(const struct event_view *view, const char *device);

/* event_view_has_alarms - whether alarms are. */
bool event_view_has_alarms(const struct event_view *view);

/* event_view_wants - whether an event is wanted. */
bool event_view_wants(const struct event_view *view, const union mw_event *event);

/* event_view_show - a line, if the event is wanted. */
void event_view_show(struct event_view *view, const union mw_event *event);

/* event_view_sums - what was produced, delivered and lost: text goes to stderr, JSON to stdout. */
void event_view_sums(const struct event_view *view, const struct ring_counts *counts,
		     uint64_t malformed);

/* event_view_free - leaves an empty one. */
void event_view_free(struct event_view *view);

#define AUTO_EVENT_VIEW __attribute__((cleanup(event_view_free)))

#endif
