/* SPDX-License-Identifier: GPL-2.0-only */
/* A verdict, and what the gate did, in one line. */
#ifndef SINKS_DECISION_H
#define SINKS_DECISION_H

#include <stdio.h>

#include "core/verdict.h"
#include "migwarden/wire.h"

/*
 * decision_explain - "type-mismatch: source mtty-2, destination mtty-1 (site.yaml:14)".
 * malloc'ed, the caller's; NULL: no memory.
 */
char *decision_explain(const struct verdict *verdict);

struct decision {
	const union mw_event *event; /* MW_EVENT_GATE */
	int64_t clock_offset_ns;     /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	const char *vm;              /* "" when it is not known */
	const char *explanation;
	/* What a shadow policy would have done instead, and why; NULL where it agrees. */
	const char *shadow_answer;
	const char *shadow_explanation;
};

/*
 * decision_line - time, answer, process, VM, device, what was asked for, and why; text that came
 * from elsewhere is escaped.
 */
void decision_line(FILE *out, const struct decision *decision);

#endif
