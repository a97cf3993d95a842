// SPDX-License-Identifier: GPL-2.0-only
#include "kern/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate.skel.h"
#include "kern/address.h"
#include "kern/gate_parts.h"
#include "kern/gate_pins.h"
#include "kern/gate_self_test.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "migwarden/reason.h"

#define PROGRAMS 11
#define MAPS 6

/* The maps that make a gate, in the order of enum gate_map. */
static const char *const map_names[MAPS] = {
	"ring", "counters", "generations", "admissions", "control", "calls",
};

enum gate_map {
	MAP_RING,
	MAP_COUNTERS,
	MAP_GENERATIONS,
	MAP_ADMISSIONS,
	MAP_CONTROL,
	MAP_CALLS,
};

/* When a program belongs to a gate. */
enum program_use {
	USE_ALWAYS,
	USE_WITH_LSM,
	USE_WITHOUT_LSM,
	USE_WITH_LSM_OF_FILES, /* the kernel lets a program be called for each new file */
	USE_WITHOUT_LSM_OF_FILES,
};

#define FILE_COVERS "the data fd, without which no state can pass"
#define STATE_COVERS "the state as the kernel itself read it"
#define HOOK_COVERS "ioctls, before the device sees them"
#define COMPAT_COVERS "the same of 32-bit callers, and by int $0x80"

/* In the order of attaching: the hooks first, so that the guard finds what they saw. */
static const struct {
	const char *name;
	enum program_use use;
	const char *function; /* that must exist; NULL: the gate cannot do without the program */
	const char *covers;
} programs[PROGRAMS] = {
	{"hook_ioctl", USE_WITH_LSM, NULL, HOOK_COVERS},
	{"hook_compat", USE_WITH_LSM, "bpf_lsm_file_ioctl_compat", COMPAT_COVERS},
	{"way_ioctl", USE_WITHOUT_LSM, NULL, HOOK_COVERS},
	{"way_compat", USE_WITHOUT_LSM, "security_file_ioctl_compat", COMPAT_COVERS},
	{"guard_ioctl_exit", USE_ALWAYS, NULL, "the end of a call that was judged"},
	{"guard_file", USE_WITH_LSM_OF_FILES, NULL, FILE_COVERS},
	{"guard_file_alloc", USE_WITHOUT_LSM_OF_FILES, NULL, FILE_COVERS},
	{"guard_next_state", USE_ALWAYS, NULL, STATE_COVERS},
	{"guard_next_again", USE_ALWAYS, NULL, STATE_COVERS ", a second time"},
	{"forget_device", USE_ALWAYS, NULL, "a device that goes, and its admissions with it"},
	{"forget_device_again", USE_ALWAYS, NULL, "what was written for it while it went"},
};

struct gate {
	/* NULL for a gate that was adopted as it stood. */
	struct gate_bpf *skel;
	int maps[MAPS];    /* owned */
	int rules;         /* the inner map in force; owned */
	size_t ring_bytes; /* of a new ring; 0: as the programs say */
	bool wanted[PROGRAMS];
	struct bpf_link *links[PROGRAMS]; /* of programs that we attached */
	int programs[PROGRAMS]; /* of a gate that was adopted as it stood; owned, -1: none */
	bool pinned;
	bool adopted;
	struct ring *ring;
};

enum gate_support gate_support(void)
{
	if (!kernel_has_btf())
		return GATE_NO_BTF;
	if (!kernel_can_attach("vfio"))
		return GATE_NO_VFIO;
	return kernel_lsm_is_active("bpf") ? GATE_SUPPORTED : GATE_SUPPORTED_OTHER_WAY;
}

const char *gate_support_text(enum gate_support support)
{
	switch (support) {
	case GATE_SUPPORTED:
		return "a gate can stand";
	case GATE_SUPPORTED_OTHER_WAY:
		return "a gate can stand, by fmod_ret: bpf is not an active LSM "
		       "(/sys/kernel/security/lsm)";
	case GATE_NO_BTF:
		return "the kernel has no BTF (/sys/kernel/btf/vmlinux): it needs "
		       "CONFIG_DEBUG_INFO_BTF";
	case GATE_NO_VFIO:
		return "the module vfio is not loaded yet: no device can migrate before it is";
	}
	return "unknown";
}

