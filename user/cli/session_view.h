/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sessions of what happens, or of what was recorded: alarms as they come, between the lines of
 * an event_view, and the sessions when they are over. Both kinds of events go through here, so that
 * both give the same.
 */
#ifndef CLI_SESSION_VIEW_H
#define CLI_SESSION_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/event_view.h"
#include "core/session.h"

struct session_view;

/* The VM that a process runs; texts are good until the next call, "" what is not known. */
struct session_vm {
	const char *name;
	const char *uuid;
};

struct session_view_options {
	struct event_view *view; /* what is wanted, and how it is shown */
	struct session_origin origin;
	uint64_t downtime_ns; /* of a policy; 0: no budget */
	/* Called when a session begins. */
	struct session_vm (*find_vm)(void *context, uint32_t pid);
	void *context;
	/* Told of every outcome too, behind the view; or NULL. */
	session_handler observer;
	void *observer_context;
};

/* session_view_open - gives EXIT_YES and *out, the caller's, or EXIT_BAD and has said why. */
int session_view_open(const struct verb *verb, const struct session_view_options *options,
		      struct session_view **out);

/* session_view_sessions - the engine, for who looks at open sessions. Stays the view's. */
struct sessions *session_view_sessions(const struct session_view *view);

/* session_view_feed - one event; shows the alarms that it raises. */
void session_view_feed(struct session_view *view, const union mw_event *event);

/* session_view_lost - what the ring has lost by now, by kind. */
void session_view_lost(struct session_view *view, const uint64_t lost[static MW_EVENT_KINDS]);

/* session_view_finish - it is over at @now_ns (CLOCK_MONOTONIC): open sessions end. */
void session_view_finish(struct session_view *view, uint64_t now_ns);

/* session_view_list - a line for each session, if the event_view has them; by their beginning. */
void session_view_list(const struct session_view *view);

/* session_view_close - NULL is fine. */
void session_view_close(struct session_view *view);

#define AUTO_SESSION_VIEW __attribute__((cleanup(session_view_close_ptr)))
static inline void session_view_close_ptr(struct session_view **view)
{
	session_view_close(*view);
}

#endif
