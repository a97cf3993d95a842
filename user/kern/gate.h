/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate (bpf/gate.bpf.c) in the running kernel: its rules, its admissions, its own ring.
 *
 * A gate may be pinned, so that it outlives the process: kill -9 changes no verdict. The next
 * gate_open adopts what stands; programs of another build are replaced without a moment in which
 * neither acts.
 */
#ifndef KERN_GATE_H
#define KERN_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/ring.h"
#include "migwarden/wire.h"

#define GATE_PIN_ROOT "/sys/fs/bpf"
#define GATE_PIN_NAME "migwarden"

struct gate;

enum gate_support {
	GATE_SUPPORTED,           /* by the LSM hooks */
	GATE_SUPPORTED_OTHER_WAY, /* `bpf` is no active LSM: by fmod_ret, and the guard */
	GATE_NO_BTF,
	GATE_NO_VFIO, /* the module vfio is not loaded: there is nothing to gate yet */
};

/* gate_support - whether a gate can stand on this host now, and how. */
enum gate_support gate_support(void);

/* gate_is_possible - whether it is one of the two that can. */
static inline bool gate_is_possible(enum gate_support support)
{
	return support == GATE_SUPPORTED || support == GATE_SUPPORTED_OTHER_WAY;
}

/* gate_support_text - a sentence for a person: what is missing and what helps; static. */
const char *gate_support_text(enum gate_support support);

/* Held by whoever raises or releases the gate of this host, whatever its control socket is. */
#define GATE_LOCK_FOLDER "/run/migwarden"
#define GATE_LOCK_FILE GATE_LOCK_FOLDER "/lock"

/*
 * gate_lock - takes the lock until the descriptor is closed, by the kernel too when the process
 * dies. Gives an O_CLOEXEC descriptor, the caller's; -EBUSY when another process holds it; else
 * -errno.
 */
int gate_lock(void);

struct gate_options {
	/* Put in force before the first call is judged; where a gate is adopted, its next
	 * generation. */
	struct mw_gate_rules rules;
	bool pinned;
	size_t ring_bytes; /* of a new gate: a power of two, at least a page; 0: the usual */
	const struct gate_defaults *defaults; /* of the rules; NULL: none */
	ring_handler handler;
	ring_settler settle; /* NULL: none */
	uint64_t *position;  /* ring_on_place(); NULL: nobody asks */
	void *context;
};

/* What one device has in each direction (enum mw_direction - 1) that nothing admits. */
struct gate_default {
	char device[MW_DEVICE_BYTES]; /* dev_name(), zero-padded */
	struct mw_admission of[2];
};

struct gate_defaults {
	struct gate_default *devices;
	size_t count;
};

/* Why gate_open failed, where an errno does not say it: "map_ring of …: expected …". */
#define GATE_ERROR_BYTES 512

/*
 * gate_open - makes the gate stand: adopts the pinned one where there is one and @options asks for
 * pins, else loads and attaches a new one. The rules' generation is set to the one after what was
 * in force. Gives 0 and *out; -ENOTSUP where gate_support() says no; -EBADF where what is pinned is
 * not whole or not ours, with @error naming the piece; -ENOTDIR where no bpffs is mounted on
 * GATE_PIN_ROOT; -EEXIST where a pinned gate stands and @options asks for one without pins; -errno
 * of libbpf (kernel_message says more).
 */
int gate_open(const struct gate_options *options, struct gate **out,
	      char error[static GATE_ERROR_BYTES]);

/*
 * gate_close - gives the gate up; a pinned one goes on standing, any other falls. NULL is fine.
 */
void gate_close(struct gate *gate);

/* gate_stands_pinned - whether a gate is pinned, or half pinned, whoever made it. */
bool gate_stands_pinned(void);

/* gate_release - takes the pinned gate down, whoever made it. 0, -ENOENT: none stands, or -errno.
 */
int gate_release(void);

/*
 * gate_self_test - proves that the gate judges, without a device: a call of this thread is refused
 * under a refused admission, passes under another one, and is answered by the policy's default when
 * that is used up; what is never gated passes. The hooks are proven, not the guard behind them.
 * Gives 0; -EPROTO with @error saying which call got which answer; else -errno with an empty
 * @error.
 */
int gate_self_test(struct gate *gate, char error[static GATE_ERROR_BYTES]);

/* gate_was_adopted - whether it stood before we came. */
bool gate_was_adopted(const struct gate *gate);

/* gate_ring - the gate's own ring; stays the gate's. */
struct ring *gate_ring(const struct gate *gate);

/*
 * gate_program_name, gate_program_stands - the programs of a whole gate, from 0 to the first NULL,
 * and whether each is attached. Names are static.
 */
const char *gate_program_name(size_t index);
bool gate_program_stands(const struct gate *gate, size_t index);

/*
 * gate_program_missed - how often the kernel has passed over the program, because the same one was
 * preempted on that CPU; since it was loaded.
 */
uint64_t gate_program_missed(const struct gate *gate, size_t index);

/* gate_program_covers - what the program is there for. Static. */
const char *gate_program_covers(size_t index);

/* gate_program_gap - what its lack leaves open; NULL where it stands or the gate needs none.
 * Static. */
const char *gate_program_gap(const struct gate *gate, size_t index);

/*
 * gate_set_rules - puts a new generation in force, the one after the last: writes what devices have
 * for a default in it (@defaults; NULL: none has one of its own), fills a new inner map, then swaps
 * it in with one update. Gives 0 and sets rules->generation, or -errno (-E2BIG: no room for all
 * these devices) with the old generation still in force.
 */
int gate_set_rules(struct gate *gate, struct mw_gate_rules *rules,
		   const struct gate_defaults *defaults);

/*
 * gate_renew_defaults - what the devices that are there now have for a default in the generation in
 * force; what it had of others is forgotten. 0, or -errno with some of them written.
 */
int gate_renew_defaults(struct gate *gate, const struct gate_defaults *defaults);

/* gate_rules - the generation in force. Gives 0 and *out, or -errno. */
int gate_rules(const struct gate *gate, struct mw_gate_rules *out);

/*
 * gate_admit - writes the admission of a device and direction, in place of an older one. @device is
 * its dev_name(). Gives 0, -EINVAL for a name that is empty or too long, or -errno.
 */
int gate_admit(struct gate *gate, const char *device, enum mw_direction direction,
	       const struct mw_admission *admission);

/* gate_revoke - takes an admission back. Gives 0, -ENOENT when there was none, or -errno. */
int gate_revoke(struct gate *gate, const char *device, enum mw_direction direction);

/*
 * gate_admission - what is left of an admission. Gives 0 and *out, -ENOENT, or -errno.
 */
int gate_admission(struct gate *gate, const char *device, enum mw_direction direction,
		   struct mw_admission *out);

typedef void (*gate_admission_handler)(void *context, const struct mw_admission_key *key,
				       const struct mw_admission *admission);

/*
 * gate_each_admission - calls @handler for each admission that the kernel holds, expired ones
 * included, in no order. One that is written meanwhile may be missed or seen twice. 0 or -errno.
 */
int gate_each_admission(struct gate *gate, gate_admission_handler handler, void *context);

/* gate_last_admission - the highest id among the admissions that the kernel holds; 0 when none. */
uint64_t gate_last_admission(struct gate *gate);

/* gate_drop_expired - deletes admissions whose time is over. Gives their number, or -errno. */
int gate_drop_expired(struct gate *gate, uint64_t now_ns);

#endif