const char *gate_program_name(size_t index)
{
	return index < PROGRAMS ? programs[index].name : NULL;
}

bool gate_program_stands(const struct gate *gate, size_t index)
{
	return gate->wanted[index];
}

const char *gate_program_covers(size_t index)
{
	return programs[index].covers;
}

/* Only a program that is tied to a function can be missing: the gate does not stand without the
 * rest. */
const char *gate_program_gap(const struct gate *gate, size_t index)
{
	bool has_lsm = gate->wanted[0];

	if (gate->wanted[index] || !programs[index].function ||
	    (programs[index].use == USE_WITH_LSM) != has_lsm)
		return NULL;
	return "such a call is judged by the guard alone: DMA_LOGGING_START passes, and a refused "
	       "device may be left in STOP";
}

/* FNV-1a over the object: the same programs have the same number, whoever loads them. */
static uint64_t build_of_object(void)
{
	uint64_t hash = 0xcbf29ce484222325u;
	const unsigned char *bytes;
	size_t size;

	bytes = gate_bpf__elf_bytes(&size);
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash ? hash : 1;
}

/* Whether this kernel takes a program for that hook: some it has, and lets nobody use. */
static bool lsm_takes(struct kernel_types *types, const char *hook)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_LSM_MAC);
	AUTO_FD int fd = -1;

	options.attach_btf_id = kernel_function_type(types, hook);
	if (!options.attach_btf_id)
		return false;
	fd = bpf_prog_load(BPF_PROG_TYPE_LSM, NULL, "GPL", nothing, ARRAY_SIZE(nothing), &options);
	return fd >= 0;
}

static bool is_used(enum program_use use, bool has_lsm, bool has_lsm_of_files)
{
	switch (use) {
	case USE_ALWAYS:
		return true;
	case USE_WITH_LSM:
		return has_lsm;
	case USE_WITHOUT_LSM:
		return !has_lsm;
	case USE_WITH_LSM_OF_FILES:
		return has_lsm_of_files;
	case USE_WITHOUT_LSM_OF_FILES:
		return !has_lsm_of_files;
	}
	return false;
}

static void choose_programs(struct gate *gate, struct kernel_types *types)
{
	bool has_lsm = gate_support() == GATE_SUPPORTED;
	bool has_lsm_of_files = has_lsm && lsm_takes(types, "bpf_lsm_file_alloc_security");

	for (size_t i = 0; i < PROGRAMS; i++) {
		bool wanted = is_used(programs[i].use, has_lsm, has_lsm_of_files);

		if (wanted && programs[i].function)
			wanted = kernel_function_type(types, programs[i].function);
		gate->wanted[i] = wanted;
	}
}

static struct bpf_program *find_program(const struct gate *gate, size_t index)
{
	return bpf_object__find_program_by_name(gate->skel->obj, programs[index].name);
}

/* Of another build: the programs of this one have taken their place. */
static void drop_adopted_programs(struct gate *gate)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		cleanup_fd(&gate->programs[i]);
		gate->programs[i] = -1;
	}
}

/* Loads the programs, over the maps that stand where there are any. */
static int load(struct gate *gate)
{
	struct addresses addresses;
	int r = addresses_find(&addresses);

	if (!r && !addresses.vfio_device_fops)
		r = -ENOENT;
	if (r)
		return r;
	gate->skel = gate_bpf__open();
	if (!gate->skel)
		return -errno;
	if (gate->ring_bytes && !gate->adopted)
		r = bpf_map__set_max_entries(gate->skel->maps.ring, (__u32)gate->ring_bytes);
	if (r)
		return r;
	gate->skel->rodata->vfio_device_fops_address = addresses.vfio_device_fops;
	gate->skel->rodata->reason_ok = MW_REASON_OK;
	gate->skel->rodata->reason_no_admission = MW_REASON_NO_ADMISSION;
	gate->skel->rodata->reason_state_bypass = MW_REASON_STATE_BYPASS;
	gate->skel->rodata->build = build_of_object();
	for (size_t i = 0; i < PROGRAMS; i++)
		bpf_program__set_autoload(find_program(gate, i), gate->wanted[i]);
	for (size_t i = 0; i < MAPS && gate->adopted; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(gate->skel->obj, map_names[i]);

		r = bpf_map__reuse_fd(map, gate->maps[i]);
		if (r)
			return r;
	}
	r = gate_bpf__load(gate->skel);
	if (r)
		return r;
	for (size_t i = 0; i < MAPS && !gate->adopted; i++) {
		int fd = bpf_object__find_map_fd_by_name(gate->skel->obj, map_names[i]);

		gate->maps[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (gate->maps[i] < 0)
			return -errno;
	}
	drop_adopted_programs(gate);
	return 0;
}

static int attach(struct gate *gate)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (!gate->wanted[i])
			continue;
		gate->links[i] = bpf_program__attach(find_program(gate, i));
		if (!gate->links[i])
			return -errno;
	}
	return 0;
}

