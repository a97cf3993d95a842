/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a migration was, told in four ways: text for a terminal, JSON for scripts, a page of HTML,
 * and trace events. All of them say the same of the same anatomy (core/anatomy.h); docs/report.md.
 *
 * Names in sessions (devices, comms, VMs, hosts) are anybody's: each way escapes them.
 */
#ifndef SINKS_REPORT_H
#define SINKS_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/anatomy.h"
#include "core/pairing.h"

#define REPORT_SCHEMA "migwarden.report/1"
#define REPORT_LIST_SCHEMA "migwarden.report-list/1"
/* Narrower terminals get lines of this length all the same. */
#define REPORT_WIDTH_MIN 64

/* One migration: the devices of one VM, on one side or both. */
struct report {
	const struct anatomy *anatomy;
	const struct pairing *pairing; /* how the clocks of two sides were put together, or NULL */
};

/* How a terminal wants it. */
struct report_look {
	unsigned int columns; /* of a line; REPORT_WIDTH_MIN at least */
	bool is_ascii;        /* one ASCII character for each that is not */
};

/* report_text - all of it, for people. 0 or -ENOMEM. */
int report_text(FILE *out, const struct report *report, const struct report_look *look);

/* report_list_text - a line for each session. 0 or -ENOMEM. */
int report_list_text(FILE *out, const struct session *const *sessions, size_t count,
		     const struct report_look *look);

/* report_to_json - REPORT_SCHEMA; a new reference, or NULL (no memory). */
json_t *report_to_json(const struct report *report);

/* report_list_to_json - REPORT_LIST_SCHEMA; a new reference, or NULL (no memory). */
json_t *report_list_to_json(const struct session *const *sessions, size_t count);

#endif
