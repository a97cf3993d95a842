// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "host/describe.h"
#include "tree.h"

static struct tree tree;
static struct inventory *inventory;
static struct sources *sources;
static struct describe_options options;
static struct descriptor *descriptor;

static void set_up(void)
{
	tree_make(&tree);
	cr_assert_eq(sources_new(&sources), 0);
	options = (struct describe_options){.sources = sources, .now_s = 1795176000};
}

static void tear_down(void)
{
	descriptor_free(descriptor);
	sources_free(sources);
	inventory_free(inventory);
	tree_remove(&tree);
}

TestSuite(describe, .init = set_up, .fini = tear_down);

static int describe_device(const char *argument)
{
	const struct inventory_device *device;

	inventory_free(inventory);
	inventory = NULL;
	descriptor_free(descriptor);
	descriptor = NULL;
	cr_assert_eq(inventory_read(tree.host, &inventory), 0);
	cr_assert_eq(inventory_find(tree.host, inventory, argument, &device), 0);
	return describe(tree.host, device, &options, &descriptor);
}

static void assert_known(const struct fact *fact, const char *text)
{
	cr_assert_eq(fact->state, FACT_KNOWN, "not known: %s", text);
	cr_assert_str_eq(fact->text, text);
}

static void assert_unknown(const struct fact *fact)
{
	cr_assert_eq(fact->state, FACT_UNKNOWN, "%s", fact->text ? fact->text : "unreadable");
}

static void assert_unreadable(const struct fact *fact, int error)
{
	cr_assert_eq(fact->state, FACT_UNREADABLE, "%s", fact->text ? fact->text : "unknown");
	cr_assert_eq(fact->error, error, "%d", fact->error);
	cr_assert_null(fact->text);
}

static const struct fact *attribute(const char *name)
{
	const struct attribute *found = descriptor_attribute(descriptor, name);

	cr_assert_not_null(found, "no attribute %s", name);
	return &found->value;
}

static void add_source(const char *line)
{
	cr_assert_eq(sources_read_text(sources, "site", line, strlen(line), NULL), 0);
}

Test(describe, mtty_has_a_driver_of_its_class_and_no_ids)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->host, "hv-17");
	assert_known(&descriptor->boot_id, "0b0c7a3e-boot");
	assert_known(&descriptor->collected_at, "2026-11-20T12:00:00Z");
	cr_assert_eq(descriptor->collected_at_s, 1795176000);
	assert_known(&descriptor->device, UUID_1);
	assert_known(&descriptor->device_api, "vfio-pci");
	assert_unknown(&descriptor->vendor);
	assert_unknown(&descriptor->device_id);
	assert_known(&descriptor->driver, "mtty");
	assert_known(&descriptor->driver_version, "0.1");
	assert_unknown(&descriptor->firmware_version);
	assert_known(&descriptor->mdev_type, "mtty-2");
	cr_assert_eq(descriptor->offered_type_count, 2);
	cr_assert_str_eq(descriptor->offered_types[0].type, "mtty-1");
	cr_assert_eq(descriptor->offered_types[0].available_instances, 24);
	cr_assert_str_eq(descriptor->offered_types[1].type, "mtty-2");
	cr_assert_eq(descriptor->offered_types[1].available_instances, 12);
	cr_assert_eq(descriptor->protocol, PROTOCOL_UNKNOWN);
	cr_assert_not(descriptor->capabilities_known);
	assert_unknown(&descriptor->version);
	cr_assert_eq(descriptor->attribute_count, 0);
	cr_assert_eq(descriptor->warning_count, 0);
}