static int pin_links(struct gate *gate, const char *folder, const char *kind)
{
	char path[PINS_PATH_BYTES];
	int r;

	for (size_t i = 0; i < PROGRAMS; i++) {
		if (!gate->links[i])
			continue;
		r = bpf_link__pin(gate->links[i], pins_path(path, folder, kind, programs[i].name));
		if (r)
			return r;
	}
	return 0;
}

static int pin_all(struct gate *gate)
{
	char folder[PINS_PATH_BYTES], path[PINS_PATH_BYTES];
	int r = pins_begin(folder);

	for (size_t i = 0; i < MAPS && !r; i++)
		if (bpf_obj_pin(gate->maps[i], pins_path(path, folder, MAP_KIND, map_names[i])))
			r = -errno;
	if (!r)
		r = pin_links(gate, folder, LINK_KIND);
	if (!r)
		r = pins_commit(folder);
	if (r)
		pins_abandon();
	gate->pinned = !r;
	return r;
}

/* From here on the programs of that build act, and no others. */
static int put_in_force(struct gate *gate, uint64_t build)
{
	const struct mw_gate_control control = {.build = build, .wire_version = MW_WIRE_VERSION};
	__u32 slot = 0;

	return bpf_map_update_elem(gate->maps[MAP_CONTROL], &slot, &control, BPF_ANY) ? -errno : 0;
}

/* By its number, which takes CAP_SYS_ADMIN: done once, so that a daemon can give that up. */
static int open_rules(struct gate *gate)
{
	__u32 slot = 0, id;

	if (bpf_map_lookup_elem(gate->maps[MAP_GENERATIONS], &slot, &id))
		return -errno;
	gate->rules = bpf_map_get_fd_by_id(id);
	return gate->rules < 0 ? gate->rules : 0;
}

int gate_rules(const struct gate *gate, struct mw_gate_rules *out)
{
	__u32 slot = 0;

	return bpf_map_lookup_elem(gate->rules, &slot, out) ? -errno : 0;
}

static int write_defaults(struct gate *gate, uint32_t generation,
			  const struct gate_defaults *defaults)
{
	for (size_t i = 0; i < defaults->count; i++) {
		const struct gate_default *own = &defaults->devices[i];
		struct mw_admission_key key = {.generation = generation};

		memcpy(key.device, own->device, sizeof(key.device));
		for (key.direction = MW_INCOMING; key.direction <= MW_OUTGOING; key.direction++)
			if (bpf_map_update_elem(gate->maps[MAP_ADMISSIONS], &key,
						&own->of[key.direction - 1], BPF_ANY))
				return -errno;
	}
	return 0;
}

typedef bool (*key_choice)(const struct mw_admission_key *key, const struct mw_admission *admission,
			   const void *argument);

/* Gives the number of those deleted, or -errno. */
static int delete_chosen(const struct gate *gate, key_choice choice, const void *argument)
{
	struct mw_admission_key key, next;
	struct mw_admission admission;
	int map = gate->maps[MAP_ADMISSIONS], deleted = 0;
	int r = bpf_map_get_next_key(map, NULL, &key);

	while (r == 0) {
		/* The next key is asked for before this one may go. */
		r = bpf_map_get_next_key(map, &key, &next);
		if (bpf_map_lookup_elem(map, &key, &admission) == 0 &&
		    choice(&key, &admission, argument) && bpf_map_delete_elem(map, &key) == 0)
			deleted++;
		key = next;
	}
	return deleted;
}

