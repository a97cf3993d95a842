// SPDX-License-Identifier: GPL-2.0-only
#include "kern/kernel_types.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A power of two; a kernel of a distribution has about half as many functions. */
#define PLACES_AT_FIRST (1u << 17)
#define NAME_BYTES 128

/* What the kernel puts before the name of a tracepoint and of an LSM hook. */
#define TRACEPOINT_PREFIX "btf_trace_"
#define HOOK_PREFIX "bpf_lsm_"

#define BTF_FOLDER "/sys/kernel/btf"
#define KERNEL_NAME "vmlinux"

/* BTF of the kernel, or of a module, whose types come after those of the kernel. */
struct source {
	char name[NAME_BYTES];
	struct btf *btf;
	int fd; /* of a module, once it was asked for; else -1 */
};

struct place {
	uint32_t type;   /* 0: nobody's */
	uint32_t source; /* index */
};

struct aim {
	const struct bpf_program *program;
	const char *function;
};

struct kernel_types {
	unsigned int holders;
	struct source *sources; /* the kernel is the first */
	size_t source_count;
	struct place *places;
	size_t place_count, taken;
	struct aim *aims;
	size_t aim_count;
};

static struct kernel_types *shared;

static const char *name_at(const struct kernel_types *types, const struct place *place)
{
	const struct btf *btf = types->sources[place->source].btf;

	return btf__name_by_offset(btf, btf__type_by_id(btf, place->type)->name_off);
}

/* FNV-1a. */
static uint32_t hash(const char *name)
{
	uint32_t value = 2166136261u;

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * 16777619u;
	return value;
}

/* The place of that name, or the free one where it would be. There is always one. */
static struct place *place_of(const struct kernel_types *types, const char *name)
{
	size_t at = hash(name) & (types->place_count - 1);

	while (types->places[at].type && strcmp(name_at(types, &types->places[at]), name) != 0)
		at = (at + 1) & (types->place_count - 1);
	return &types->places[at];
}

static int grow(struct kernel_types *types)
{
	struct place *before = types->places;
	size_t count = types->place_count;

	types->places = calloc(count ? 2 * count : PLACES_AT_FIRST, sizeof(*types->places));
	if (!types->places) {
		types->places = before;
		return -ENOMEM;
	}
	types->place_count = count ? 2 * count : PLACES_AT_FIRST;
	for (size_t i = 0; i < count; i++)
		if (before[i].type)
			*place_of(types, name_at(types, &before[i])) = before[i];
	free(before);
	return 0;
}

/* A function, or the type by which a tracepoint is known. */
static bool is_target(const struct btf_type *type, const char *name)
{
	if (btf_is_typedef(type))
		return strncmp(name, TRACEPOINT_PREFIX, strlen(TRACEPOINT_PREFIX)) == 0;
	return btf_is_func(type);
}