Test(describe, gvt_has_its_parents_ids_and_all_that_the_threads_proposed)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_TYPE "/version", "00028086:i915-GVTg_V5_4\n");
	tree_file(&tree, GVT_DEVICE "/interface_version", "2.1.3\n");
	tree_file(&tree, GVT_DEVICE "/interface_version_compatible", "2.0.2-2.0.4,2.1.0-\n");
	tree_file(&tree, GVT_DEVICE "/migration_compatible", "SELF:\n\tdevice_type=pci\n");
	tree_file(&tree, GVT_DEVICE "/compatible_type", "v4, v5\n");
	tree_file(&tree, GVT_DEVICE "/aggregator", "1\n");
	tree_file(&tree, GVT_DEVICE "/pv_mode", "none+ppgtt+context\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->vendor, "8086");
	assert_known(&descriptor->device_id, "591d");
	assert_known(&descriptor->driver, "i915");
	assert_known(&descriptor->mdev_type, "i915-GVTg_V5_4");
	cr_assert_eq(descriptor->offered_types[1].available_instances, 0);
	assert_known(&descriptor->version, "00028086:i915-GVTg_V5_4");
	assert_known(&descriptor->interface_version, "2.1.3");
	assert_known(&descriptor->interface_version_compatible, "2.0.2-2.0.4,2.1.0-");
	cr_assert_eq(descriptor->compatible_type_count, 2);
	cr_assert_str_eq(descriptor->compatible_type[0], "v4");
	cr_assert_str_eq(descriptor->compatible_type[1], "v5");
	assert_known(attribute("aggregator"), "1");
	assert_known(attribute("pv_mode"), "none+ppgtt+context");
}

Test(describe, a_template_keeps_its_last_newline)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_DEVICE "/migration_compatible", "SELF:\n\tdevice_type=pci\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->template_text, "SELF:\n\tdevice_type=pci\n");
}

Test(describe, what_the_device_says_goes_before_what_its_type_says)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_TYPE "/interface_version", "1.0\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->interface_version, "1.0");
	tree_file(&tree, GVT_DEVICE "/interface_version", "2.0\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->interface_version, "2.0");
}

Test(describe, a_virtual_function_has_its_own_ids_and_its_adapters_firmware)
{
	tree_mlx5(&tree, "vfio0");
	cr_assert_eq(describe_device("3b:00.2"), 0);
	assert_known(&descriptor->device, "0000:3b:00.2");
	assert_known(&descriptor->device_api, "vfio-pci");
	assert_known(&descriptor->vendor, "15b3");
	assert_known(&descriptor->device_id, "101e");
	assert_known(&descriptor->driver, "mlx5_vfio_pci");
	assert_unknown(&descriptor->driver_version);
	assert_known(&descriptor->firmware_version, "22.39.1002");
	assert_unknown(&descriptor->mdev_type);
	cr_assert_eq(descriptor->offered_type_count, 0);
}

Test(describe, an_ap_matrix_is_vfio_ap_by_its_type_and_carries_its_masks)
{
	tree_ap(&tree);
	cr_assert_eq(describe_device(UUID_2), 0);
	assert_known(&descriptor->device_api, "vfio-ap");
	assert_known(&descriptor->driver, "vfio_ap");
	assert_known(&descriptor->mdev_type, "vfio_ap-passthrough");
	assert_unknown(&descriptor->vendor);
	assert_known(attribute("matrix"), "05.0004\n05.0047");
	cr_assert_null(descriptor_attribute(descriptor, "ap_config"));
	tree_file(&tree, AP_DEVICE "/ap_config", "0x04,0x08,0x08\n");
	cr_assert_eq(describe_device(UUID_2), 0);
	assert_known(attribute("ap_config"), "0x04,0x08,0x08");
}

Test(describe, a_platform_device_has_an_api_and_no_ids)
{
	tree_platform(&tree, "vfio0");
	/* A file of that name on another bus is no PCI id. */
	tree_file(&tree, PLATFORM "/vendor", "0x1af4\n");
	cr_assert_eq(describe_device("fff51000.ethernet"), 0);
	assert_known(&descriptor->device_api, "vfio-platform");
	assert_known(&descriptor->driver, "vfio-platform");
	assert_unknown(&descriptor->vendor);
}

Test(describe, an_attribute_in_a_folder_is_named_by_its_path)
{
	tree_mlx5(&tree, "vfio0");
	tree_file(&tree, MLX5 "/nvidia/current_vgpu_type", "689\n");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_known(attribute("nvidia/current_vgpu_type"), "689");
}