static bool is_of_generation(const struct mw_admission_key *key,
			     const struct mw_admission *admission, const void *generation)
{
	(void)admission;
	return key->generation == *(const uint32_t *)generation;
}

/* A call that was on its way when the rules were swapped still looks into those before. */
static bool is_over(const struct mw_admission_key *key, const struct mw_admission *admission,
		    const void *generation)
{
	(void)admission;
	return key->generation && key->generation + 1 < *(const uint32_t *)generation;
}

/* What stands under a generation, and the devices that are there. */
struct present {
	uint32_t generation;
	const struct gate_defaults *defaults;
};

static bool is_gone(const struct mw_admission_key *key, const struct mw_admission *admission,
		    const void *argument)
{
	const struct present *present = argument;

	(void)admission;
	if (key->generation != present->generation)
		return false;
	for (size_t i = 0; i < present->defaults->count; i++)
		if (!memcmp(present->defaults->devices[i].device, key->device, sizeof(key->device)))
			return false;
	return true;
}

static int swap_rules(struct gate *gate, const struct mw_gate_rules *rules)
{
	/* As the first one in bpf/gate.bpf.c: no program can write it. */
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_RDONLY_PROG);
	AUTO_FD int inner = -1;
	__u32 slot = 0;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "mw_rules", sizeof(slot), sizeof(*rules), 1,
			       &options);
	if (inner < 0)
		return inner;
	if (bpf_map_update_elem(inner, &slot, rules, BPF_ANY))
		return -errno;
	/* And from here on no process, ourselves included. */
	if (bpf_map_freeze(inner))
		return -errno;
	/* One update: the next call is judged by the new rules, whole. */
	if (bpf_map_update_elem(gate->maps[MAP_GENERATIONS], &slot, &inner, BPF_ANY))
		return -errno;
	cleanup_fd(&gate->rules);
	gate->rules = TAKE_FD(inner);
	return 0;
}

int gate_set_rules(struct gate *gate, struct mw_gate_rules *rules,
		   const struct gate_defaults *defaults)
{
	struct mw_gate_rules in_force;
	int r = gate_rules(gate, &in_force);

	if (r)
		return r;
	rules->generation = in_force.generation + 1;
	/* What one that was killed here has left is no word of this generation. */
	delete_chosen(gate, is_of_generation, &rules->generation);
	if (defaults)
		r = write_defaults(gate, rules->generation, defaults);
	if (!r)
		r = swap_rules(gate, rules);
	if (r)
		delete_chosen(gate, is_of_generation, &rules->generation);
	else
		delete_chosen(gate, is_over, &rules->generation);
	return r;
}

int gate_renew_defaults(struct gate *gate, const struct gate_defaults *defaults)
{
	struct present present = {.defaults = defaults};
	struct mw_gate_rules in_force;
	int r = gate_rules(gate, &in_force);

	if (!r)
		r = write_defaults(gate, in_force.generation, defaults);
	if (r)
		return r;
	present.generation = in_force.generation;
	delete_chosen(gate, is_gone, &present);
	return 0;
}

static int read_ring(struct gate *gate, const struct gate_options *options)
{
	const struct ring_maps maps = {
		.ring_fd = gate->maps[MAP_RING],
		.counters_fd = gate->maps[MAP_COUNTERS],
		.records_fd = -1,
	};
	int r = ring_open(&maps, options->handler, options->context, &gate->ring);

	if (r)
		return r;
	ring_on_settled(gate->ring, options->settle);
	ring_on_place(gate->ring, options->position);
	return gate->adopted ? ring_inherit(gate->ring) : 0;
}

static int raise_new(struct gate *gate, const struct gate_options *options)
{
	struct mw_gate_rules rules = options->rules;
	int r = load(gate);

	if (!r)
		r = open_rules(gate);
	if (!r)
		r = gate_set_rules(gate, &rules, options->defaults);
	if (!r)
		r = put_in_force(gate, build_of_object());
	if (!r)
		r = read_ring(gate, options);
	/* Attach last: rules and reader are there before the first call is judged. */
	if (!r)
		r = attach(gate);
	if (!r && options->pinned)
		r = pin_all(gate);
	return r;
}

