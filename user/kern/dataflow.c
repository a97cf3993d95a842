// SPDX-License-Identifier: GPL-2.0-only
#include "kern/dataflow.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "dataflow.skel.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "kern/symbol.h"

#define INSTANCES_MAX 64
#define FUNCTIONS_MAX (INSTANCES_MAX * MW_FILE_FUNCTIONS)

struct dataflow {
	const struct observe *observe;
	/* Each is of one kind of data file. */
	struct dataflow_bpf *instances[INSTANCES_MAX];
	size_t instance_count;
	/* What was tried, attached or not. */
	char functions[FUNCTIONS_MAX][MW_FUNCTION_BYTES];
	size_t function_count;
};

struct driver {
	const char *module;
	const char *functions[MW_FILE_FUNCTIONS]; /* by enum mw_file_function */
};

/* The drivers of the kernel tree, up to 7.2; a function that a kernel does not have is left out. */
static const struct driver drivers[] = {
	{"mlx5_vfio_pci",
	 {"mlx5vf_save_read", "mlx5vf_resume_write", "mlx5vf_precopy_ioctl",
	  "mlx5vf_release_file"}},
	{"hisi_acc_vfio_pci",
	 {"hisi_acc_vf_save_read", "hisi_acc_vf_resume_write", "hisi_acc_vf_precopy_ioctl",
	  "hisi_acc_vf_release_file"}},
	{"pds_vfio_pci",
	 {"pds_vfio_save_read", "pds_vfio_restore_write", NULL, "pds_vfio_release_file"}},
	{"qat_vfio_pci",
	 {"qat_vf_save_read", "qat_vf_resume_write", "qat_vf_precopy_ioctl",
	  "qat_vf_release_file"}},
	{"virtio_vfio_pci",
	 {"virtiovf_save_read", "virtiovf_resume_write", "virtiovf_precopy_ioctl",
	  "virtiovf_release_file"}},
	{"xe_vfio_pci",
	 {"xe_vfio_pci_save_read", "xe_vfio_pci_resume_write", NULL, "xe_vfio_pci_release_file"}},
	{"mtty",
	 {"mtty_save_read", "mtty_resume_write", "mtty_precopy_ioctl", "mtty_release_migf"}},
};

static bool is_known(const struct dataflow *dataflow, const char *function)
{
	for (size_t i = 0; i < dataflow->function_count; i++)
		if (strcmp(dataflow->functions[i], function) == 0)
			return true;
	return false;
}

static void remember(struct dataflow *dataflow, const char *function)
{
	strncpy(dataflow->functions[dataflow->function_count++], function, MW_FUNCTION_BYTES - 1);
}

/* Aims a program at a function; one that the kernel cannot give us is left out. */
static void aim(struct kernel_types *types, struct bpf_program *program, const char *function,
		size_t *aimed)
{
	if (!function || kernel_types_aim(types, program, function))
		return;
	bpf_program__set_autoload(program, true);
	(*aimed)++;
}

static size_t aim_all(struct kernel_types *types, struct dataflow_bpf *skel,
		      const char *const functions[MW_FILE_FUNCTIONS])
{
	size_t aimed = 0;

	aim(types, skel->progs.driver_read_enter, functions[MW_FILE_READ], &aimed);
	aim(types, skel->progs.driver_read_exit, functions[MW_FILE_READ], &aimed);
	aim(types, skel->progs.driver_write_enter, functions[MW_FILE_WRITE], &aimed);
	aim(types, skel->progs.driver_write_exit, functions[MW_FILE_WRITE], &aimed);
	aim(types, skel->progs.driver_ioctl_enter, functions[MW_FILE_IOCTL], &aimed);
	aim(types, skel->progs.driver_ioctl_exit, functions[MW_FILE_IOCTL], &aimed);
	aim(types, skel->progs.driver_release, functions[MW_FILE_RELEASE], &aimed);
	return aimed;
}

static int reuse(struct bpf_map *map, int fd)
{
	return bpf_map__reuse_fd(map, fd);
}

static int share_maps(const struct dataflow *dataflow, struct dataflow_bpf *skel)
{
	const struct ring_maps *ring = ring_maps(observe_ring(dataflow->observe));
	struct flow_maps maps;
	int r;

	observe_flow_maps(dataflow->observe, &maps);
	skel->rodata->records_mask = maps.records_mask;
	r = reuse(skel->maps.bell, ring->ring_fd);
	if (!r)
		r = reuse(skel->maps.records, ring->records_fd);
	if (!r)
		r = reuse(skel->maps.flow_files, maps.files_fd);
	if (!r)
		r = reuse(skel->maps.flow_devices, maps.devices_fd);
	if (!r)
		r = reuse(skel->maps.flow_followed, maps.followed_fd);
	return r;
}

