// SPDX-License-Identifier: GPL-2.0-only
#include "host/in_use.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/text.h"

/* The character devices by which one VFIO device is reached; 0: none. */
struct doors {
	dev_t group;
	dev_t device;
};

static dev_t read_number(const struct host *host, const char *folder, const char *name)
{
	unsigned int major_number, minor_number;
	struct host_text text;

	if (host_read_line(host, &text, "%s/%s/dev", folder, name) ||
	    sscanf(text.text, "%u:%u", &major_number, &minor_number) != 2)
		return 0;
	return makedev(major_number, minor_number);
}

static struct doors doors_of(const struct host *host, const struct inventory_device *device)
{
	char group[HOST_NAME_BYTES];
	struct doors doors = {0};

	if (!host_link_name(host, group, "%s/iommu_group", device->path))
		doors.group = read_number(host, "/sys/class/vfio", group);
	if (device->vfio)
		doors.device = read_number(host, "/sys/class/vfio-dev", device->vfio);
	return doors;
}

static void mark(const struct doors *doors, size_t count, dev_t number, bool *out)
{
	for (size_t i = 0; i < count; i++)
		if (number == doors[i].group || number == doors[i].device)
			out[i] = true;
}

/* By the number of what is open: VMMs live in mount namespaces of their own. */
static void look_into(const struct host *host, const char *pid, const struct doors *doors,
		      size_t count, bool *out)
{
	AUTO_FD int folder = host_open_folder(host, "/proc/%s/fd", pid);
	AUTO_NAMES struct host_names files = {0};
	struct stat status;

	if (folder < 0 || host_list(host, &files, "/proc/%s/fd", pid))
		return;
	for (size_t i = 0; i < files.count; i++)
		if (!fstatat(folder, files.names[i], &status, 0) && S_ISCHR(status.st_mode) &&
		    status.st_rdev)
			mark(doors, count, status.st_rdev, out);
}

int in_use_read(const struct host *host, const struct inventory *inventory, bool *out)
{
	AUTO_FREE struct doors *doors = calloc(inventory->count + 1, sizeof(*doors));
	AUTO_NAMES struct host_names names = {0};
	int r = doors ? host_list(host, &names, "/proc") : -ENOMEM;

	if (r)
		return r;
	for (size_t i = 0; i < inventory->count; i++) {
		doors[i] = doors_of(host, &inventory->devices[i]);
		out[i] = false;
	}
	for (size_t i = 0; inventory->count && i < names.count; i++)
		if (is_digit(names.names[i][0]))
			look_into(host, names.names[i], doors, inventory->count, out);
	return 0;
}
