// SPDX-License-Identifier: GPL-2.0-only
#include "host/inventory.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/cleanup.h"

static const char *const bus_names[] = {
	[BUS_MDEV] = "mdev", [BUS_PCI] = "pci", [BUS_PLATFORM] = "platform", [BUS_AMBA] = "amba",
	[BUS_AP] = "ap",     [BUS_CCW] = "ccw", [BUS_FSL_MC] = "fsl-mc",     [BUS_CDX] = "cdx",
};

const char *inventory_bus_api(enum inventory_bus bus)
{
	switch (bus) {
	case BUS_PCI:
		return "vfio-pci";
	case BUS_PLATFORM:
		return "vfio-platform";
	case BUS_AMBA:
		return "vfio-amba";
	case BUS_AP:
		return "vfio-ap";
	case BUS_CCW:
		return "vfio-ccw";
	case BUS_FSL_MC:
		return "vfio-fsl-mc";
	case BUS_CDX:
		return "vfio-cdx";
	case BUS_MDEV: /* its type says */
	case BUS_OTHER:
	case BUS_COUNT_:
		break;
	}
	return NULL;
}

static enum inventory_bus bus_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(bus_names); i++)
		if (!strcmp(name, bus_names[i]))
			return (enum inventory_bus)i;
	return BUS_OTHER;
}

/* A device that goes away while we look is no error. */
static bool has_vanished(int error)
{
	return host_is_absent(error) || error == -ENODEV || error == -ENXIO;
}