/* The programs have no target yet, and are not loaded unless they get one. */
static struct dataflow_bpf *instance_open(void)
{
	struct dataflow_bpf *skel = dataflow_bpf__open();
	struct bpf_program *program;

	if (!skel)
		return NULL;
	bpf_object__for_each_program(program, skel->obj) bpf_program__set_autoload(program, false);
	return skel;
}

static int instance_start(struct dataflow *dataflow, struct dataflow_bpf *skel)
{
	int r = share_maps(dataflow, skel);

	if (!r)
		r = dataflow_bpf__load(skel);
	if (!r)
		r = dataflow_bpf__attach(skel);
	if (r) {
		dataflow_bpf__destroy(skel);
		return r;
	}
	dataflow->instances[dataflow->instance_count++] = skel;
	return 0;
}

/* Attaches to those of the functions that are new. Gives 1, or 0 if there is none, or -errno. */
static int attach_functions(struct dataflow *dataflow,
			    const char *const functions[MW_FILE_FUNCTIONS])
{
	const char *fresh[MW_FILE_FUNCTIONS] = {NULL};
	AUTO_TYPES struct kernel_types *types = NULL;
	struct dataflow_bpf *skel;
	bool any = false;

	for (int i = 0; i < MW_FILE_FUNCTIONS; i++) {
		if (!functions[i] || is_known(dataflow, functions[i]))
			continue;
		fresh[i] = functions[i];
		any = true;
	}
	if (!any)
		return 0;
	if (dataflow->instance_count == INSTANCES_MAX)
		return -ENOSPC;
	for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
		if (fresh[i])
			remember(dataflow, fresh[i]);
	types = kernel_types_open();
	skel = types ? instance_open() : NULL;
	if (!skel)
		return -errno;
	if (!aim_all(types, skel, fresh)) {
		dataflow_bpf__destroy(skel);
		return -ENOENT;
	}
	return instance_start(dataflow, skel) ?: 1;
}

int dataflow_attach(struct dataflow *dataflow)
{
	int first_error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		int r = kernel_can_attach(drivers[i].module)
				? attach_functions(dataflow, drivers[i].functions)
				: 0;

		if (r < 0 && !first_error)
			first_error = r;
	}
	return first_error;
}

int dataflow_discover(struct dataflow *dataflow, const struct mw_event_data_file *file)
{
	const char *functions[MW_FILE_FUNCTIONS] = {NULL};
	struct symbol symbols[MW_FILE_FUNCTIONS];

	for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
		if (!symbol_parse(file->function[i], &symbols[i]))
			functions[i] = symbols[i].function;
	return attach_functions(dataflow, functions);
}

int dataflow_open(const struct observe *observe, struct dataflow **out)
{
	struct dataflow *dataflow = calloc(1, sizeof(*dataflow));

	if (!dataflow)
		return -ENOMEM;
	dataflow->observe = observe;
	*out = dataflow;
	return 0;
}

size_t dataflow_count(const struct dataflow *dataflow)
{
	return dataflow->function_count;
}

const char *dataflow_function(const struct dataflow *dataflow, size_t index)
{
	return dataflow->functions[index];
}

static void file_live(struct mw_flow_file *file, dataflow_handler handler, void *context)
{
	file->device[sizeof(file->device) - 1] = '\0';
	for (int phase = 0; phase < MW_PHASES; phase++)
		if (file->flow[phase].calls || file->flow[phase].infos)
			handler(context, file->device, &file->flow[phase]);
}

int dataflow_live(const struct dataflow *dataflow, dataflow_handler handler, void *context)
{
	struct mw_flow_file file;
	struct flow_maps maps;

	observe_flow_maps(dataflow->observe, &maps);
	for (uint32_t i = 0; i < maps.file_count; i++) {
		if (bpf_map_lookup_elem(maps.files_fd, &i, &file))
			return -errno;
		if (file.address)
			file_live(&file, handler, context);
	}
	return 0;
}

void dataflow_stop(struct dataflow *dataflow)
{
	for (size_t i = 0; i < dataflow->instance_count; i++)
		dataflow_bpf__detach(dataflow->instances[i]);
}

void dataflow_close(struct dataflow *dataflow)
{
	if (!dataflow)
		return;
	dataflow_stop(dataflow);
	while (dataflow->instance_count)
		dataflow_bpf__destroy(dataflow->instances[--dataflow->instance_count]);
	free(dataflow);
}
