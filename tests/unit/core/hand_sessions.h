/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions made by hand, for the tests of whatever tells of them. */
#ifndef TESTS_HAND_SESSIONS_H
#define TESTS_HAND_SESSIONS_H

#include "core/session.h"

#define MS 1000000ull

/* 2026-11-20T12:00:00Z less the time of the first session's begin. */
#define HAND_CLOCK_OFFSET_NS (1795176000000000000ll - (int64_t)(1000 * MS))

/*
 * hand_source - a device with PRE_COPY and P2P leaves: begins at 1000 ms, blackout from 1600 ms for
 * 400 ms, of which the driver's reads in STOP_COPY take 300 ms. 64 MiB in PRE_COPY, 32 MiB after.
 */
void hand_source(struct session *session);

/* hand_destination - where it arrives: the same bytes, by the same clock, running at 2080 ms. */
void hand_destination(struct session *session);

/* hand_second - the source's second device of the same VM, in STOP_COPY after the first. */
void hand_second(struct session *session);

/* hand_refused - the gate refused it, and nothing else happened. */
void hand_refused(struct session *session);

/* hand_open - the first 250 ms of hand_source: in PRE_COPY, still going on. */
void hand_open(struct session *session);

/* hand_lost - the destination's device could not leave RESUMING and was reset. */
void hand_lost(struct session *session);

/* hand_empty - a session of which nothing is known but its id. */
void hand_empty(struct session *session);

/* hand_hostile - hand_source with names that want to break out of text, HTML, JSON, a terminal. */
void hand_hostile(struct session *session);

/* hand_phase, hand_arc - adds one, times in ms. The phase is borrowed, for its flow. */
struct session_phase *hand_phase(struct session *session, uint32_t state, uint64_t begin_ms,
				 uint64_t end_ms);
void hand_arc(struct session *session, uint32_t from, uint32_t to, uint32_t target,
	      uint64_t begin_ms, uint64_t end_ms);

/* hand_flow - data in a phase: the calls end at @last_ms, driver and gaps take that long. */
void hand_flow(struct session_phase *phase, uint32_t direction, uint64_t last_ms,
	       uint64_t driver_ms, uint64_t gap_ms, uint64_t bytes, uint64_t calls);

#endif