/* Adds the device at @path (any spelling); @vfio may be NULL. */
static int add_device(const struct host *host, struct inventory *inventory, const char *path,
		      const char *vfio)
{
	struct inventory_device device = {0}, *devices;
	char canonical[HOST_PATH_BYTES], bus[HOST_NAME_BYTES];
	int r = host_resolve(host, canonical, "%s", path);

	if (r)
		return has_vanished(r) ? 0 : r;
	/* Without a bus it is listed all the same: it is there, and VFIO has it. */
	host_link_name(host, bus, "%s/subsystem", canonical);
	device.bus = bus_from_name(bus);
	device.path = arena_strdup(inventory->arena, canonical);
	if (!device.path)
		return -ENOMEM;
	device.name = strrchr(device.path, '/') + 1;
	if (vfio) {
		device.vfio = arena_strdup(inventory->arena, vfio);
		if (!device.vfio)
			return -ENOMEM;
	}
	devices = arena_grow(inventory->arena, inventory->devices, inventory->count,
			     sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	inventory->devices = devices;
	devices[inventory->count++] = device;
	return 0;
}

static int add_mdevs(const struct host *host, struct inventory *inventory)
{
	static const char folder[] = "/sys/bus/mdev/devices";
	AUTO_NAMES struct host_names names = {0};
	int r = host_list(host, &names, "%s", folder);

	for (size_t i = 0; !r && i < names.count; i++) {
		char path[HOST_PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", folder, names.names[i]);
		r = add_device(host, inventory, path, NULL);
	}
	return host_is_absent(r) ? 0 : r;
}

/* Gives -ENOENT where the kernel has no such class (before 6.1) or no device is in it. */
static int add_class(const struct host *host, struct inventory *inventory)
{
	static const char folder[] = "/sys/class/vfio-dev";
	AUTO_NAMES struct host_names names = {0};
	int r = host_list(host, &names, "%s", folder);

	for (size_t i = 0; !r && i < names.count; i++) {
		char path[HOST_PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s/device", folder, names.names[i]);
		r = add_device(host, inventory, path, names.names[i]);
	}
	return r;
}

/* What is bound to one driver: the links in its folder, but for the one to its module. */
static int add_bound(const struct host *host, struct inventory *inventory, const char *bus,
		     const char *driver)
{
	AUTO_NAMES struct host_names names = {0};
	int r = host_list(host, &names, "/sys/bus/%s/drivers/%s", bus, driver);

	for (size_t i = 0; !r && i < names.count; i++) {
		char path[HOST_PATH_BYTES], target[HOST_NAME_BYTES];

		if (snprintf(path, sizeof(path), "/sys/bus/%s/drivers/%s/%s", bus, driver,
			     names.names[i]) >= (int)sizeof(path))
			continue;
		/* bind, unbind, new_id are files; the device link carries the device's name. */
		if (host_link_name(host, target, "%s", path) || strcmp(target, names.names[i]) ||
		    !strcmp(names.names[i], "module"))
			continue;
		r = add_device(host, inventory, path, NULL);
	}
	return has_vanished(r) ? 0 : r;
}

static int add_by_driver(const struct host *host, struct inventory *inventory)
{
	for (size_t bus = 0; bus < ARRAY_SIZE(bus_names); bus++) {
		AUTO_NAMES struct host_names drivers = {0};
		int r;

		/* vfio_ap and vfio_ccw bind the parents' parts; their VFIO devices are mdevs. */
		if (bus == BUS_MDEV || bus == BUS_AP || bus == BUS_CCW)
			continue;
		r = host_list(host, &drivers, "/sys/bus/%s/drivers", bus_names[bus]);
		for (size_t i = 0; !r && i < drivers.count; i++)
			if (strstr(drivers.names[i], "vfio"))
				r = add_bound(host, inventory, bus_names[bus], drivers.names[i]);
		if (r && !has_vanished(r))
			return r;
	}
	return 0;
}

static int by_path(const void *left, const void *right)
{
	const struct inventory_device *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static int by_name(const void *left, const void *right)
{
	const struct inventory_device *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : by_path(left, right);
}

/* A device found twice, as an mdev and in the class, becomes one. */
static void merge(struct inventory *inventory)
{
	struct inventory_device *devices = inventory->devices;
	size_t kept = 0;

	if (!inventory->count)
		return;
	qsort(devices, inventory->count, sizeof(*devices), by_path);
	for (size_t i = 1; i < inventory->count; i++) {
		if (strcmp(devices[kept].path, devices[i].path))
			devices[++kept] = devices[i];
		else if (!devices[kept].vfio)
			devices[kept].vfio = devices[i].vfio;
	}
	inventory->count = kept + 1;
	qsort(devices, inventory->count, sizeof(*devices), by_name);
}

int inventory_read(const struct host *host, struct inventory **out)
{
	AUTO_INVENTORY struct inventory *inventory = calloc(1, sizeof(*inventory));
	int r;

	if (!inventory)
		return -ENOMEM;
	inventory->arena = arena_new();
	if (!inventory->arena)
		return -ENOMEM;
	r = add_mdevs(host, inventory);
	if (!r)
		r = add_class(host, inventory);
	if (host_is_absent(r))
		r = add_by_driver(host, inventory);
	if (r)
		return r;
	merge(inventory);
	*out = TAKE_PTR(inventory);
	return 0;
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	arena_free(inventory->arena);
	free(inventory);
}

static bool has_name(const struct inventory_device *device, const char *argument)
{
	if (!strcmp(device->name, argument) || (device->vfio && !strcmp(device->vfio, argument)))
		return true;
	/* The kernel writes both in lower case; people paste them as they come. */
	if (device->bus == BUS_MDEV || device->bus == BUS_PCI) {
		if (!strcasecmp(device->name, argument))
			return true;
	}
	return device->bus == BUS_PCI && !strncmp(device->name, "0000:", 5) &&
	       !strcasecmp(device->name + 5, argument);
}

/* The canonical path of an argument that is a path; a vfio-dev folder stands for its device. */
static int argument_path(const struct host *host, const char *argument,
			 char out[static HOST_PATH_BYTES])
{
	AUTO_FREE char *here = NULL;
	char *class;
	int r;

	if (*argument != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return -errno;
	}
	r = host_resolve(host, out, "%s%s%s", here ? here : "", here ? "/" : "", argument);
	if (r)
		return r;
	class = strstr(out, "/vfio-dev/");
	if (class)
		*class = '\0';
	return 0;
}

int inventory_find(const struct host *host, const struct inventory *inventory, const char *argument,
		   const struct inventory_device **out)
{
	const struct inventory_device *found = NULL;
	char path[HOST_PATH_BYTES] = "";

	if (strchr(argument, '/') && argument_path(host, argument, path))
		return -ENODEV;
	for (size_t i = 0; i < inventory->count; i++) {
		const struct inventory_device *device = &inventory->devices[i];

		if (*path ? strcmp(device->path, path) != 0 : !has_name(device, argument))
			continue;
		if (found)
			return -ENOTUNIQ;
		found = device;
	}
	if (!found)
		return -ENODEV;
	*out = found;
	return 0;
}

const char *inventory_missing(const struct host *host)
{
	static const char *const signs[] = {"/sys/class/vfio-dev", "/sys/bus/mdev",
					    "/sys/module/vfio"};
	char path[HOST_PATH_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (!host_resolve(host, path, "%s", signs[i]))
			return NULL;
	return "VFIO is not loaded: no vfio module (modprobe vfio-pci, or the driver that offers "
	       "mdev types)";
}

int inventory_bound_driver(const struct host *host, const char *argument,
			   char out[static HOST_NAME_BYTES])
{
	static const char *const domains[] = {"", "0000:"};
	char path[HOST_PATH_BYTES], name[32];

	out[0] = '\0';
	if (argument[strspn(argument, "0123456789abcdefABCDEF:.")] || !strchr(argument, ':') ||
	    strlen(argument) >= sizeof(name) - strlen(domains[1]))
		return -ENODEV;
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		snprintf(name, sizeof(name), "%s%s", domains[i], argument);
		for (char *c = name; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'F' ? *c + ('a' - 'A') : *c);
		if (host_resolve(host, path, "/sys/bus/pci/devices/%s", name))
			continue;
		host_link_name(host, out, "%s/driver", path);
		return 0;
	}
	return -ENODEV;
}
