/* SPDX-License-Identifier: GPL-2.0-only */
/* The gate (bpf/gate.bpf.c) in the running kernel: its rules, its admissions, its own ring. */
#ifndef KERN_GATE_H
#define KERN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/ring.h"
#include "migwarden/wire.h"

struct gate;

enum gate_support {
	GATE_SUPPORTED,
	GATE_NO_BTF,
	GATE_NO_LSM, /* `bpf` is not among the active LSMs: programs would load and never be called */
	GATE_NO_VFIO, /* the module vfio is not loaded: there is nothing to gate yet */
};

/* gate_support - whether a gate can stand on this host now. */
enum gate_support gate_support(void);

/* gate_support_text - a sentence for a person: what is missing and what helps; static. */
const char *gate_support_text(enum gate_support support);

/*
 * gate_open - loads and attaches the gate with @rules in force from its first call on.
 * Gives 0 and *out; -ENOTSUP where gate_support() is not GATE_SUPPORTED; -errno of libbpf
 * (kernel_message says more).
 */
int gate_open(const struct mw_gate_rules *rules, ring_handler handler, void *context,
	      struct gate **out);

/* gate_close - takes the gate down; NULL is fine. */
void gate_close(struct gate *gate);

/* gate_ring - the gate's own ring; stays the gate's. */
struct ring *gate_ring(const struct gate *gate);

/*
 * gate_set_rules - puts a new generation in force: fills a new inner map, then swaps it in with one
 * update. Gives 0, or -errno with the old generation still in force.
 */
int gate_set_rules(struct gate *gate, const struct mw_gate_rules *rules);

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

#endif
