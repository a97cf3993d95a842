/* SPDX-License-Identifier: GPL-2.0-only */
/* The shield (bpf/shield.bpf.c) around a gate that stands. */
#ifndef KERN_SHIELD_H
#define KERN_SHIELD_H

#include "kern/gate.h"

/* On the kernel's command line: the way out for an administrator whose daemon is gone. */
#define SHIELD_SWITCH "migwarden.shield=off"

struct shield;

enum shield_support {
	SHIELD_SUPPORTED,
	SHIELD_NO_LSM,       /* `bpf` is no active LSM: nothing would call it */
	SHIELD_SWITCHED_OFF, /* by SHIELD_SWITCH */
	SHIELD_NOT_PINNED,   /* a gate that falls with the daemon has no pins to keep */
};

/* shield_support - whether a shield can be raised around @gate. */
enum shield_support shield_support(const struct gate *gate);

/* shield_support_text - a sentence for a person; static. */
const char *shield_support_text(enum shield_support support);

/*
 * shield_raise - loads, attaches and pins the shield, in place of an older one. Its records come by
 * the gate's ring. From here on this process alone reaches the gate's pieces, and after its death
 * whoever runs its executable with nobody else's code in it. Gives 0 and *out; -ENOTSUP where
 * shield_support() says no; -EACCES where others may write that executable; else -errno.
 */
int shield_raise(const struct gate *gate, struct shield **out);

/* shield_close - frees what this process holds; the pinned shield goes on. NULL is fine. */
void shield_close(struct shield *shield);

#endif
