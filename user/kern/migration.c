// SPDX-License-Identifier: GPL-2.0-only
#include "kern/migration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "features.skel.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"

struct migration {
	struct features_bpf *skel;
};

int migration_open(struct migration **out)
{
	AUTO_MIGRATION struct migration *migration = NULL;
	AUTO_TYPES struct kernel_types *types = NULL;
	int r;

	kernel_quiet();
	if (!kernel_has_btf() || !kernel_can_attach("vfio"))
		return -ENOTSUP;
	migration = calloc(1, sizeof(*migration));
	if (!migration)
		return -ENOMEM;
	types = kernel_types_open();
	if (!types)
		return -errno;
	migration->skel = features_bpf__open_and_load();
	if (!migration->skel)
		return -errno;
	migration->skel->bss->asker_tid = (uint32_t)gettid();
	r = features_bpf__attach(migration->skel);
	if (r)
		return r;
	*out = TAKE_PTR(migration);
	return 0;
}

/* Reading makes the kernel call dev_uevent(); the text itself tells nothing that we want. */
static int read_uevent(const char *device)
{
	char path[256], text[4096];
	AUTO_FD int fd = -1;
	int length = snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s/uevent", device);

	if (length < 0 || (size_t)length >= sizeof(path) || strchr(device, '/'))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return read(fd, text, sizeof(text)) < 0 ? -errno : 0;
}

int migration_query(struct migration *migration, const char *device, uint32_t *capabilities)
{
	int r;

	migration->skel->bss->answered = 0;
	r = read_uevent(device);
	if (r)
		return r;
	if (!migration->skel->bss->answered)
		return -ENODATA;
	*capabilities = migration->skel->bss->migration_flags;
	return 0;
}

void migration_close(struct migration *migration)
{
	if (!migration)
		return;
	features_bpf__destroy(migration->skel);
	free(migration);
}
