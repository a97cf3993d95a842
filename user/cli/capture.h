/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The observers attached and their ring read, for the verbs that show or keep what happens. What a
 * person must be told meanwhile goes to stderr, in the name of the verb.
 */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "cli/verb.h"
#include "kern/dataflow.h"
#include "kern/ring.h"
#include "migwarden/wire.h"

#define CAPTURE_RING_BYTES (4u << 20)

struct capture;

struct capture_options {
	const struct verb *verb; /* who speaks */
	size_t ring_bytes;
	/* Each record that decodes; @raw is what it was made of, of event->head.size bytes. */
	void (*on_event)(void *context, const union mw_event *event, const void *raw);
	/*
	 * After each batch of them, with the sums by then; or NULL. Gives 0, or anything else to
	 * end capture_run.
	 */
	int (*on_batch)(void *context, const struct ring_counts *counts);
	/* What a person must be told, without a newline; NULL: it goes to stderr. */
	void (*on_message)(void *context, const char *text);
	void *context;
};

/*
 * capture_ring_bytes - reads --ring-size: a power of two from a page to 1 GiB. EXIT_YES, or
 * EXIT_BAD and says why.
 */
int capture_ring_bytes(const struct verb *verb, const char *text, size_t *out);

/*
 * capture_open - loads and attaches; from now on nothing is missed. Gives EXIT_YES and *out, the
 * caller's, or EXIT_BAD, and has said why.
 */
int capture_open(const struct capture_options *options, struct capture **out);

/* capture_loop - the event loop, for what else is to happen meanwhile; the capture's. */
sd_event *capture_loop(const struct capture *capture);

/* capture_dataflow - for the sums of what is under way (kern/dataflow.h); the capture's. */
const struct dataflow *capture_dataflow(const struct capture *capture);

/*
 * capture_run - reads until SIGINT or SIGTERM, or until on_batch or another source ends the loop.
 * Gives EXIT_YES, or EXIT_BAD and has said why.
 */
int capture_run(struct capture *capture);

/*
 * capture_finish - detaches, and reads what is still in the ring. Gives EXIT_YES and the last sums,
 * or EXIT_BAD and has said why.
 */
int capture_finish(struct capture *capture, struct ring_counts *out);

/* capture_counts - the sums so far. Gives 0 or -errno. */
int capture_counts(const struct capture *capture, struct ring_counts *out);

/* capture_malformed - how many records did not decode. */
uint64_t capture_malformed(const struct capture *capture);

/* capture_close - NULL is fine. */
void capture_close(struct capture *capture);

#define AUTO_CAPTURE __attribute__((cleanup(capture_close_ptr)))
static inline void capture_close_ptr(struct capture **capture)
{
	capture_close(*capture);
}

#endif
