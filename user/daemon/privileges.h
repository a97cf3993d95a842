/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities of the daemon: what is not needed any more is given up for good (DESIGN 4). */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdint.h>

/* Bit per CAP_*, as in linux/capability.h. */
typedef uint64_t capability_set;

/* What the work that is still ahead needs. */
enum privilege_need {
	/* A reload makes a map; admissions go to maps that are open already. */
	NEED_RELOAD,
	/*
	 * A module that is not loaded yet will have programs attached to it: they are loaded with
	 * its BTF, which is found by number, and with addresses of the kernel.
	 */
	NEED_LOAD,
};

/* privileges_for - the set for a need. */
capability_set privileges_for(enum privilege_need need);

/*
 * privileges_keep - gives up every other capability, in all sets and for whatever this process may
 * execute. Only ever takes away: what is not held is not asked for. Gives 0 or -errno.
 */
int privileges_keep(capability_set keep);

/* privileges_held - the effective set. */
capability_set privileges_held(void);

/* privileges_name - "bpf" for CAP_BPF; NULL for a capability that no need of ours names. Static. */
const char *privileges_name(unsigned int capability);

#endif
