/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps what a capture or the daemon sees: the records, and beside them what the host says of their
 * processes and devices while these are there. What a person must be told goes to stderr.
 */
#ifndef CLI_RECORDER_H
#define CLI_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "cli/text_list.h"
#include "cli/verb.h"
#include "config/recording.h"
#include "kern/ring.h"

struct recorder;

struct recorder_options {
	const struct verb *verb;         /* who speaks */
	const char *path;                /* "-" is standard output; borrowed */
	bool replace;                    /* an existing file */
	uint64_t max_bytes;              /* 0: no bound */
	const char *size_option;         /* by which that was said; static */
	uint64_t ring_bytes;             /* of the capture */
	int64_t wall_offset_ns;          /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	struct recording_limits limits;  /* zeroed without a policy */
	const struct text_list *devices; /* only these; borrowed; empty: all */
	bool is_guest;                   /* the loop goes on when nothing more can be written */
};

#define RECORDER_PATH_BYTES 512

/*
 * recorder_path - what a recording is called that nobody gave a name: HOST-20261120T120000Z.mwrec
 * in @folder ("": the current one). Gives whether it fits.
 */
bool recorder_path(const char *folder, char out[static RECORDER_PATH_BYTES]);

/* recorder_size - the value of an option --max-size or the like. EXIT_YES, or EXIT_BAD and said
 * why. */
int recorder_size(const struct verb *verb, const char *option, const char *text, uint64_t *out);

/*
 * recorder_open - makes the file. Gives EXIT_YES and *out, the caller's, or EXIT_BAD and has said
 * why.
 */
int recorder_open(const struct recorder_options *options, struct recorder **out);

/*
 * recorder_follow - @loop, which stays the caller's, sees to it that what is there is written in
 * time. Takes what it needs to describe devices, while it may. EXIT_YES, or EXIT_BAD and said why.
 */
int recorder_follow(struct recorder *recorder, sd_event *loop);

/* recorder_add - one record that decodes, and what it was made of, of event->head.size bytes. */
void recorder_add(struct recorder *recorder, const union mw_event *event, const void *raw);

/*
 * recorder_batch - after each batch, and before the end, with the sums by then: losses stand where
 * they happened. @malformed: records that did not decode.
 */
void recorder_batch(struct recorder *recorder, const struct ring_counts *counts,
		    uint64_t malformed);

/* recorder_limits - another policy is in force. */
void recorder_limits(struct recorder *recorder, uint64_t downtime_ns, const char *policy);

/* recorder_is_over - whether nothing more can be kept: the file is full, or cannot be written. */
bool recorder_is_over(const struct recorder *recorder);

/* What became of it. */
struct recorder_result {
	uint64_t events;
	uint64_t bytes;
	uint64_t left_out;
	uint64_t end_ns; /* CLOCK_MONOTONIC */
	uint64_t lost;   /* by the rings */
	enum recording_cause cause;
};

/*
 * recorder_end - writes the end, with the sums of the last batch. Gives EXIT_YES and @out, or
 * EXIT_BAD and has said why.
 */
int recorder_end(struct recorder *recorder, struct recorder_result *out);

/* recorder_tell - what became of it, on stderr. */
void recorder_tell(const struct recorder *recorder, const struct recorder_result *result);

/* recorder_close - NULL is fine. */
void recorder_close(struct recorder *recorder);

#define AUTO_RECORDER __attribute__((cleanup(recorder_close_ptr)))
static inline void recorder_close_ptr(struct recorder **recorder)
{
	recorder_close(*recorder);
}

#endif