static int bad_piece(char error[static GATE_ERROR_BYTES], const char *path, const char *what)
{
	snprintf(error, GATE_ERROR_BYTES, "%s: %s; `migwarden release` takes the old gate down",
		 path, what);
	return -EBADF;
}

static int cannot_open(char error[static GATE_ERROR_BYTES], const char *path, int reason)
{
	if (reason == ENOENT)
		return bad_piece(error, path, "missing: the pinned gate is not whole");
	if (reason != EPERM)
		return bad_piece(error, path, strerror(reason));
	snprintf(error, GATE_ERROR_BYTES,
		 "%s: the shield keeps it: it lets in nobody while another daemon lives, and then "
		 "only the executable that it knows, not traced, and without LD_*, GLIBC_TUNABLES, "
		 "GCONV_PATH and OPENSSL_* in its environment",
		 path);
	return -EBADF;
}

/* Whether a pinned map is what our own programs expect under that name. */
static int check_map(int fd, const struct bpf_map *ours, const char *path,
		     char error[static GATE_ERROR_BYTES])
{
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return bad_piece(error, path, "it is no map");
	if (info.type != bpf_map__type(ours) || info.key_size != bpf_map__key_size(ours) ||
	    info.value_size != bpf_map__value_size(ours) ||
	    /* A ring may have been made with another size. */
	    (info.type != BPF_MAP_TYPE_RINGBUF && info.max_entries != bpf_map__max_entries(ours)))
		return bad_piece(error, path,
				 "a map of another layout: another version, or not ours");
	return 0;
}

static int open_maps(struct gate *gate, char error[static GATE_ERROR_BYTES])
{
	struct gate_bpf *ours = gate_bpf__open();
	char path[PINS_PATH_BYTES];
	int r = ours ? 0 : -errno;

	for (size_t i = 0; i < MAPS && !r; i++) {
		pins_path(path, PINS_FOLDER, MAP_KIND, map_names[i]);
		gate->maps[i] = bpf_obj_get(path);
		if (gate->maps[i] < 0)
			r = cannot_open(error, path, errno);
		else
			r = check_map(gate->maps[i],
				      bpf_object__find_map_by_name(ours->obj, map_names[i]), path,
				      error);
	}
	gate_bpf__destroy(ours);
	return r;
}

#define MAPS_OF_A_PROGRAM_MAX 32

/* A map of the right layout that the programs do not use would take admissions to nowhere. */
static int check_uses(const struct gate *gate, const struct bpf_prog_info *program,
		      const __u32 ids[static MAPS_OF_A_PROGRAM_MAX],
		      char error[static GATE_ERROR_BYTES])
{
	char path[PINS_PATH_BYTES];

	for (size_t i = 0; i < MAPS; i++) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info), at = 0;

		if (bpf_obj_get_info_by_fd(gate->maps[i], &info, &size))
			return -errno;
		while (at < program->nr_map_ids && at < MAPS_OF_A_PROGRAM_MAX && ids[at] != info.id)
			at++;
		if (at == program->nr_map_ids || at == MAPS_OF_A_PROGRAM_MAX)
			return bad_piece(error,
					 pins_path(path, PINS_FOLDER, MAP_KIND, map_names[i]),
					 "a map that the pinned programs do not use: not ours");
	}
	return 0;
}

/* Whether a pinned link is of the program that its name says; the hook uses every map of a gate. */
static int check_program(struct gate *gate, size_t index, uint32_t id, const char *path,
			 char error[static GATE_ERROR_BYTES])
{
	AUTO_FD int fd = bpf_prog_get_fd_by_id(id);
	__u32 ids[MAPS_OF_A_PROGRAM_MAX] = {0};
	struct bpf_prog_info info = {
		.nr_map_ids = MAPS_OF_A_PROGRAM_MAX,
		.map_ids = (__u64)(uintptr_t)ids,
	};
	__u32 size = sizeof(info);

	if (fd < 0)
		return bad_piece(error, path, strerror(-fd));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	/* The kernel keeps the first fifteen characters of a name. */
	if (strncmp(info.name, programs[index].name, sizeof(info.name) - 1) != 0)
		return bad_piece(error, path, "a link of another program: not ours");
	gate->programs[index] = TAKE_FD(fd);
	if (programs[index].function ||
	    (programs[index].use != USE_WITH_LSM && programs[index].use != USE_WITHOUT_LSM))
		return 0;
	return check_uses(gate, &info, ids, error);
}

