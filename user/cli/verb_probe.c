// SPDX-License-Identifier: GPL-2.0-only
/* migwarden probe: what this host offers, and why something is missing. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "cli/verb.h"
#include "kern/gate.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"

/* Where our programs attach; without a module the function is the kernel's own. */
static const struct {
	const char *function;
	const char *module;
	const char *use;
} hooks[] = {
	{"bpf_lsm_file_ioctl", NULL, "the gate (lsm.s/file_ioctl)"},
	{"bpf_lsm_file_ioctl_compat", NULL, "the gate, 32-bit callers (lsm/file_ioctl_compat)"},
	{"security_file_ioctl", NULL, "the gate without the BPF LSM (fmod_ret)"},
	{"security_file_ioctl_compat", NULL, "the same, 32-bit callers (fmod_ret)"},
	{"bpf_lsm_file_alloc_security", NULL, "the guard: no data fd for a changed request"},
	{"security_file_alloc", NULL, "the same, where the hook before is not for programs"},
	{"vfio_unregister_group_dev", "vfio", "the gate: admissions of a device that goes"},
	{"vfio_device_fops_unl_ioctl", "vfio", "ioctls of VFIO devices"},
	{"vfio_mig_get_next_state", "vfio", "arcs of the migration state machine"},
	{"vfio_device_fops_release", "vfio", "device fds closed"},
	{"mdev_type_attr_show", "mdev", "reads of mdev type attributes"},
	{"mdev_type_attr_store", "mdev", "writes of mdev type attributes"},
	{"mdev_device_create", "mdev", "mdevs made"},
	{"mdev_device_remove", "mdev", "mdevs removed"},
	{"dev_attr_show", NULL, "reads of mdev device attributes"},
	{"dev_attr_store", NULL, "writes of mdev device attributes"},
	{"dev_uevent", NULL, "migration capabilities without opening a device"},
};

static const char *const modules[] = {"vfio", "vfio_iommu_type1", "vfio_pci", "vfio_pci_core",
				      "mdev", "iommufd"};

struct probe {
	char release[KERNEL_TEXT_BYTES];
	bool has_btf;
	bool is_root;
	char lsms[KERNEL_TEXT_BYTES];
	int lsms_error;
	bool has_module[ARRAY_SIZE(modules)];
	bool has_hook[ARRAY_SIZE(hooks)];
	enum gate_support gate;
};

static void probe_fill(struct probe *probe)
{
	struct kernel_types *types;

	kernel_quiet();
	types = kernel_types_open();
	kernel_release(probe->release);
	probe->has_btf = kernel_has_btf();
	probe->is_root = geteuid() == 0;
	probe->lsms_error = kernel_active_lsms(probe->lsms);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		probe->has_module[i] = kernel_has_module(modules[i]);
	for (size_t i = 0; types && i < ARRAY_SIZE(hooks); i++)
		probe->has_hook[i] = kernel_has_function(types, hooks[i].function);
	kernel_types_close(types);
	probe->gate = gate_support();
}

static const char *missing_hook(const struct probe *probe, size_t hook)
{
	if (probe->has_hook[hook])
		return NULL;
	if (!probe->has_btf)
		return "the kernel has no BTF";
	if (hooks[hook].module && !kernel_has_module(hooks[hook].module))
		return "its module is not loaded";
	return "this kernel does not have the function";
}

static void print_text(const struct probe *probe)
{
	printf("kernel   %s\n", probe->release);
	printf("root     %s\n",
	       probe->is_root ? "yes" : "no: watch, run and capabilities in describe need it");
	printf("btf      %s\n", probe->has_btf ? "yes"
					       : "no: /sys/kernel/btf/vmlinux is not there; check, "
						 "policy and describe work without");
	printf("lsms     %s\n", probe->lsms_error ? strerror(-probe->lsms_error) : probe->lsms);
	printf("gate     %s\n", gate_support_text(probe->gate));
	printf("\nmodules\n");
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		printf("  %-28s %s\n", modules[i], probe->has_module[i] ? "loaded" : "not loaded");
	printf("\nhooks\n");
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		const char *missing = missing_hook(probe, i);

		printf("  %-28s %-48s %s%s\n", hooks[i].function, hooks[i].use,
		       missing ? "missing: " : "available", missing ? missing : "");
	}
}

static int print_json(const struct probe *probe)
{
	json_t *module_list = json_object();
	json_t *hook_list = json_array();
	json_t *object;

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		json_object_set_new(module_list, modules[i], json_boolean(probe->has_module[i]));
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		json_array_append_new(hook_list,
				      json_pack("{s:s, s:s?, s:s, s:b, s:s?}", "function",
						hooks[i].function, "module", hooks[i].module, "use",
						hooks[i].use, "available", (int)probe->has_hook[i],
						"missing", missing_hook(probe, i)));
	object = json_pack("{s:s, s:b, s:b, s:s?, s:{s:b, s:s}, s:o, s:o}", "kernel",
			   probe->release, "root", (int)probe->is_root, "btf", (int)probe->has_btf,
			   "lsms", probe->lsms_error ? NULL : probe->lsms, "gate", "possible",
			   (int)gate_is_possible(probe->gate), "state",
			   gate_support_text(probe->gate), "modules", module_list, "hooks",
			   hook_list);
	if (!object)
		return EXIT_BAD;
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
	return EXIT_YES;
}

static int probe_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct probe probe = {0};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'h')
			return verb_help(&verb_probe);
		else
			return verb_usage(&verb_probe, "unknown option");
	}
	if (optind < argc)
		return verb_usage(&verb_probe, "unexpected argument '%s'", argv[optind]);
	probe_fill(&probe);
	if (json)
		return print_json(&probe);
	print_text(&probe);
	return EXIT_YES;
}

const struct verb verb_probe = {
	.name = "probe",
	.summary = "what this host offers, and why something is missing",
	.help = "usage: migwarden probe [--json]\n"
		"\n"
		"Says which kernel this is, whether it has BTF, which LSMs are active, which VFIO "
		"modules\n"
		"are loaded, and for each place that migwarden attaches to whether it is "
		"available. Loads\n"
		"nothing and changes nothing.\n"
		"\n"
		"  -j, --json   one JSON object\n"
		"  -h, --help   this text\n"
		"\n"
		"Exit status: 0, whatever is missing; 2 bad usage.\n",
	.run = probe_run,
};
