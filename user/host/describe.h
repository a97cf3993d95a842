/* SPDX-License-Identifier: GPL-2.0-only */
/* Fills a descriptor (SEMANTICS 3) from what sysfs says of one device, and the kernel if asked. */
#ifndef HOST_DESCRIBE_H
#define HOST_DESCRIBE_H

#include <stdint.h>

#include "core/descriptor.h"
#include "host/devlink.h"
#include "host/host.h"
#include "host/inventory.h"
#include "host/sources.h"

/*
 * Asks the kernel for what sysfs does not say: the migration flags of a device that nobody opens
 * for it. @vfio is the device's name in /sys/class/vfio-dev ("vfio0"). Gives 0 and *capabilities
 * (enum migration_capability; 0: the device said that it cannot migrate), -ENODATA when it cannot
 * be learnt, any other -errno when the attempt failed.
 */
typedef int (*describe_migration)(void *context, const char *vfio, uint32_t *capabilities);

/*
 * Asks for the firmware version of a device that sysfs gives none of; contract as devlink_firmware.
 */
typedef int (*describe_firmware)(const char *bus, const char *name,
				 char out[static DEVLINK_VERSION_BYTES]);

struct describe_options {
	const struct sources *sources; /* where vendors keep what */
	int64_t now_s;                /* seconds since the epoch, for collected_at; -1: not known */
	describe_migration migration; /* NULL: nobody to ask, the capabilities are not known */
	void *migration_context;
	describe_firmware firmware; /* NULL: nobody to ask, sysfs alone counts */
};

/*
 * describe - the descriptor of a device of the inventory.
 *
 * A file that is not there leaves its fact unknown; one that is there and cannot be read, or holds
 * what it must not (binary, over 4 KiB, an id that is no hex number), makes it unreadable with the
 * errno (SEMANTICS 2.12). Where the descriptor has no place for an errno, such as the list of
 * traits, an unreadable attribute of that name is recorded, and warnings say what happened.
 *
 * Firmware is asked of the device, for an mdev of its parent; where that is a PCI virtual function
 * of which nothing is known, of its physical function.
 *
 * Gives 0 and *out (the caller's); -ENODEV when the device is gone; -E2BIG when the table names
 * more attributes than a descriptor holds; -ENOMEM.
 */
int describe(const struct host *host, const struct inventory_device *device,
	     const struct describe_options *options, struct descriptor **out);

#endif
