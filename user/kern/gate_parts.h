/* SPDX-License-Identifier: GPL-2.0-only */
/* What the shield has to know of the gate's pieces; for user/kern alone. */
#ifndef KERN_GATE_PARTS_H
#define KERN_GATE_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "kern/gate.h"

/* gate_ring_fd, gate_counters_fd - the maps behind the gate's ring; stay the gate's. */
int gate_ring_fd(const struct gate *gate);
int gate_counters_fd(const struct gate *gate);

/* gate_is_pinned - whether the gate outlives its process. */
bool gate_is_pinned(const struct gate *gate);

/*
 * gate_program_id - the kernel's id of a program of the gate. Gives 0 and *id, -ENOENT where the
 * gate does without it, or -errno.
 */
int gate_program_id(const struct gate *gate, size_t index, uint32_t *id);

#endif
