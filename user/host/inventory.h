/* SPDX-License-Identifier: GPL-2.0-only */
/* The VFIO devices of a host, as sysfs shows them: mdevs, and whatever a VFIO driver is bound to.
 */
#ifndef HOST_INVENTORY_H
#define HOST_INVENTORY_H

#include <stddef.h>

#include "host/host.h"

/* The bus that a VFIO device is on; it gives the device_api of what is no mdev (SEMANTICS 2.8). */
enum inventory_bus {
	BUS_MDEV,
	BUS_PCI,
	BUS_PLATFORM,
	BUS_AMBA,
	BUS_AP,
	BUS_CCW,
	BUS_FSL_MC,
	BUS_CDX,
	BUS_OTHER, /* a VFIO device on a bus that this program does not know */
	BUS_COUNT_,
};

struct inventory_device {
	const char *name; /* an mdev's UUID, a PCI address, … as the kernel writes it */
	const char *path; /* canonical, "/sys/devices/…" */
	const char *vfio; /* "vfio0"; NULL where the kernel has no vfio-dev class */
	enum inventory_bus bus;
};

struct inventory {
	struct arena *arena;              /* owns the rest */
	struct inventory_device *devices; /* sorted by name */
	size_t count;
};

/*
 * inventory_read - every VFIO device there is now: /sys/bus/mdev/devices, the devices of
 * /sys/class/vfio-dev, and, on kernels that lack this class, what is bound to a driver whose name
 * contains "vfio" on the buses that have an API of their own. A device that vanishes meanwhile is
 * left out. Gives 0 and *out (the caller's; empty is fine), -ENOMEM, or the -errno of reading.
 */
int inventory_read(const struct host *host, struct inventory **out);

/* inventory_free - NULL is fine. */
void inventory_free(struct inventory *inventory);

#define AUTO_INVENTORY __attribute__((cleanup(inventory_free_ptr)))
static inline void inventory_free_ptr(struct inventory **inventory)
{
	inventory_free(*inventory);
}

/*
 * inventory_find - the device that @argument names: a UUID in any case, a PCI address with or
 * without its domain, the name of any other device, "vfioN", or a path of sysfs.
 * Gives 0 and *out, borrowed from @inventory; -ENODEV when there is none; -ENOTUNIQ when the name
 * fits several (devices of two buses): their paths tell them apart.
 */
int inventory_find(const struct host *host, const struct inventory *inventory, const char *argument,
		   const struct inventory_device **out);

/*
 * inventory_missing - what this host lacks for there to be any VFIO device, in a few words, or NULL
 * when VFIO is loaded. Static.
 */
const char *inventory_missing(const struct host *host);

/*
 * inventory_bound_driver - the driver of the PCI device that @argument names, VFIO or not, to tell
 * a wrong name from a device that is merely not given to VFIO. Gives 0 and @out ("" when no driver
 * is bound), -ENODEV when there is no such PCI device.
 */
int inventory_bound_driver(const struct host *host, const char *argument,
			   char out[static HOST_NAME_BYTES]);

/* inventory_bus_api - the device_api that devices of a bus have; NULL: not known from the bus. */
const char *inventory_bus_api(enum inventory_bus bus);

#endif
