/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys of the JSON objects of records and sessions, and the lines they make: one way to say a time,
 * a result, a text that came from the kernel. Where memory is out the key is not there.
 */
#ifndef SINKS_JSON_SET_H
#define SINKS_JSON_SET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "migwarden/wire.h"

/* json_put_line - @object, which it takes over, as one line. NULL, where memory was out, is an
 * empty line. */
void json_put_line(FILE *out, json_t *object);

/* json_set_bytes - @length bytes of kernel text; where they are not UTF-8, each byte beyond ASCII
 * is "?". */
void json_set_bytes(json_t *object, const char *key, const char *text, size_t length);

/* json_set_text - a whole text the same way; null for "". */
void json_set_text(json_t *object, const char *key, const char *text);

/* json_set_word - a text of our own. */
void json_set_word(json_t *object, const char *key, const char *word);

/* json_set_number - JSON readers have 63 bits; what is above is the highest of them. */
void json_set_number(json_t *object, const char *key, uint64_t number);

/* json_number_of - the value of json_set_number; a new reference. */
json_t *json_number_of(uint64_t number);

/* json_set_time - a number; null for 0, which is "not seen". */
void json_set_time(json_t *object, const char *key, uint64_t time_ns);

/* json_set_clock - the wall clock of @time_ns, RFC 3339 in UTC. */
void json_set_clock(json_t *object, const char *key, uint64_t time_ns, int64_t clock_offset_ns);

/* json_set_state - the state's name; "UNKNOWN" for what is none. */
void json_set_state(json_t *object, const char *key, uint32_t state);

/* json_set_result - "result", and the errno's name beside it as "errno", null if it is none. */
void json_set_result(json_t *object, int32_t result);

/* json_set_flow - the keys of struct mw_flow, as docs/watch.md has them, "result" among them. */
void json_set_flow(json_t *object, const struct mw_flow *flow);

#endif