Test(describe, a_read_error_is_unreadable_and_never_absent)
{
	tree_gvt(&tree);
	tree_folder(&tree, GVT_DEVICE "/interface_version");
	tree_file(&tree, GVT_TYPE "/interface_version", "1.0\n");
	tree_fifo(&tree, GVT_DEVICE "/version");
	tree_folder(&tree, GVT_DEVICE "/pv_mode");
	cr_assert_eq(describe_device(UUID_1), 0);
	/* The type's file does not mend it. */
	assert_unreadable(&descriptor->interface_version, EISDIR);
	assert_unreadable(&descriptor->version, EINVAL);
	assert_unreadable(attribute("pv_mode"), EISDIR);
	assert_unknown(&descriptor->interface_version_compatible);
}

Test(describe, a_huge_or_binary_attribute_is_unreadable)
{
	static char big[1 << 20];

	tree_gvt(&tree);
	memset(big, 'a', sizeof(big));
	tree_bytes(&tree, GVT_DEVICE "/aggregator", big, sizeof(big));
	tree_bytes(&tree, GVT_DEVICE "/pv_mode", "no\0ne", 5);
	tree_file(&tree, GVT_DEVICE "/version", "\xff\xfe");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_unreadable(attribute("aggregator"), EFBIG);
	assert_unreadable(attribute("pv_mode"), EILSEQ);
	assert_unreadable(&descriptor->version, EILSEQ);
}

Test(describe, an_empty_attribute_is_known_to_be_empty)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_DEVICE "/pv_mode", "\n");
	tree_file(&tree, GVT_DEVICE "/compatible_type", "\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(attribute("pv_mode"), "");
	cr_assert_eq(descriptor->compatible_type_count, 0);
}

Test(describe, unreadable_traits_become_an_unreadable_attribute)
{
	tree_gvt(&tree);
	tree_folder(&tree, GVT_DEVICE "/compatible_type");
	tree_file(&tree, GVT_TYPE "/compatible_type", "v4\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	cr_assert_eq(descriptor->compatible_type_count, 0);
	assert_unreadable(attribute("compatible_type"), EISDIR);
	cr_assert_eq(descriptor->warning_count, 1);
}

Test(describe, more_traits_than_fit_are_unreadable_and_not_a_part_of_them)
{
	static char many[4 * (DESCRIPTOR_TRAITS_MAX + 1)];

	for (int i = 0; i <= DESCRIPTOR_TRAITS_MAX; i++)
		sprintf(many + strlen(many), "%x,", i);
	tree_gvt(&tree);
	tree_file(&tree, GVT_DEVICE "/compatible_type", many);
	cr_assert_eq(describe_device(UUID_1), 0);
	cr_assert_eq(descriptor->compatible_type_count, 0);
	assert_unreadable(attribute("compatible_type"), E2BIG);
}

Test(describe, a_malformed_id_is_unreadable)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT "/vendor", "intel\n");
	tree_file(&tree, GVT "/device", "0x123456789\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_unreadable(&descriptor->vendor, EINVAL);
	assert_unreadable(&descriptor->device_id, EINVAL);
}

Test(describe, a_parent_driver_that_does_not_prefix_the_type_is_not_taken)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio0");
	tree_delete(&tree, MTTY "/subsystem");
	tree_folder(&tree, "/sys/class/mtt");
	tree_link(&tree, MTTY "/subsystem", "/sys/class/mtt");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_unknown(&descriptor->driver);
	cr_assert_eq(descriptor->warning_count, 1);
	assert_known(&descriptor->mdev_type, "mtty-2");
}

Test(describe, a_driver_name_with_dashes_is_taken_whole)
{
	tree_gvt(&tree);
	tree_delete(&tree, GVT "/driver");
	tree_folder(&tree, "/sys/bus/pci/drivers/qat-v4");
	tree_link(&tree, GVT "/driver", "/sys/bus/pci/drivers/qat-v4");
	tree_file(&tree, GVT "/mdev_supported_types/qat-v4-type1/device_api", "vfio-pci\n");
	tree_delete(&tree, GVT_DEVICE "/mdev_type");
	tree_link(&tree, GVT_DEVICE "/mdev_type", GVT "/mdev_supported_types/qat-v4-type1");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->mdev_type, "qat-v4-type1");
	assert_known(&descriptor->driver, "qat-v4");
}

