/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A migration as trace events: the JSON object format of the Trace Event Format, which Perfetto and
 * chrome://tracing open. A process for each host, a thread for each device; states and arcs are
 * complete events, what is left to move are counters, alarms and the gate's answers are instants.
 */
#ifndef SINKS_REPORT_TRACE_H
#define SINKS_REPORT_TRACE_H

#include <jansson.h>

#include "sinks/report.h"

/*
 * report_to_trace - of @reports[@count], one after the other on one axis: µs since the first thing
 * that is known of any of them. A new reference, or NULL (no memory). Its numbers need 15 digits.
 */
json_t *report_to_trace(const struct report *reports, size_t count);

#endif
