/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions of a capture: the VM is asked for while its process is there, what only waits for time
 * gets it from the loop, and losses are told.
 */
#ifndef CLI_LIVE_SESSIONS_H
#define CLI_LIVE_SESSIONS_H

#include "cli/capture.h"
#include "cli/session_view.h"

struct live_sessions;

/*
 * live_sessions_open - alarms are shown by @view, which stays the caller's, with the clock that it
 * has. @downtime_ns is the budget of a policy, or 0. Gives EXIT_YES and *out, the caller's, or
 * EXIT_BAD and has said why.
 */
int live_sessions_open(const struct verb *verb, struct event_view *view, uint64_t downtime_ns,
		       struct live_sessions **out);

/* live_sessions_observe - @observer is told of every outcome from now on. */
void live_sessions_observe(struct live_sessions *live, session_handler observer, void *context);

/* live_sessions_follow - whose loop has the time. EXIT_YES, or EXIT_BAD and has said why. */
int live_sessions_follow(struct live_sessions *live, const struct verb *verb,
			 const struct capture *capture);

/* live_sessions_feed - each event; live_sessions_batch - after each batch, with the sums by then.
 */
void live_sessions_feed(struct live_sessions *live, const union mw_event *event);
void live_sessions_batch(struct live_sessions *live, const struct ring_counts *counts);

/*
 * live_sessions_finish - nothing comes any more, at @now_ns (CLOCK_MONOTONIC): sessions end, and
 * are listed if that is wanted.
 */
void live_sessions_finish(struct live_sessions *live, uint64_t now_ns);

/* live_sessions_close - before the capture that it follows; NULL is fine. */
void live_sessions_close(struct live_sessions *live);

#define AUTO_LIVE_SESSIONS __attribute__((cleanup(live_sessions_close_ptr)))
static inline void live_sessions_close_ptr(struct live_sessions **live)
{
	live_sessions_close(*live);
}

#endif
