/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's migration state machine, reproduced (SEMANTICS 2.13, vfio_mig_get_next_state in
 * drivers/vfio/vfio_main.c).
 */
#ifndef CORE_FSM_H
#define CORE_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As enum vfio_device_mig_state of linux/vfio.h, whose installed copy may be older than PRE_COPY.
 */
enum mig_state {
	MIG_ERROR = 0,
	MIG_STOP = 1,
	MIG_RUNNING = 2,
	MIG_STOP_COPY = 3,
	MIG_RESUMING = 4,
	MIG_RUNNING_P2P = 5,
	MIG_PRE_COPY = 6,
	MIG_PRE_COPY_P2P = 7,
	MIG_STATE_COUNT_,
};

/* The longest walk of one SET has four arcs. */
#define FSM_ARCS_MAX 8

/* mig_state_name - "RUNNING_P2P"; "UNKNOWN" outside the enum. Static. */
const char *mig_state_name(uint32_t state);

/* mig_state_from_name - by that name, any case, '-' as '_'. False when unknown. */
bool mig_state_from_name(const char *name, enum mig_state *out);

/* fsm_state_exists - whether a device with these enum migration_capability bits has that state. */
bool fsm_state_exists(uint32_t state, uint32_t capabilities);

/*
 * fsm_next - the next state on the way from @from to @to, as the kernel would choose it.
 * Gives 0 and *next; -EINVAL where the kernel refuses (*next untouched).
 */
int fsm_next(uint32_t from, uint32_t to, uint32_t capabilities, enum mig_state *next);

/*
 * fsm_walk - every state of one SET, @from first. Gives the number of states written (1 when from
 * equals to, which the kernel takes as done), or -EINVAL.
 */
int fsm_walk(uint32_t from, uint32_t to, uint32_t capabilities,
	     enum mig_state path[static FSM_ARCS_MAX]);

/* fsm_makes_data_fd - whether the arc gives a new data fd. */
bool fsm_makes_data_fd(uint32_t from, uint32_t to);

#endif