/* The first of a name is the one: the kernel before modules. */
static int index_types(struct kernel_types *types, uint32_t source, uint32_t first)
{
	const struct btf *btf = types->sources[source].btf;
	uint32_t count = btf__type_cnt(btf);

	for (uint32_t id = first; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		struct place *place;
		const char *name;

		if (!btf_is_func(type) && !btf_is_typedef(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!is_target(type, name))
			continue;
		if (types->taken >= types->place_count / 4 * 3 && grow(types))
			return -ENOMEM;
		place = place_of(types, name);
		if (place->type)
			continue;
		*place = (struct place){.type = id, .source = source};
		types->taken++;
	}
	return 0;
}

/* Takes @btf over, whatever becomes of it. */
static int add_source(struct kernel_types *types, struct btf *btf, const char *name, uint32_t first)
{
	struct source *more =
		reallocarray(types->sources, types->source_count + 1, sizeof(*types->sources));

	if (!more) {
		btf__free(btf);
		return -ENOMEM;
	}
	types->sources = more;
	more += types->source_count;
	*more = (struct source){.btf = btf, .fd = -1};
	snprintf(more->name, sizeof(more->name), "%s", name);
	return index_types(types, (uint32_t)types->source_count++, first);
}

static bool has_source(const struct kernel_types *types, const char *name)
{
	for (size_t i = 0; i < types->source_count; i++)
		if (strcmp(types->sources[i].name, name) == 0)
			return true;
	return false;
}

/* Those that are not known yet. One that has just gone, or has none, is passed over. */
static int add_modules(struct kernel_types *types)
{
	AUTO_DIR DIR *folder = opendir(BTF_FOLDER);
	struct btf *kernel = types->sources[0].btf;
	const struct dirent *entry;
	int r = folder ? 0 : -errno;

	while (!r && (entry = readdir(folder))) {
		struct btf *btf;

		if (entry->d_name[0] == '.' || has_source(types, entry->d_name))
			continue;
		btf = btf__load_module_btf(entry->d_name, kernel);
		if (btf)
			r = add_source(types, btf, entry->d_name, btf__type_cnt(kernel));
	}
	return r;
}

static bool is_of_module(int fd, const char *module)
{
	char name[NAME_BYTES] = "";
	struct bpf_btf_info info = {.name = (uintptr_t)name, .name_len = sizeof(name)};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.kernel_btf &&
	       strcmp(name, module) == 0;
}

/* Where a program for a module is loaded the kernel wants its BTF as a descriptor. */
static int open_module(struct source *source)
{
	__u32 id = 0;

	while (source->fd < 0 && bpf_btf_get_next_id(id, &id) == 0) {
		AUTO_FD int fd = bpf_btf_get_fd_by_id(id);

		if (fd >= 0 && is_of_module(fd, source->name))
			source->fd = TAKE_FD(fd);
	}
	return source->fd < 0 ? -errno : 0;
}

static const struct place *find(struct kernel_types *types, const char *name)
{
	const struct place *place = place_of(types, name);

	if (!place->type && add_modules(types) == 0)
		place = place_of(types, name);
	return place->type ? place : NULL;
}

bool kernel_has_function(struct kernel_types *types, const char *function)
{
	return find(types, function) != NULL;
}

uint32_t kernel_function_type(struct kernel_types *types, const char *function)
{
	const struct place *place = place_of(types, function);

	return place->source ? 0 : place->type;
}

int kernel_types_aim(struct kernel_types *types, const struct bpf_program *program,
		     const char *function)
{
	struct aim *more;

	if (!find(types, function))
		return -ENOENT;
	more = reallocarray(types->aims, types->aim_count + 1, sizeof(*types->aims));
	if (!more)
		return -ENOMEM;
	types->aims = more;
	types->aims[types->aim_count++] = (struct aim){.program = program, .function = function};
	return 0;
}

/* What its section says, or what it was aimed at last: another had that address before. */
static const char *function_of(const struct kernel_types *types, const struct bpf_program *program)
{
	const char *slash = strchr(bpf_program__section_name(program), '/');

	for (size_t i = types->aim_count; i > 0 && !slash; i--)
		if (types->aims[i - 1].program == program)
			return types->aims[i - 1].function;
	return slash ? slash + 1 : NULL;
}

/* A kind of section, and what libbpf has to know of the programs in it. */
static const struct section {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	const char *prefix;
	bool sleeps;
} sections[] = {
	{"fentry+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "", false},
	{"fexit+", BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT, "", false},
	{"fmod_ret+", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, "", false},
	{"tp_btf+", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, TRACEPOINT_PREFIX, false},
	{"lsm+", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, HOOK_PREFIX, false},
	{"lsm.s+", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, HOOK_PREFIX, true},
};

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	const struct section *section = &sections[cookie];
	const char *function = shared ? function_of(shared, program) : NULL;
	const struct place *place;
	char name[NAME_BYTES];
	int r;

	if (!function ||
	    snprintf(name, sizeof(name), "%s%s", section->prefix, function) >= (int)sizeof(name))
		return -EINVAL;
	place = find(shared, name);
	if (!place)
		return -ENOENT;
	if (section->sleeps)
		options->prog_flags |= BPF_F_SLEEPABLE;
	options->attach_btf_id = place->type;
	if (!place->source)
		return 0;
	r = open_module(&shared->sources[place->source]);
	options->attach_btf_obj_fd = (__u32)shared->sources[place->source].fd;
	return r;
}

static int attach(const struct bpf_program *program, long cookie, struct bpf_link **link)
{
	*link = sections[cookie].type == BPF_PROG_TYPE_LSM ? bpf_program__attach_lsm(program)
							   : bpf_program__attach_trace(program);
	return *link ? 0 : -errno;
}

/* Once in a process. */
static int tell_libbpf(void)
{
	static bool told;

	for (size_t i = 0; i < ARRAY_SIZE(sections) && !told; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, options, .cookie = (long)i,
			    .prog_prepare_load_fn = prepare, .prog_attach_fn = attach);
		int handler = libbpf_register_prog_handler(sections[i].name, sections[i].type,
							   sections[i].attach_type, &options);

		if (handler < 0)
			return handler;
	}
	told = true;
	return 0;
}

static void free_types(struct kernel_types *types)
{
	/* Those of modules refer to that of the kernel, the first. */
	while (types->source_count) {
		struct source *last = &types->sources[--types->source_count];

		btf__free(last->btf);
		cleanup_fd(&last->fd);
	}
	free(types->sources);
	free(types->places);
	free(types->aims);
	free(types);
}

static int read_types(struct kernel_types *types)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int r = kernel ? 0 : -errno;

	if (!r)
		r = grow(types);
	if (!r)
		r = add_source(types, TAKE_PTR(kernel), KERNEL_NAME, 1);
	btf__free(kernel);
	return r;
}

struct kernel_types *kernel_types_open(void)
{
	struct kernel_types *types;
	int r;

	if (shared) {
		shared->holders++;
		return shared;
	}
	types = calloc(1, sizeof(*types));
	if (!types)
		return NULL;
	r = tell_libbpf();
	if (!r)
		r = read_types(types);
	if (r) {
		free_types(types);
		errno = -r;
		return NULL;
	}
	types->holders = 1;
	shared = types;
	return types;
}

void kernel_types_close(struct kernel_types *types)
{
	if (!types || --types->holders)
		return;
	shared = NULL;
	free_types(types);
}
