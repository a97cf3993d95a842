/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The observers (bpf/observe.bpf.c) in the running kernel. They come in groups by the module they
 * attach to, so that watching can start before VFIO is loaded; nothing is pinned, and all is gone
 * with the process.
 */
#ifndef KERN_OBSERVE_H
#define KERN_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "kern/ring.h"

struct observe;

enum observe_group {
	OBSERVE_HOST, /* modules coming and going; always there */
	OBSERVE_VFIO, /* ioctls, arcs, close: needs the module vfio */
	OBSERVE_MDEV, /* sysfs, create, remove: needs the module mdev */
	OBSERVE_GROUP_COUNT_,
};

/*
 * observe_load - loads every group whose module is there and attaches nothing: kern/dataflow.h
 * attaches first, so that no data file is known before its calls are. @ring_bytes is a power of
 * two, at least a page. Gives 0 and *out; -EPERM without privilege, -ENOTSUP without BTF, or the
 * -errno of libbpf (kernel_message says more).
 */
int observe_load(size_t ring_bytes, ring_handler handler, void *context, struct observe **out);

/* observe_start - attaches what was loaded. Gives 0 or -errno. */
int observe_start(struct observe *observe);

/* observe_close - detaches everything; NULL is fine. */
void observe_close(struct observe *observe);

/*
 * observe_attach - attaches groups whose module has come since; call it on a MODULE record. Gives
 * 0, or the -errno of the first group that could not be attached though its module is there.
 */
int observe_attach(struct observe *observe);

/* observe_has - whether that group is attached. */
bool observe_has(const struct observe *observe, enum observe_group group);

/* observe_group_name - "host", "vfio", "mdev"; static. */
const char *observe_group_name(enum observe_group group);

/* What the observers know of data files, for those who count their calls (bpf/flow.bpf.h). */
struct flow_maps {
	int files_fd; /* array of struct mw_flow_file, file_count of them */
	uint32_t file_count;
	int devices_fd;
	int followed_fd;
	uint64_t records_mask; /* of the ring that they share, bpf/records.bpf.h */
};

/* observe_flow_maps - the fds stay the observer's. */
void observe_flow_maps(const struct observe *observe, struct flow_maps *out);

/* observe_ring - the ring that all groups share; stays the observer's. */
struct ring *observe_ring(const struct observe *observe);

/* observe_stop - detaches every program; records already in the ring can still be consumed. */
void observe_stop(struct observe *observe);

#endif