Test(describe, instances_that_are_no_number_are_not_known_and_said_so)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_TYPE "/available_instances", "-1\n");
	tree_delete(&tree, GVT "/mdev_supported_types/i915-GVTg_V5_8/available_instances");
	cr_assert_eq(describe_device(UUID_1), 0);
	cr_assert_eq(descriptor->offered_types[0].available_instances, -1);
	cr_assert_eq(descriptor->offered_types[1].available_instances, -1);
	cr_assert_eq(descriptor->warning_count, 1);
}

Test(describe, an_mdev_without_a_type_is_described_without_one)
{
	tree_gvt(&tree);
	tree_delete(&tree, GVT_DEVICE "/mdev_type");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_unknown(&descriptor->mdev_type);
	assert_unknown(&descriptor->device_api);
}

Test(describe, odd_names_stay_text)
{
	tree_gvt(&tree);
	tree_folder(&tree, GVT "/mdev_supported_types/bad\xff");
	tree_folder(&tree, GVT "/mdev_supported_types/a%s\n b");
	cr_assert_eq(describe_device(UUID_1), 0);
	cr_assert_eq(descriptor->offered_type_count, 3);
	cr_assert_str_eq(descriptor->offered_types[0].type, "a%s\n b");
	cr_assert_eq(descriptor->warning_count, 1);
}

Test(describe, a_device_that_is_gone_is_no_device)
{
	const struct inventory_device *device;

	tree_gvt(&tree);
	cr_assert_eq(inventory_read(tree.host, &inventory), 0);
	cr_assert_eq(inventory_find(tree.host, inventory, UUID_1, &device), 0);
	tree_delete(&tree, GVT_DEVICE);
	cr_assert_eq(describe(tree.host, device, &options, &descriptor), -ENODEV);
	cr_assert_null(descriptor);
}

Test(describe, a_sites_table_goes_before_the_built_in_one)
{
	tree_gvt(&tree);
	tree_file(&tree, GVT_DEVICE "/interface_version", "2.0\n");
	tree_file(&tree, GVT_DEVICE "/acme/level", "7\n");
	tree_file(&tree, GVT "/slices", "4\n");
	add_source("device acme/level interface_version i9*\n"
		   "parent slices attributes.slices\n"
		   "device acme/level version acme\n");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->interface_version, "7");
	assert_known(attribute("slices"), "4");
	assert_unknown(&descriptor->version);
}

static int answer;
static uint32_t answer_bits;

static int ask(void *context, const char *vfio, uint32_t *capabilities)
{
	cr_assert_str_eq(vfio, context);
	if (!answer)
		*capabilities = answer_bits;
	return answer;
}

static void describe_with_answer(int result, uint32_t bits)
{
	answer = result;
	answer_bits = bits;
	options.migration = ask;
	options.migration_context = (void *)(uintptr_t) "vfio5";
	cr_assert_eq(describe_device(UUID_1), 0);
}

Test(describe, migration_is_known_unknown_or_unreadable)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, "vfio5");
	describe_with_answer(0, 7);
	cr_assert_eq(descriptor->protocol, PROTOCOL_V2);
	cr_assert(descriptor->capabilities_known);
	cr_assert_eq(descriptor->capabilities, 7);
	describe_with_answer(0, 0);
	cr_assert_eq(descriptor->protocol, PROTOCOL_NONE);
	cr_assert(descriptor->capabilities_known);
	describe_with_answer(-ENODATA, 0);
	cr_assert_eq(descriptor->protocol, PROTOCOL_UNKNOWN);
	cr_assert_eq(descriptor->protocol_error, 0);
	cr_assert_not(descriptor->capabilities_known);
	describe_with_answer(-EIO, 0);
	cr_assert_eq(descriptor->protocol_error, EIO);
	cr_assert_not(descriptor->capabilities_known);
}

Test(describe, a_clock_that_is_not_given_leaves_the_time_unknown)
{
	tree_mtty(&tree);
	tree_mtty_device(&tree, "mtty-2", UUID_1, NULL);
	options.now_s = -1;
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_unknown(&descriptor->collected_at);
	cr_assert_eq(descriptor->collected_at_s, -1);
}

