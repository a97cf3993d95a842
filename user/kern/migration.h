/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The migration capabilities of a VFIO device, learnt without opening it: the kernel's own
 * migration_flags, seen by a probe on dev_uevent while we read the device's uevent file. Opening
 * the device instead would disturb whoever owns it.
 */
#ifndef KERN_MIGRATION_H
#define KERN_MIGRATION_H

#include <stdint.h>

struct migration;

/*
 * migration_open - loads and attaches the probe.
 * Gives 0 and *out, the caller's; -EPERM without the privilege to load BPF; -ENOTSUP where this
 * kernel has no BTF of vfio (or vfio is not loaded); -ENOMEM; else -errno. *out is untouched on
 * failure.
 */
int migration_open(struct migration **out);

/*
 * migration_query - what VFIO_DEVICE_FEATURE_MIGRATION would answer for @device, its name in
 * /sys/class/vfio-dev ("vfio0").
 * Gives 0 and *capabilities (enum migration_capability; 0: the device cannot migrate); -ENODATA
 * when the probe saw nothing of it; else -errno. *capabilities is untouched on failure.
 */
int migration_query(struct migration *migration, const char *device, uint32_t *capabilities);

/* migration_close - detaches and frees; NULL is fine. */
void migration_close(struct migration *migration);

#define AUTO_MIGRATION __attribute__((cleanup(migration_close_ptr)))
static inline void migration_close_ptr(struct migration **migration)
{
	migration_close(*migration);
}

#endif
