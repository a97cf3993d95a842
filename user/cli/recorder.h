/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps what a capture gives: the records, and beside them what the host says of their processes
 * and devices while these are there. What a person must be told goes to stderr.
 */
#ifndef CLI_RECORDER_H
#define CLI_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/capture.h"
#include "cli/text_list.h"
#include "cli/verb.h"
#include "config/recording.h"

struct recorder;

struct recorder_options {
	const struct verb *verb;         /* who speaks */
	const char *path;                /* "-" is standard output; borrowed */
	bool replace;                    /* an existing file */
	uint64_t max_bytes;              /* 0: no bound */
	uint64_t ring_bytes;             /* of the capture */
	int64_t wall_offset_ns;          /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	struct recording_limits limits;  /* zeroed without a policy */
	const struct text_list *devices; /* only these; borrowed; empty: all */
};

/*
 * recorder_open - makes the file. Gives EXIT_YES and *out, the caller's, or EXIT_BAD and has said
 * why.
 */
int recorder_open(const struct recorder_options *options, struct recorder **out);

/* recorder_follow - whose loop writes in time, and whose sums go into the file. EXIT_YES, EXIT_BAD.
 */
int recorder_follow(struct recorder *recorder, struct capture *capture);

/* recorder_add - one record of the capture (struct capture_options). */
void recorder_add(struct recorder *recorder, const union mw_event *event, const void *raw);

/* recorder_batch - after each batch, with the sums by then: losses stand where they happened. */
void recorder_batch(struct recorder *recorder, const struct ring_counts *counts);

/* recorder_is_over - whether nothing more can be kept: the file is full, or cannot be written. */
bool recorder_is_over(const struct recorder *recorder);

/* What became of it. */
struct recorder_result {
	uint64_t events;
	uint64_t bytes;
	uint64_t left_out;
	uint64_t end_ns; /* CLOCK_MONOTONIC */
	enum recording_cause cause;
};

/*
 * recorder_end - writes the end, when the capture is finished, with its last sums (NULL: those of
 * the last batch). Gives EXIT_YES and @out, or EXIT_BAD and has said why.
 */
int recorder_end(struct recorder *recorder, const struct ring_counts *counts,
		 struct recorder_result *out);

/* recorder_close - before the capture that it follows; NULL is fine. */
void recorder_close(struct recorder *recorder);

#define AUTO_RECORDER __attribute__((cleanup(recorder_close_ptr)))
static inline void recorder_close_ptr(struct recorder **recorder)
{
	recorder_close(*recorder);
}

#endif
