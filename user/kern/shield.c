// SPDX-License-Identifier: GPL-2.0-only
#include "kern/shield.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/gate_parts.h"
#include "kern/gate_pins.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "shield.skel.h"

#define NEXT_KIND "next"
#define MAPS_OF_A_PROGRAM_MAX 32
#define LINKS_MAX 16
#define CMDLINE_BYTES 4096
/* How the kernel packs a device number (linux/kdev_t.h). */
#define KERNEL_MINOR_BITS 20

struct shield {
	struct shield_bpf *skel;
	struct bpf_link *links[LINKS_MAX];
	size_t link_count;
};

static bool is_switched_off(void)
{
	AUTO_FD int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	char line[CMDLINE_BYTES], *rest = line, *word;
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, line, sizeof(line) - 1);
	if (length < 0)
		return false;
	line[length] = '\0';
	while ((word = strsep(&rest, " \n")))
		if (strcmp(word, SHIELD_SWITCH) == 0)
			return true;
	return false;
}

enum shield_support shield_support(const struct gate *gate)
{
	if (is_switched_off())
		return SHIELD_SWITCHED_OFF;
	if (!kernel_lsm_is_active("bpf"))
		return SHIELD_NO_LSM;
	return gate_is_pinned(gate) ? SHIELD_SUPPORTED : SHIELD_NOT_PINNED;
}

const char *shield_support_text(enum shield_support support)
{
	switch (support) {
	case SHIELD_SUPPORTED:
		return "the shield can be raised";
	case SHIELD_NO_LSM:
		return "no shield: bpf is not an active LSM, other root processes can reach the "
		       "gate";
	case SHIELD_SWITCHED_OFF:
		return "no shield: " SHIELD_SWITCH " is on the kernel's command line";
	case SHIELD_NOT_PINNED:
		return "no shield: the gate falls with the daemon (--transient)";
	}
	return "unknown";
}

static int keep(const struct shield *shield, enum mw_shield_piece piece, uint32_t id)
{
	__u64 key = (__u64)piece << 32 | id;
	__u32 one = 1;

	assert(shield->skel);
	return bpf_map_update_elem(bpf_map__fd(shield->skel->maps.kept), &key, &one, BPF_ANY)
		       ? -errno
		       : 0;
}

/* A program, and every map that it uses: those of globals too, which nobody else names. */
static int keep_program(const struct shield *shield, int fd)
{
	__u32 ids[MAPS_OF_A_PROGRAM_MAX] = {0};
	struct bpf_prog_info info = {
		.nr_map_ids = MAPS_OF_A_PROGRAM_MAX,
		.map_ids = (__u64)(uintptr_t)ids,
	};
	__u32 size = sizeof(info);
	int r;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.nr_map_ids > MAPS_OF_A_PROGRAM_MAX)
		return -E2BIG;
	r = keep(shield, MW_SHIELD_PROGRAM, info.id);
	for (__u32 i = 0; i < info.nr_map_ids && !r; i++)
		r = keep(shield, MW_SHIELD_MAP, ids[i]);
	return r;
}

static int keep_gate(const struct shield *shield, const struct gate *gate)
{
	for (size_t i = 0; gate_program_name(i); i++) {
		AUTO_FD int fd = -1;
		uint32_t id;
		int r = gate_program_id(gate, i, &id);

		if (r == -ENOENT)
			continue;
		if (r)
			return r;
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			return fd;
		r = keep_program(shield, fd);
		if (r)
			return r;
	}
	return 0;
}

static int keep_self(const struct shield *shield)
{
	struct bpf_program *program;
	int r;

	assert(shield->skel);
	bpf_object__for_each_program(program, shield->skel->obj)
	{
		r = keep_program(shield, bpf_program__fd(program));
		if (r)
			return r;
	}
	return 0;
}

