/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the time of a migration went: the sessions of one VM laid side by side as stretches of
 * time, and their blackout cut into parts whose sum is the blackout, to the nanosecond.
 * docs/report.md says for people how it is cut. Pure.
 */
#ifndef CORE_ANATOMY_H
#define CORE_ANATOMY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

/* Sessions of one anatomy: the devices of one VM, of both sides at most. */
#define ANATOMY_ITEMS_MAX (2 * SESSION_GROUP_MAX)

/* One session, and what puts its times on the clock of the anatomy. */
struct anatomy_item {
	const struct session *session; /* borrowed, for as long as the anatomy lives */
	int64_t shift_ns;              /* added to each of its times; 0 on the same clock */
};

enum stretch_kind {
	STRETCH_ARC,  /* the driver walks an arc */
	STRETCH_DATA, /* from the begin of the first call of the data file to the end of the last */
	STRETCH_WAIT, /* in a state, and no call of the data file */
	STRETCH_COUNT_,
};

/* Where a STRETCH_WAIT lies. */
enum stretch_place {
	STRETCH_ALL,    /* the state had no data */
	STRETCH_BEFORE, /* its first call */
	STRETCH_AFTER,  /* its last call */
};

/* Those of one item are in the order of time and do not overlap. */
struct stretch {
	uint64_t begin_ns; /* on the clock of the anatomy; before end_ns */
	uint64_t end_ns;
	uint32_t item;
	uint32_t kind;  /* enum stretch_kind */
	uint32_t place; /* enum stretch_place */
	uint32_t state; /* enum vfio_device_mig_state; of an arc: from */
	uint32_t to;    /* of an arc; else MW_STATE_NONE */
	uint32_t index; /* of the session's phases; of an arc: of its arcs */
	bool is_open;   /* it goes on: end_ns is the last that was seen */
};

enum part_kind {
	PART_ARC,      /* the driver walks an arc */
	PART_CALLS,    /* in the driver's read or write function */
	PART_GAP,      /* between two such calls */
	PART_WAIT,     /* in a state, and nothing is asked of the device */
	PART_DIRTY,    /* calls of dirty tracking: DMA_LOGGING_REPORT and _STOP */
	PART_TRANSFER, /* the source has read all, the destination waits for the rest */
	PART_UNSEEN,   /* no record says what was */
	PART_COUNT_,
};

/* Who had the time. */
enum party {
	PARTY_DEVICE, /* the device and its driver */
	PARTY_VMM,    /* the VMM, and the network that it waits for */
	PARTY_DIRTY,  /* dirty tracking */
	PARTY_UNSEEN,
	PARTY_COUNT_,
};

struct part {
	uint64_t ns;
	uint32_t item;  /* UINT32_MAX: PART_UNSEEN, of all of them */
	uint32_t kind;  /* enum part_kind */
	uint32_t place; /* enum stretch_place */
	uint32_t state; /* as in struct stretch */
	uint32_t to;
};

struct anatomy {
	struct anatomy_item *items;
	size_t count;
	struct stretch *stretches; /* by item, then by time */
	size_t stretch_count;
	/* First and last that is known of any item; both 0 without a time. */
	uint64_t begin_ns;
	uint64_t end_ns;

	bool is_merged; /* of both sides */
	bool has_blackout;
	bool is_open; /* the blackout goes on: its end is the last that was seen */
	uint64_t blackout_begin_ns;
	uint64_t blackout_end_ns;
	/* By item, then by time; PART_UNSEEN is the last. None has 0 ns. */
	struct part *parts;
	size_t part_count;
	uint64_t party_ns[PARTY_COUNT_];
	const struct part *largest; /* NULL: the blackout took no time */
	enum party bound;           /* who had the most; PARTY_UNSEEN only if nobody had any */
};

/*
 * anatomy_new - of @items[@count], 1 to ANATOMY_ITEMS_MAX. Sessions of both sides make one
 * blackout, from the source's begin to the destination's end. Where several devices are busy at one
 * time, each has the same share of it; busy goes before waiting. Gives 0 and *out, -EINVAL for a
 * bad count, or -ENOMEM.
 */
int anatomy_new(const struct anatomy_item *items, size_t count, struct anatomy **out);

/* anatomy_free - NULL is fine. */
void anatomy_free(struct anatomy *anatomy);

#define AUTO_ANATOMY __attribute__((cleanup(anatomy_free_ptr)))
static inline void anatomy_free_ptr(struct anatomy **anatomy)
{
	anatomy_free(*anatomy);
}

/* anatomy_time - a time of the item's session, on the clock of the anatomy; 0 stays 0. */
uint64_t anatomy_time(const struct anatomy_item *item, uint64_t time_ns);

/* anatomy_blackout_ns - its length; 0 without one. */
uint64_t anatomy_blackout_ns(const struct anatomy *anatomy);

/* part_party - whose time it is. */
enum party part_party(const struct part *part);

/* part_kind_name, party_name - as in JSON: "arc", "device"; "unknown" outside. Static. */
const char *part_kind_name(uint32_t kind);
const char *party_name(uint32_t party);

#endif
