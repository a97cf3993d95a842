/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of what programs record, with its counters: nothing is lost without being counted
 * (DESIGN 4). The gate's records lie in a BPF ring buffer, the observers' in a ring of their own
 * (wire.h, struct mw_records), beside which a BPF ring buffer only wakes the reader.
 */
#ifndef KERN_RING_H
#define KERN_RING_H

#include <stddef.h>
#include <stdint.h>

#include "migwarden/wire.h"

struct ring;

/*
 * Called for each record, in order; the bytes are not checked yet and gone after the call. It must
 * not consume the ring.
 */
typedef void (*ring_handler)(void *context, const void *data, size_t size);

/*
 * Called after a batch of records, before the ring forgets them: what was learnt from them can be
 * made durable for all of them at once.
 */
typedef void (*ring_settler)(void *context);

/* Places of the ring until a batch is settled: so many may have been read and not been forgotten.
 */
#define RING_SETTLE_MAX 512

struct ring_count {
	uint64_t produced;  /* by the programs */
	uint64_t lost;      /* the ring was full */
	uint64_t delivered; /* to the handler */
};

/* By enum mw_event_kind; slot 0 counts what was delivered with an unknown kind. */
struct ring_counts {
	struct ring_count kind[MW_EVENT_KINDS];
};

/* The maps of a ring; their owner keeps them. */
struct ring_maps {
	int ring_fd;     /* a BPF_MAP_TYPE_RINGBUF: holds the records, or wakes their reader */
	int counters_fd; /* of the kernel's ring; -1: the counters are in the other one */
	int records_fd; /* the observers' own ring (wire.h, struct mw_records); -1: there is none */
};

/* Of the value of such a map, what is no room for records. */
#define RING_RECORDS_EXTRA (sizeof(struct mw_records) + MW_RECORDS_SLACK)

/*
 * ring_open - reads the ring of these maps; the fds stay the caller's and must outlive the ring.
 * Gives 0 and *out, or -errno.
 */
int ring_open(const struct ring_maps *maps, ring_handler handler, void *context, struct ring **out);

/*
 * ring_inherit - for a ring that another process read before: consumes what waits now, then counts
 * what the other one took as delivered too. Gives 0 or -errno.
 */
int ring_inherit(struct ring *ring);

/* ring_on_settled - @settle is called with the handler's context; NULL: nobody is. */
void ring_on_settled(struct ring *ring, ring_settler settle);

/*
 * ring_on_place - *@position (NULL: nobody wants it) is set before each record: where its place in
 * the ring ends. It only grows, as long as the ring lives, whoever reads it.
 */
void ring_on_place(struct ring *ring, uint64_t *position);

/* ring_close - NULL is fine. */
void ring_close(struct ring *ring);

/* ring_maps - for further programs that are to share them. */
const struct ring_maps *ring_maps(const struct ring *ring);

/* ring_fd - readable when there is something to consume; for an event loop. Stays the ring's. */
int ring_fd(const struct ring *ring);

/*
 * ring_consume - hands every record that waits now to the handler; what is made meanwhile makes
 * ring_fd readable again. Gives their number, or -errno.
 */
int ring_consume(struct ring *ring);

/*
 * ring_consume_batch - the same, and ends after @limit places (a call with its arcs is one):
 * whoever fills a ring as fast as it is read does not keep its reader from all else. What is left
 * makes ring_fd readable again. Of the observers' own ring it hands over more, up to
 * RING_SETTLE_MAX at a time, as long as something is left and ring_fd would not tell of it. Gives
 * the number of places.
 */
int ring_consume_batch(struct ring *ring, unsigned int limit);

/*
 * ring_drain - after the programs are detached: consumes until every produced record is accounted
 * for, or, once what waits now is consumed, @limit_ms is over. Gives 0, -ETIMEDOUT, or -errno.
 */
int ring_drain(struct ring *ring, unsigned int limit_ms);

/* ring_counts - the state of the counters. Gives 0 or -errno. */
int ring_counts(const struct ring *ring, struct ring_counts *out);

#endif
