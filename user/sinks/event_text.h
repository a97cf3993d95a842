/* SPDX-License-Identifier: GPL-2.0-only */
/* Decoded ring records as lines for a person. */
#ifndef SINKS_EVENT_TEXT_H
#define SINKS_EVENT_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "migwarden/wire.h"

/* event_text_heading - the heading of the columns. */
void event_text_heading(FILE *out);

/*
 * event_text - one line: time, device, process, kind, what, result, duration. Bytes of the record
 * that are not printable are shown as \xNN.
 * @clock_offset_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC.
 */
void event_text(FILE *out, const union mw_event *event, int64_t clock_offset_ns);

/* Whom a line is about, and when. Text is escaped. */
struct event_text_subject {
	uint64_t time_ns;
	int64_t clock_offset_ns;
	const char *device; /* "" if none */
	const char *comm;
	uint32_t pid;
};

/*
 * event_text_line - a line in the same columns that is no record: an alarm, a session. @what goes
 * out as it is.
 */
void event_text_line(FILE *out, const struct event_text_subject *subject, const char *kind,
		     const char *what);

#endif
