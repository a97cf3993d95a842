/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What another policy would have said to the decisions of a gate that were recorded. It says so
 * only where it can: without an admission the policy's defaults decide, with one a pair of
 * descriptors, of which a recording has the local one.
 */
#ifndef CLI_REJUDGE_H
#define CLI_REJUDGE_H

#include <stddef.h>

#include "cli/event_view.h"
#include "cli/verb.h"

struct rejudge;

struct rejudge_options {
	const char *policy; /* a file or a folder */
	/* The other side's descriptor, of a device that came or went; NULL where not known. */
	const char *source;
	const char *dest;
};

/* rejudge_open - EXIT_YES and *out, the caller's, or EXIT_BAD and has said why. */
int rejudge_open(const struct verb *verb, const struct rejudge_options *options,
		 struct rejudge **out);

/* rejudge_device - a descriptor of the recording (replay_source_on_device). */
void rejudge_device(void *rejudge, const char *text, size_t length);

/* rejudge_downtime_ns - the policy's budget, 0 without. */
uint64_t rejudge_downtime_ns(const struct rejudge *rejudge);

/* rejudge_event - judges a MW_EVENT_GATE anew, and shows the answer if the event is wanted. */
void rejudge_event(struct rejudge *rejudge, const struct event_view *view,
		   const union mw_event *event);

/* rejudge_sums - how many were judged alike, otherwise, and not at all: text goes to stderr. */
void rejudge_sums(const struct rejudge *rejudge, const struct event_view *view);

/* rejudge_close - NULL is fine. */
void rejudge_close(struct rejudge *rejudge);

#endif