static int configure(const struct shield *shield)
{
	struct mw_shield_config config = {.daemon = (__u32)getpid()};
	struct stat folder;
	__u32 slot = 0;

	assert(shield->skel);
	if (stat(PINS_FOLDER, &folder))
		return -errno;
	config.pin_folder = folder.st_ino;
	config.pin_device =
		(__u32)(major(folder.st_dev) << KERNEL_MINOR_BITS) | minor(folder.st_dev);
	return bpf_map_update_elem(bpf_map__fd(shield->skel->maps.shield), &slot, &config, BPF_ANY)
		       ? -errno
		       : 0;
}

/* Asking for a descriptor of ours makes the shield look at us, and remember what we run. */
static int introduce(const struct shield *shield)
{
	struct bpf_map_info info = {0};
	struct mw_shield_config config;
	__u32 size = sizeof(info), slot = 0;
	int map = bpf_map__fd(shield->skel->maps.shield);
	AUTO_FD int fd = -1;

	if (bpf_obj_get_info_by_fd(map, &info, &size))
		return -errno;
	fd = bpf_map_get_fd_by_id(info.id);
	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(map, &slot, &config))
		return -errno;
	/* An executable that others may write, or that is not root's, is nobody to trust. */
	return config.trusted ? 0 : -EACCES;
}

static int load(struct shield *shield, const struct gate *gate)
{
	AUTO_TYPES struct kernel_types *types = kernel_types_open();
	int r;

	if (!types)
		return -errno;
	shield->skel = shield_bpf__open();
	if (!shield->skel)
		return -errno;
	shield->skel->rodata->can_look_up_tasks = kernel_function_type(types, "bpf_task_from_pid");
	r = bpf_map__reuse_fd(shield->skel->maps.ring, gate_ring_fd(gate));
	if (!r)
		r = bpf_map__reuse_fd(shield->skel->maps.counters, gate_counters_fd(gate));
	if (!r)
		r = shield_bpf__load(shield->skel);
	/* The verifier's word for "no" is ours for an executable that others may write. */
	return r == -EACCES ? -EINVAL : r;
}

static int attach(struct shield *shield)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, shield->skel->obj)
	{
		struct bpf_link *link;

		if (shield->link_count == LINKS_MAX)
			return -E2BIG;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		shield->links[shield->link_count++] = link;
	}
	return 0;
}

/* Each new pin takes the place of the old one's: the old shield falls piece by piece behind it. */
static int pin(const struct shield *shield)
{
	char path[PINS_PATH_BYTES], next[PINS_PATH_BYTES];
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program(program, shield->skel->obj)
	{
		const char *name = bpf_program__name(program);
		int r;

		pins_path(next, PINS_FOLDER, NEXT_KIND, name);
		unlink(next);
		r = bpf_link__pin(shield->links[i++], next);
		if (r)
			return r;
		if (rename(next, pins_path(path, PINS_FOLDER, LINK_KIND, name)))
			return -errno;
	}
	return 0;
}

int shield_raise(const struct gate *gate, struct shield **out)
{
	struct shield *shield;
	int r;

	if (shield_support(gate) != SHIELD_SUPPORTED)
		return -ENOTSUP;
	shield = calloc(1, sizeof(*shield));
	if (!shield)
		return -ENOMEM;
	r = load(shield, gate);
	if (!r)
		r = keep_gate(shield, gate);
	if (!r)
		r = keep_self(shield);
	if (!r)
		r = configure(shield);
	if (!r)
		r = attach(shield);
	if (!r)
		r = introduce(shield);
	if (!r)
		r = pin(shield);
	if (r) {
		shield_close(shield);
		return r;
	}
	*out = shield;
	return 0;
}

void shield_close(struct shield *shield)
{
	if (!shield)
		return;
	for (size_t i = 0; i < shield->link_count; i++)
		bpf_link__destroy(shield->links[i]);
	shield_bpf__destroy(shield->skel);
	free(shield);
}
