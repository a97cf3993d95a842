/* SPDX-License-Identifier: GPL-2.0-only */
/* Which VFIO devices some process has open, by looking at the files of all processes. */
#ifndef HOST_IN_USE_H
#define HOST_IN_USE_H

#include <stdbool.h>

#include "host/host.h"
#include "host/inventory.h"

/*
 * in_use_read - for each device of @inventory whether its group, or its own character device, is
 * open somewhere: @out has inventory->count elements. Nothing is opened for it, which would
 * disturb who does. Needs CAP_SYS_PTRACE to see all processes; one that ends meanwhile, or cannot
 * be looked into, is passed over. Gives 0 or -errno.
 */
int in_use_read(const struct host *host, const struct inventory *inventory, bool *out);

#endif