/*
 * What is pinned as links is ours and, of this very build, whole. Another build may have had other
 * programs: all of them are replaced.
 */
static int check_links(struct gate *gate, bool is_ours, char error[static GATE_ERROR_BYTES])
{
	char path[PINS_PATH_BYTES];

	for (size_t i = 0; i < PROGRAMS; i++) {
		struct bpf_link_info info = {0};
		__u32 size = sizeof(info);
		AUTO_FD int fd = -1;
		int r;

		if (!gate->wanted[i])
			continue;
		pins_path(path, PINS_FOLDER, LINK_KIND, programs[i].name);
		fd = bpf_obj_get(path);
		if (fd < 0 && errno == ENOENT && !is_ours)
			continue;
		if (fd < 0)
			return cannot_open(error, path, errno);
		if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_LINK_TYPE_TRACING)
			return bad_piece(error, path, "it is no link of a tracing program");
		r = check_program(gate, i, info.prog_id, path, error);
		if (r)
			return r;
	}
	return 0;
}

/* The kind of a pin of programs that a build is about to put in the place of another's. */
#define NEW_KIND "next"
#define NEW_KIND_BYTES 32
static const char *new_kind(char out[static NEW_KIND_BYTES], uint64_t build)
{
	snprintf(out, NEW_KIND_BYTES, NEW_KIND "_%016" PRIx64, build);
	return out;
}

