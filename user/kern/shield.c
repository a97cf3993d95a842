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

/* Kinds of pins of a shield that takes another's place: READY of PINS_KEEPER alone, once all of its
 * pins are there. */
#define NEXT_KIND "shieldnext"
#define READY_KIND "shieldready"
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

static bool is_keeper(const struct bpf_program *program)
{
	return strcmp(bpf_program__name(program), PINS_KEEPER) == 0;
}

static int pin_next(const struct shield *shield, bool keepers)
{
	char path[PINS_PATH_BYTES];
	struct bpf_program *program;
	size_t i = 0;

	bpf_object__for_each_program(program, shield->skel->obj)
	{
		struct bpf_link *link = shield->links[i++];
		int r;

		if (is_keeper(program) != keepers)
			continue;
		r = bpf_link__pin(link, pins_path(path, PINS_FOLDER, NEXT_KIND,
						  bpf_program__name(program)));
		if (r)
			return r;
	}
	return 0;
}

static int rename_pin(const char *from_kind, const char *to_kind, const char *name)
{
	char from[PINS_PATH_BYTES], to[PINS_PATH_BYTES];

	pins_path(from, PINS_FOLDER, from_kind, name);
	return rename(from, pins_path(to, PINS_FOLDER, to_kind, name)) ? -errno : 0;
}

#define PROGRAM_PREFIX "shield_"

/* Of another build, which had a program that ours has not. */
static bool is_foreign(const void *context, const char *name)
{
	const struct shield *shield = context;

	return !strncmp(name, PROGRAM_PREFIX, strlen(PROGRAM_PREFIX)) &&
	       !bpf_object__find_program_by_name(shield->skel->obj, name);
}

/* All that are there, by the names of our own; then what else the other shield had goes, before its
 * keeper does. */
static int take_names(const struct shield *shield)
{
	struct bpf_program *program;
	int r;

	bpf_object__for_each_program(program, shield->skel->obj)
	{
		if (is_keeper(program))
			continue;
		r = rename_pin(NEXT_KIND, LINK_KIND, bpf_program__name(program));
		if (r && r != -ENOENT)
			return r;
	}
	r = pins_remove_chosen(PINS_FOLDER, NEXT_KIND, is_foreign, shield);
	if (!r)
		r = pins_remove_chosen(PINS_FOLDER, LINK_KIND, is_foreign, shield);
	return r ? r : rename_pin(READY_KIND, LINK_KIND, PINS_KEEPER);
}

/* What one that was killed has left: it goes on with its names, or takes back what it had begun. */
static int make_up(const struct shield *shield)
{
	char ready[PINS_PATH_BYTES];

	if (access(pins_path(ready, PINS_FOLDER, READY_KIND, PINS_KEEPER), F_OK) == 0)
		return take_names(shield);
	return pins_remove_kind(PINS_FOLDER, NEXT_KIND);
}

/*
 * The new shield's pins beside the old one's, then in their places, and the old shield falls piece
 * by piece behind them. At each moment the keeper of each shield of which a piece stands is there:
 * whoever is killed on the way leaves a gate that lets the next daemon in.
 */
static int pin(const struct shield *shield)
{
	int r = make_up(shield);

	if (!r)
		r = pin_next(shield, true);
	if (!r)
		r = pin_next(shield, false);
	if (!r)
		r = rename_pin(NEXT_KIND, READY_KIND, PINS_KEEPER);
	return r ? r : take_names(shield);
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
