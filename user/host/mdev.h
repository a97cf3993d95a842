/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making and removing mdevs: the only place where this program writes to sysfs, and only for who
 * asked for just that (policy `remap: create`).
 */
#ifndef HOST_MDEV_H
#define HOST_MDEV_H

#include <stdbool.h>
#include <stddef.h>

#include "host/host.h"

#define MDEV_UUID_BYTES 37

/*
 * mdev_find_parent - a parent with room for one more mdev of @type ("mtty-2", as the parent lists
 * it): the first by name. Gives 0 and @out, -ENOENT when none has, else -errno.
 */
int mdev_find_parent(const struct host *host, const char *type, char out[static HOST_NAME_BYTES]);

/*
 * mdev_create - makes an mdev with a new UUID, through mdevctl where this machine has it, else by
 * sysfs. Gives 0 and @uuid; -EIO when mdevctl failed, which has said why on stderr; else -errno.
 */
int mdev_create(const struct host *host, const char *parent, const char *type,
		char uuid[static MDEV_UUID_BYTES]);

/* mdev_remove - the same way. 0, -ENOENT when it is gone, -EIO, else -errno. */
int mdev_remove(const struct host *host, const char *uuid);

#endif