/* Gives the new links the names of the old, which go by that: 0 or -errno. */
static int take_names(uint64_t build)
{
	char kind[NEW_KIND_BYTES], next[PINS_PATH_BYTES], name[PINS_PATH_BYTES];

	new_kind(kind, build);
	for (size_t i = 0; i < PROGRAMS; i++) {
		pins_path(next, PINS_FOLDER, kind, programs[i].name);
		pins_path(name, PINS_FOLDER, LINK_KIND, programs[i].name);
		if (rename(next, name) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* From a driver's being told its next arc to its making the data file of it: a second is plenty. */
#define CALL_LIMIT_S 1

/*
 * Programs of this build beside those of the old one, without effect until the control map names
 * them; then the old ones go. At each moment exactly one set acts. Who dies on the way leaves
 * either links that are in force and have their names still to take, which is made up for first, or
 * links of a build that never came into force.
 */
static int replace_programs(struct gate *gate, uint64_t in_force)
{
	char kind[NEW_KIND_BYTES], path[PINS_PATH_BYTES];
	int r = take_names(in_force);

	if (!r)
		r = load(gate);
	if (!r)
		r = attach(gate);
	new_kind(kind, build_of_object());
	for (size_t i = 0; i < PROGRAMS; i++)
		unlink(pins_path(path, PINS_FOLDER, kind, programs[i].name));
	if (!r)
		r = pin_links(gate, PINS_FOLDER, kind);
	if (!r)
		r = put_in_force(gate, build_of_object());
	/* A data fd that the old programs have said no to is refused by them, and by no others. */
	if (!r)
		nanosleep(&(struct timespec){.tv_sec = CALL_LIMIT_S}, NULL);
	if (!r)
		r = take_names(build_of_object());
	/* What this build does without, and what was never in force. */
	for (size_t i = 0; i < PROGRAMS && !r; i++)
		if (!gate->links[i])
			unlink(pins_path(path, PINS_FOLDER, LINK_KIND, programs[i].name));
	return r ? r : pins_remove_kind(PINS_FOLDER, NEW_KIND);
}

static int adopt(struct gate *gate, const struct gate_options *options,
		 char error[static GATE_ERROR_BYTES])
{
	struct mw_gate_rules rules = options->rules;
	struct mw_gate_control control;
	__u32 slot = 0;
	int r = open_maps(gate, error);
	bool is_ours;

	if (r)
		return r;
	if (bpf_map_lookup_elem(gate->maps[MAP_CONTROL], &slot, &control))
		return -errno;
	if (control.wire_version != MW_WIRE_VERSION)
		return bad_piece(error, PINS_FOLDER, "a gate of another wire version");
	is_ours = control.build == build_of_object();
	if (is_ours)
		r = take_names(control.build);
	if (!r)
		r = check_links(gate, is_ours, error);
	if (r)
		return r;
	gate->adopted = true;
	gate->pinned = true;
	if (!is_ours) {
		r = replace_programs(gate, control.build);
		if (r)
			return r;
	}
	r = read_ring(gate, options);
	if (!r)
		r = open_rules(gate);
	return r ? r : gate_set_rules(gate, &rules, options->defaults);
}

static void gate_close_ptr(struct gate **gate)
{
	gate_close(*gate);
}

int gate_open(const struct gate_options *options, struct gate **out,
	      char error[static GATE_ERROR_BYTES])
{
	__attribute__((cleanup(gate_close_ptr))) struct gate *gate = NULL;
	AUTO_TYPES struct kernel_types *types = NULL;
	int r;

	error[0] = '\0';
	if (!gate_is_possible(gate_support()))
		return -ENOTSUP;
	if (options->pinned && !pins_root_is_bpffs())
		return -ENOTDIR;
	if (!options->pinned && gate_stands_pinned())
		return -EEXIST;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -ENOMEM;
	for (size_t i = 0; i < MAPS; i++)
		gate->maps[i] = -1;
	for (size_t i = 0; i < PROGRAMS; i++)
		gate->programs[i] = -1;
	gate->rules = -1;
	gate->ring_bytes = options->ring_bytes;
	types = kernel_types_open();
	if (!types)
		return -ENOTSUP;
	choose_programs(gate, types);
	if (options->pinned && pins_exist())
		r = adopt(gate, options, error);
	else
		r = raise_new(gate, options);
	if (r)
		return r;
	*out = TAKE_PTR(gate);
	return 0;
}

void gate_close(struct gate *gate)
{
	if (!gate)
		return;
	ring_close(gate->ring);
	/* A pinned link goes on without us; any other is detached here. */
	for (size_t i = 0; i < PROGRAMS; i++) {
		bpf_link__destroy(gate->links[i]);
		cleanup_fd(&gate->programs[i]);
	}
	gate_bpf__destroy(gate->skel);
	for (size_t i = 0; i < MAPS; i++)
		cleanup_fd(&gate->maps[i]);
	cleanup_fd(&gate->rules);
	free(gate);
}

bool gate_stands_pinned(void)
{
	return pins_exist() || pins_are_begun();
}

int gate_release(void)
{
	AUTO_FD int map = bpf_obj_get(pins_path((char[PINS_PATH_BYTES]){0},
						pins_exist() ? PINS_FOLDER : PINS_NEW_FOLDER,
						MAP_KIND, map_names[MAP_CONTROL]));
	const struct mw_gate_control nobody = {.wire_version = MW_WIRE_VERSION};
	struct mw_gate_control before;
	bool idle = false;
	__u32 slot = 0;
	int r, begun;

	/*
	 * The kernel detaches the programs some time after their pins are gone; who is told that
	 * the gate is down may migrate at once. So they are told first that none of them acts.
	 */
	if (map >= 0 && !bpf_map_lookup_elem(map, &slot, &before))
		idle = !bpf_map_update_elem(map, &slot, &nobody, BPF_ANY);
	/* What a process that was killed had pinned and not yet given its name acts as well. */
	begun = pins_abandon();
	r = pins_remove(PINS_FOLDER);
	if (r == -ENOENT)
		r = begun;
	if (r && idle)
		bpf_map_update_elem(map, &slot, &before, BPF_ANY);
	return r;
}

int gate_self_test(struct gate *gate, char error[static GATE_ERROR_BYTES])
{
	const struct self_test_maps maps = {
		.control = gate->maps[MAP_CONTROL],
		.admissions = gate->maps[MAP_ADMISSIONS],
	};
	struct mw_gate_rules rules;
	int r = gate_rules(gate, &rules);

	error[0] = '\0';
	return r ? r : self_test_run(&maps, rules.deny[MW_INCOMING - 1], error);
}

bool gate_was_adopted(const struct gate *gate)
{
	return gate->adopted;
}

struct ring *gate_ring(const struct gate *gate)
{
	return gate->ring;
}

int gate_ring_fd(const struct gate *gate)
{
	return gate->maps[MAP_RING];
}

int gate_counters_fd(const struct gate *gate)
{
	return gate->maps[MAP_COUNTERS];
}

bool gate_is_pinned(const struct gate *gate)
{
	return gate->pinned;
}

static int program_info(const struct gate *gate, size_t index, struct bpf_prog_info *out)
{
	__u32 size = sizeof(*out);
	int fd;

	*out = (struct bpf_prog_info){0};
	if (!gate->wanted[index])
		return -ENOENT;
	fd = gate->skel ? bpf_program__fd(find_program(gate, index)) : gate->programs[index];
	return bpf_obj_get_info_by_fd(fd, out, &size) ? -errno : 0;
}

int gate_program_id(const struct gate *gate, size_t index, uint32_t *id)
{
	struct bpf_prog_info info;
	int r = program_info(gate, index, &info);

	if (!r)
		*id = info.id;
	return r;
}

uint64_t gate_program_missed(const struct gate *gate, size_t index)
{
	struct bpf_prog_info info;

	return program_info(gate, index, &info) ? 0 : info.recursion_misses;
}

static int make_key(const char *device, enum mw_direction direction, struct mw_admission_key *out)
{
	size_t length = strlen(device);

	if (!length || length >= sizeof(out->device))
		return -EINVAL;
	*out = (struct mw_admission_key){.direction = direction};
	memcpy(out->device, device, length);
	return 0;
}

int gate_admit(struct gate *gate, const char *device, enum mw_direction direction,
	       const struct mw_admission *admission)
{
	struct mw_admission_key key;
	int r = make_key(device, direction, &key);

	if (r)
		return r;
	return bpf_map_update_elem(gate->maps[MAP_ADMISSIONS], &key, admission, BPF_ANY) ? -errno
											 : 0;
}

int gate_revoke(struct gate *gate, const char *device, enum mw_direction direction)
{
	struct mw_admission_key key;
	int r = make_key(device, direction, &key);

	if (r)
		return r;
	return bpf_map_delete_elem(gate->maps[MAP_ADMISSIONS], &key) ? -errno : 0;
}

int gate_admission(struct gate *gate, const char *device, enum mw_direction direction,
		   struct mw_admission *out)
{
	struct mw_admission_key key;
	int r = make_key(device, direction, &key);

	if (r)
		return r;
	return bpf_map_lookup_elem(gate->maps[MAP_ADMISSIONS], &key, out) ? -errno : 0;
}

int gate_each_admission(struct gate *gate, gate_admission_handler handler, void *context)
{
	struct mw_admission_key key, *from = NULL;
	struct mw_admission admission;

	while (bpf_map_get_next_key(gate->maps[MAP_ADMISSIONS], from, &key) == 0) {
		if (!key.generation &&
		    bpf_map_lookup_elem(gate->maps[MAP_ADMISSIONS], &key, &admission) == 0)
			handler(context, &key, &admission);
		from = &key;
	}
	return errno == ENOENT ? 0 : -errno;
}

static void take_last(void *context, const struct mw_admission_key *key,
		      const struct mw_admission *admission)
{
	uint64_t *last = context;

	(void)key;
	if (admission->id > *last)
		*last = admission->id;
}

uint64_t gate_last_admission(struct gate *gate)
{
	uint64_t last = 0;

	gate_each_admission(gate, take_last, &last);
	return last;
}

static bool is_expired(const struct mw_admission_key *key, const struct mw_admission *admission,
		       const void *now_ns)
{
	return !key->generation && admission->expires_ns <= *(const uint64_t *)now_ns;
}

int gate_drop_expired(struct gate *gate, uint64_t now_ns)
{
	return delete_chosen(gate, is_expired, &now_ns);
}