/* A devlink of one instance, which says @answer_version or fails with @answer. */
static const char *answer_handle, *answer_version;
static int answer;
static char asked[256];

static int ask_firmware(const char *bus, const char *name, char out[static DEVLINK_VERSION_BYTES])
{
	char handle[128];

	snprintf(handle, sizeof(handle), "%s/%s", bus, name);
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", handle);
	out[0] = '\0';
	if (strcmp(handle, answer_handle) != 0)
		return -ENODATA;
	if (!answer)
		strcpy(out, answer_version);
	return answer;
}

static void devlink_says(const char *handle, int r, const char *version)
{
	answer_handle = handle;
	answer = r;
	answer_version = version;
	asked[0] = '\0';
	options.firmware = ask_firmware;
}

/* Without the file of the physical function that has its firmware's version. */
static void tree_bare_mlx5(void)
{
	tree_mlx5(&tree, "vfio0");
	tree_delete(&tree, MLX5_PF "/infiniband/mlx5_0/fw_ver");
}

Test(describe, devlink_of_the_device_itself_comes_first)
{
	tree_bare_mlx5();
	devlink_says("pci/0000:3b:00.2", 0, "22.39");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_known(&descriptor->firmware_version, "22.39");
	assert_known(&descriptor->driver, "mlx5_vfio_pci");
	cr_assert_str_eq(asked, "pci/0000:3b:00.2 ");
}

Test(describe, a_virtual_function_without_devlink_has_its_physical_functions)
{
	tree_bare_mlx5();
	devlink_says("pci/0000:3b:00.0", 0, "22.40");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_known(&descriptor->firmware_version, "22.40");
	cr_assert_str_eq(asked, "pci/0000:3b:00.2 pci/0000:3b:00.0 ");
}

Test(describe, a_virtual_function_whose_devlink_fails_is_unreadable)
{
	tree_bare_mlx5();
	devlink_says("pci/0000:3b:00.2", -EIO, NULL);
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_unreadable(&descriptor->firmware_version, EIO);
	cr_assert_str_eq(asked, "pci/0000:3b:00.2 ");
}

Test(describe, a_failing_devlink_of_the_physical_function_is_unreadable)
{
	tree_bare_mlx5();
	devlink_says("pci/0000:3b:00.0", -ETIMEDOUT, NULL);
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_unreadable(&descriptor->firmware_version, ETIMEDOUT);
}

Test(describe, devlink_of_an_mdev_is_its_parents)
{
	tree_gvt(&tree);
	devlink_says("pci/0000:00:02.0", 0, "9.0");
	cr_assert_eq(describe_device(UUID_1), 0);
	assert_known(&descriptor->firmware_version, "9.0");
	cr_assert_str_eq(asked, "pci/0000:00:02.0 ");
}

Test(describe, without_any_devlink_the_firmware_is_not_known)
{
	tree_bare_mlx5();
	devlink_says("none/none", 0, "1");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_unknown(&descriptor->firmware_version);
}

Test(describe, what_sysfs_says_of_the_firmware_counts)
{
	tree_bare_mlx5();
	tree_file(&tree, MLX5 "/firmware_version", "1.0\n");
	devlink_says("pci/0000:3b:00.2", 0, "2.0");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_known(&descriptor->firmware_version, "1.0");
	cr_assert_str_eq(asked, "");
}

Test(describe, devlink_does_not_mend_an_unreadable_file)
{
	tree_bare_mlx5();
	tree_bytes(&tree, MLX5 "/firmware_version", "1\0002", 3);
	devlink_says("pci/0000:3b:00.2", 0, "2.0");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_unreadable(&descriptor->firmware_version, EILSEQ);
	cr_assert_str_eq(asked, "");
}

Test(describe, a_firmware_that_is_not_utf8_is_unreadable)
{
	tree_bare_mlx5();
	devlink_says("pci/0000:3b:00.2", 0, "1\xff");
	cr_assert_eq(describe_device("vfio0"), 0);
	assert_unreadable(&descriptor->firmware_version, EILSEQ);
}
