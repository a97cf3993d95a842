/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs and maps that this process has open cost the kernel. Needs no privilege. */
#ifndef KERN_COST_H
#define KERN_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COST_ITEMS_MAX 128
#define COST_NAME_BYTES 16 /* as the kernel keeps names: the first fifteen characters */

struct cost_item {
	char name[COST_NAME_BYTES];
	uint64_t runs;   /* of a program */
	uint64_t run_ns; /* of a program */
	uint64_t bytes;  /* of memory, as the kernel counts it */
};

/* Each name once, with the sums of all that have it, in the order in which they were opened. */
struct cost {
	bool has_runs; /* kernel.bpf_stats_enabled is set: without it the kernel counts no runs */
	struct cost_item programs[COST_ITEMS_MAX];
	size_t program_count;
	struct cost_item maps[COST_ITEMS_MAX];
	size_t map_count;
};

/* cost_read - 0 and *out; what is over COST_ITEMS_MAX is left out. -errno of reading /proc/self. */
int cost_read(struct cost *out);

#endif
