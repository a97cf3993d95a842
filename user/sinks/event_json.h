/* SPDX-License-Identifier: GPL-2.0-only */
/* Decoded ring records as JSON: one object a line in `watch --json`, the same in the audit. */
#ifndef SINKS_EVENT_JSON_H
#define SINKS_EVENT_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "migwarden/wire.h"

/*
 * event_to_json - the record as an object; keys as documented in docs/watch.md, stable.
 * @clock_offset_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC. A new reference, or NULL (no memory).
 */
json_t *event_to_json(const union mw_event *event, int64_t clock_offset_ns);

#endif
