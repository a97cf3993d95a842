/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers with units, for people. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT_BYTES 32

/* format_duration - "830 ns", "14.2 µs", "3.07 ms", "1.25 s": three digits, one unit. Gives @out.
 */
const char *format_duration(uint64_t ns, char out[static UNITS_TEXT_BYTES]);

/* format_bytes - "96 B", "1.50 MiB": as format_duration, powers of 1024. Gives @out. */
const char *format_bytes(uint64_t bytes, char out[static UNITS_TEXT_BYTES]);

/*
 * format_clock - the wall clock of a record: @time_ns plus @offset_ns (CLOCK_REALTIME minus
 * CLOCK_MONOTONIC) as RFC 3339 in UTC with microseconds. Gives @out.
 */
const char *format_clock(uint64_t time_ns, int64_t offset_ns, char out[static UNITS_TEXT_BYTES]);

#endif
