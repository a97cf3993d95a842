// SPDX-License-Identifier: GPL-2.0-only
#include "kern/observe.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kern/address.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "observe.skel.h"

struct observe {
	/*
	 * Instances of the object: the first with every group that was possible at the start, then
	 * one for each that came later. All share the maps of the first.
	 */
	struct observe_bpf *instances[OBSERVE_GROUP_COUNT_];
	size_t instance_count;
	unsigned int loaded; /* by observe_load: bit per enum observe_group */
	unsigned int groups; /* attached */
	size_t ring_bytes;   /* a power of two */
	struct ring *ring;
};

/* A program belongs to the group that its name begins with, and a group to its module. */
static const char *const group_names[OBSERVE_GROUP_COUNT_] = {
	[OBSERVE_HOST] = "host",
	[OBSERVE_VFIO] = "vfio",
	[OBSERVE_MDEV] = "mdev",
};

const char *observe_group_name(enum observe_group group)
{
	return group_names[group];
}

static unsigned int possible_groups(void)
{
	unsigned int groups = 1u << OBSERVE_HOST;

	for (enum observe_group group = OBSERVE_VFIO; group < OBSERVE_GROUP_COUNT_; group++)
		if (kernel_can_attach(group_names[group]))
			groups |= 1u << group;
	return groups;
}

static bool is_in_group(const char *program, enum observe_group group)
{
	size_t length = strlen(group_names[group]);

	return strncmp(program, group_names[group], length) == 0 && program[length] == '_';
}

static void select_programs(struct observe_bpf *skel, unsigned int groups)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, skel->obj)
	{
		bool wanted = false;

		for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
			if ((groups & (1u << group)) &&
			    is_in_group(bpf_program__name(program), group))
				wanted = true;
		bpf_program__set_autoload(program, wanted);
	}
}

static int share_map(struct bpf_map *map, const struct bpf_map *original)
{
	return bpf_map__reuse_fd(map, bpf_map__fd(original));
}

static int share_maps(const struct observe_bpf *first, struct observe_bpf *skel)
{
	int r = share_map(skel->maps.bell, first->maps.bell);

	if (!r)
		r = share_map(skel->maps.records, first->maps.records);
	if (!r)
		r = share_map(skel->maps.flow_files, first->maps.flow_files);
	if (!r)
		r = share_map(skel->maps.flow_devices, first->maps.flow_devices);
	if (!r)
		r = share_map(skel->maps.flow_followed, first->maps.flow_followed);
	return r;
}

/* Loads, does not attach. */
static int instance_load(struct observe *observe, unsigned int groups)
{
	AUTO_TYPES struct kernel_types *types = kernel_types_open();
	struct addresses addresses;
	struct observe_bpf *skel;
	int r;

	if (!types)
		return -errno;
	r = addresses_find(&addresses);
	if (r)
		return r;
	skel = observe_bpf__open();
	if (!skel)
		return -errno;
	skel->rodata->mdev_bus_type_address = addresses.mdev_bus_type;
	skel->rodata->records_mask = observe->ring_bytes - sizeof(__u64);
	select_programs(skel, groups);
	if (observe->instance_count)
		r = share_maps(observe->instances[0], skel);
	else
		r = bpf_map__set_value_size(skel->maps.records,
					    (__u32)(observe->ring_bytes + RING_RECORDS_EXTRA));
	if (!r)
		r = observe_bpf__load(skel);
	if (r) {
		observe_bpf__destroy(skel);
		return r;
	}
	observe->instances[observe->instance_count++] = skel;
	return 0;
}

static int instance_attach(struct observe *observe, unsigned int groups)
{
	int r = observe_bpf__attach(observe->instances[observe->instance_count - 1]);

	if (!r)
		observe->groups |= groups;
	return r;
}

int observe_attach(struct observe *observe)
{
	unsigned int missing = possible_groups() & ~observe->groups;
	int first_error = 0;

	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++) {
		int r;

		if (!(missing & (1u << group)))
			continue;
		r = instance_load(observe, 1u << group);
		if (!r) {
			r = instance_attach(observe, 1u << group);
			if (r)
				observe_bpf__destroy(observe->instances[--observe->instance_count]);
		}
		if (r && !first_error)
			first_error = r;
	}
	return first_error;
}

static void observe_close_ptr(struct observe **observe)
{
	observe_close(*observe);
}

int observe_load(size_t ring_bytes, ring_handler handler, void *context, struct observe **out)
{
	__attribute__((cleanup(observe_close_ptr))) struct observe *observe = NULL;
	unsigned int groups = possible_groups();
	const struct observe_bpf *first;
	struct ring_maps maps;
	int r;

	if (!kernel_has_btf())
		return -ENOTSUP;
	observe = calloc(1, sizeof(*observe));
	if (!observe)
		return -ENOMEM;
	observe->ring_bytes = ring_bytes;
	r = instance_load(observe, groups);
	if (r)
		return r;

	observe->loaded = groups;
	first = observe->instances[0];
	assert(first);
	maps = (struct ring_maps){
		.ring_fd = bpf_map__fd(first->maps.bell),
		.counters_fd = -1,
		.records_fd = bpf_map__fd(first->maps.records),
	};
	r = ring_open(&maps, handler, context, &observe->ring);
	if (r)
		return r;
	*out = TAKE_PTR(observe);
	return 0;
}

int observe_start(struct observe *observe)
{
	return instance_attach(observe, observe->loaded);
}

void observe_stop(struct observe *observe)
{
	for (size_t i = 0; i < observe->instance_count; i++)
		observe_bpf__detach(observe->instances[i]);
}

void observe_close(struct observe *observe)
{
	if (!observe)
		return;
	observe_stop(observe);
	ring_close(observe->ring);
	while (observe->instance_count)
		observe_bpf__destroy(observe->instances[--observe->instance_count]);
	free(observe);
}

bool observe_has(const struct observe *observe, enum observe_group group)
{
	return observe->groups & (1u << group);
}

void observe_flow_maps(const struct observe *observe, struct flow_maps *out)
{
	const struct observe_bpf *first = observe->instances[0];

	*out = (struct flow_maps){
		.files_fd = bpf_map__fd(first->maps.flow_files),
		.file_count = bpf_map__max_entries(first->maps.flow_files),
		.devices_fd = bpf_map__fd(first->maps.flow_devices),
		.followed_fd = bpf_map__fd(first->maps.flow_followed),
		.records_mask = observe->ring_bytes - sizeof(__u64),
	};
}

struct ring *observe_ring(const struct observe *observe)
{
	return observe->ring;
}
