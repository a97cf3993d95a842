/* SPDX-License-Identifier: GPL-2.0-only */
/* What the devices of this host have that nothing admits, where a policy says it of some of them
 * (SEMANTICS 4, `defaults: {devices: …}`). */
#ifndef DAEMON_DEVICE_DEFAULTS_H
#define DAEMON_DEVICE_DEFAULTS_H

#include "core/policy.h"
#include "kern/gate.h"

struct daemon;

/*
 * device_defaults_read - what each device that is there now has under @policy, into @out, which
 * device_defaults_free() takes. None where the policy says nothing of single devices, or is NULL. A
 * device that is still being made is left out: device_defaults_look_again() is for it. 0, -ENOMEM
 * or the -errno of reading sysfs.
 */
int device_defaults_read(struct daemon *daemon, const struct policy *policy,
			 struct gate_defaults *out);

/* device_defaults_look_again - a moment later, where a device was being made when they were read.
 */
void device_defaults_look_again(struct daemon *daemon);

/* device_defaults_free - empty is fine, and what is left. */
void device_defaults_free(struct gate_defaults *defaults);

#define AUTO_DEFAULTS __attribute__((cleanup(device_defaults_free)))

/*
 * device_defaults_of - what @device has in that direction under @policy, of which @defaults were
 * read; that of a device nobody knows where it is not among them.
 */
struct mw_admission device_defaults_of(const struct policy *policy,
				       const struct gate_defaults *defaults, const char *device,
				       enum mw_direction direction);

/*
 * device_defaults_watch - listens for devices that come, and tells the gate what they have. 0 or
 * -errno.
 */
int device_defaults_watch(struct daemon *daemon);

/* device_defaults_close - the end of it; fine where it was not begun. */
void device_defaults_close(struct daemon *daemon);

#endif
