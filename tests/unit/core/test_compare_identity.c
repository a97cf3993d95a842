// SPDX-License-Identifier: GPL-2.0-only
/* SEMANTICS 2.8, 2.9 and 2.13: protocol, device_api, vendor, device. */
#include <criterion/criterion.h>
#include <string.h>

#include "pair.h"

/* Reason and stage of a pair one of whose sides has this protocol. */
static enum mw_reason by_protocol(bool on_source, enum migration_protocol protocol, bool known,
				  uint32_t capabilities)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct descriptor *descriptor = on_source ? pair.source : pair.dest;
	enum mw_reason reason;

	descriptor->protocol = protocol;
	descriptor->capabilities_known = known;
	descriptor->capabilities = capabilities;
	reason = pair_judge(&pair);
	if (reason != MW_REASON_OK)
		cr_expect_eq(pair.verdict.stage, MW_STAGE_PROTOCOL);
	cr_expect_eq(reason != MW_REASON_OK &&
			     !strncmp(pair.verdict.hint, on_source ? "source" : "dest", 4),
		     reason != MW_REASON_OK);
	return reason;
}

Test(compare_protocol, an_unknown_protocol_is_not_migratable)
{
	for (int side = 0; side < 2; side++) {
		cr_expect_eq(by_protocol(side, PROTOCOL_UNKNOWN, false, 0),
			     MW_REASON_NOT_MIGRATABLE);
		cr_expect_eq(by_protocol(side, PROTOCOL_UNKNOWN, true, 7),
			     MW_REASON_NOT_MIGRATABLE);
		cr_expect_eq(by_protocol(side, PROTOCOL_V2, false, 0), MW_REASON_NOT_MIGRATABLE);
		cr_expect_eq(by_protocol(side, PROTOCOL_V2, false, 7), MW_REASON_NOT_MIGRATABLE);
	}
}

Test(compare_protocol, the_hint_tells_unknown_from_absent)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.dest->protocol = PROTOCOL_UNKNOWN;
	pair_judge(&pair);
	cr_expect_not_null(strstr(pair.verdict.hint, "unknown"));
	cr_expect_not(pair.verdict.has_dest_value);
	pair.dest->protocol = PROTOCOL_NONE;
	pair_judge(&pair);
	cr_expect_null(strstr(pair.verdict.hint, "unknown"));
	cr_expect_str_eq(pair.verdict.dest_value, "none");
}

Test(compare_protocol, no_capability_at_all_is_not_migratable)
{
	cr_expect_eq(by_protocol(false, PROTOCOL_NONE, false, 0), MW_REASON_NOT_MIGRATABLE);
	cr_expect_eq(by_protocol(false, PROTOCOL_V2, true, 0), MW_REASON_NOT_MIGRATABLE);
	cr_expect_eq(by_protocol(true, PROTOCOL_V2, true, 0), MW_REASON_NOT_MIGRATABLE);
}

Test(compare_protocol, the_v1_region_only_is_protocol_v1)
{
	cr_expect_eq(by_protocol(false, PROTOCOL_V1, false, 0), MW_REASON_PROTOCOL_V1);
	cr_expect_eq(by_protocol(true, PROTOCOL_V1, true, 7), MW_REASON_PROTOCOL_V1);
}

Test(compare_protocol, p2p_or_pre_copy_without_stop_copy_is_invalid)
{
	for (uint32_t capabilities = 2; capabilities < 8; capabilities += 2) {
		cr_expect_eq(by_protocol(false, PROTOCOL_V2, true, capabilities),
			     MW_REASON_CAPABILITY_INVALID);
		cr_expect_eq(by_protocol(true, PROTOCOL_V2, true, capabilities),
			     MW_REASON_CAPABILITY_INVALID);
	}
	for (uint32_t capabilities = 1; capabilities < 8; capabilities += 2)
		cr_expect_eq(by_protocol(false, PROTOCOL_V2, true, capabilities), MW_REASON_OK);
}

Test(compare_protocol, a_protocol_that_could_not_be_read_is_unreadable)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.source->protocol_error = 5;
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_PROTOCOL);
	cr_expect_str_eq(pair.verdict.source_value, "unreadable (errno 5)");
}

static enum mw_reason by_api(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->device_api, source);
	set(pair->dest, &pair->dest->device_api, dest);
	return pair_judge(pair);
}

Test(compare_device_api, vfio_mdev_is_a_bus_driver_even_when_both_sides_say_it)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_api(&pair, "vfio-mdev", "vfio-mdev"), MW_REASON_DEVICE_API_INVALID);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DEVICE_API);
	cr_expect_eq(by_api(&pair, "vfio-pci", "vfio-mdev"), MW_REASON_DEVICE_API_INVALID);
}

Test(compare_device_api, a_name_outside_the_list_is_invalid)
{
	static const char *const invalid[] = {"", "vfio", "VFIO-PCI", "vfio-pci ", "PCI", "mdev"};
	AUTO_PAIR struct pair pair = pair_new();

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		cr_expect_eq(by_api(&pair, invalid[i], invalid[i]), MW_REASON_DEVICE_API_INVALID,
			     "%s", invalid[i]);
}

Test(compare_device_api, an_api_that_is_not_known_is_invalid)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_api(&pair, NULL, NULL), MW_REASON_DEVICE_API_INVALID);
	cr_expect_eq(by_api(&pair, "vfio-pci", NULL), MW_REASON_DEVICE_API_INVALID);
	cr_expect_not(pair.verdict.has_dest_value);
	cr_expect_eq(by_api(&pair, NULL, "vfio-pci"), MW_REASON_DEVICE_API_INVALID);
}

Test(compare_device_api, different_apis_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_api(&pair, "vfio-pci", "vfio-ap"), MW_REASON_DEVICE_API_MISMATCH);
	cr_expect_str_eq(pair.verdict.source_value, "vfio-pci");
	cr_expect_str_eq(pair.verdict.dest_value, "vfio-ap");
	cr_expect_str_eq(pair.verdict.comparator, "equal");
}

Test(compare_device_api, each_of_the_seven_fits_itself)
{
	static const char *const names[] = {"vfio-pci", "vfio-platform", "vfio-amba", "vfio-ccw",
					    "vfio-ap",  "vfio-fsl-mc",   "vfio-cdx"};
	AUTO_PAIR struct pair pair = pair_new();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			cr_expect_eq(by_api(&pair, names[i], names[j]),
				     i == j ? MW_REASON_OK : MW_REASON_DEVICE_API_MISMATCH);
	}
}

Test(compare_device_api, pci_reads_as_vfio_pci_with_a_warning)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair_versions(&pair, "1.0", "1.0");
	pair.rule->match.device_api = "vfio-pci";
	cr_expect_eq(by_api(&pair, "pci", "vfio-pci"), MW_REASON_OK);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_DEVICE_API], STAGE_PASSED_WITH_WARNING);
	cr_assert_eq(pair.verdict.warning_count, 1);
	cr_expect_str_eq(pair.verdict.warnings[0], "source: device_api: pci reads as vfio-pci");
	cr_expect_eq(by_api(&pair, "pci", "vfio-ap"), MW_REASON_DEVICE_API_MISMATCH);
}

Test(compare_device_api, an_unreadable_api_is_no_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_set_unreadable(&pair.dest->device_api, 13);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DEVICE_API);
}

static enum mw_reason by_vendor(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->vendor, source);
	set(pair->dest, &pair->dest->vendor, dest);
	return pair_judge(pair);
}

Test(compare_vendor, another_vendor_is_refused_whatever_the_parent_knob_says)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->parent_ignore = true;
	cr_expect_eq(by_vendor(&pair, "8086", "10de"), MW_REASON_VENDOR_MISMATCH);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_VENDOR);
}

Test(compare_vendor, a_vendor_on_one_side_only_mismatches)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_vendor(&pair, "8086", NULL), MW_REASON_VENDOR_MISMATCH);
	cr_expect_eq(by_vendor(&pair, NULL, "8086"), MW_REASON_VENDOR_MISMATCH);
}

Test(compare_vendor, the_spellings_of_an_id_are_one)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_vendor(&pair, "0x8086", "8086"), MW_REASON_OK);
	cr_expect_eq(by_vendor(&pair, "00008086", "8086"), MW_REASON_OK);
	cr_expect_eq(by_vendor(&pair, "10DE", "10de"), MW_REASON_OK);
}

Test(compare_vendor, an_id_that_is_no_hex_is_malformed_even_when_equal)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_vendor(&pair, "intel", "intel"), MW_REASON_DESCRIPTOR_MALFORMED);
	cr_expect_eq(by_vendor(&pair, "8086", ""), MW_REASON_DESCRIPTOR_MALFORMED);
	cr_expect_eq(by_vendor(&pair, "100000000", "100000000"), MW_REASON_DESCRIPTOR_MALFORMED);
}

Test(compare_vendor, without_vendors_the_drivers_have_to_be_the_same)
{
	AUTO_PAIR struct pair pair = pair_new();
	struct descriptor *source = pair.source;
	struct descriptor *dest = pair.dest;

	set(source, &source->device_id, NULL);
	set(dest, &dest->device_id, NULL);
	pair_drivers(&pair, "mtty", "mtty");
	pair_types(&pair, "mtty-2", "mtty-2");
	cr_expect_eq(by_vendor(&pair, NULL, NULL), MW_REASON_OK);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_VENDOR], STAGE_PASSED_WITH_WARNING);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_DEVICE], STAGE_SKIPPED);
	pair_drivers(&pair, "mtty", "mbochs");
	cr_expect_eq(pair_judge(&pair), MW_REASON_VENDOR_MISMATCH);
	cr_expect_str_eq(pair.verdict.field, "driver");
	pair_drivers(&pair, NULL, NULL);
	cr_expect_eq(pair_judge(&pair), MW_REASON_VENDOR_MISMATCH);
	descriptor_set_unreadable(&dest->driver, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

Test(compare_vendor, an_unreadable_vendor_is_no_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_set_unreadable(&pair.source->vendor, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
}

static enum mw_reason by_device(struct pair *pair, const char *source, const char *dest)
{
	set(pair->source, &pair->source->device_id, source);
	set(pair->dest, &pair->dest->device_id, dest);
	return pair_judge(pair);
}

Test(compare_device, another_parent_is_refused_and_the_hint_names_the_knob)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->parent_position = (struct position){12, 7};
	cr_expect_eq(by_device(&pair, "591d", "5912"), MW_REASON_DEVICE_MISMATCH);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DEVICE);
	cr_expect_not_null(strstr(pair.verdict.hint, "`parent: ignore`"));
	cr_expect_eq(pair.verdict.position.line, 12);
}

Test(compare_device, parent_ignore_skips_the_stage)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->parent_ignore = true;
	cr_expect_eq(by_device(&pair, "591d", "5912"), MW_REASON_OK);
	cr_expect_eq(pair.verdict.stages[MW_STAGE_DEVICE], STAGE_SKIPPED);
	descriptor_set_unreadable(&pair.dest->device_id, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_OK);
}

Test(compare_device, a_parent_that_is_not_known_does_not_match)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_device(&pair, "591d", NULL), MW_REASON_DEVICE_MISMATCH);
	cr_expect_eq(by_device(&pair, NULL, "591d"), MW_REASON_DEVICE_MISMATCH);
	/* The vendor is known, so its devices have ids. */
	cr_expect_eq(by_device(&pair, NULL, NULL), MW_REASON_DEVICE_MISMATCH);
}

Test(compare_device, the_spellings_of_an_id_are_one)
{
	AUTO_PAIR struct pair pair = pair_new();

	cr_expect_eq(by_device(&pair, "0x591D", "591d"), MW_REASON_OK);
	cr_expect_eq(by_device(&pair, "591d", "x"), MW_REASON_DESCRIPTOR_MALFORMED);
}

Test(compare_device, an_unreadable_id_is_no_mismatch)
{
	AUTO_PAIR struct pair pair = pair_new();

	descriptor_set_unreadable(&pair.dest->device_id, 5);
	cr_expect_eq(pair_judge(&pair), MW_REASON_UNREADABLE);
	cr_expect_eq(pair.verdict.stage, MW_STAGE_DEVICE);
}

/* [000]: whose vendor parts read the same; with descriptors the vendor stage catches it first. */
Test(compare_vendor, the_attack_of_the_thread_fails)
{
	AUTO_PAIR struct pair pair = pair_new();

	pair.rule->version = COMPARE_NAMESPACED;
	pair_opaque(&pair, "00028086:80861217-t", "00021217:80861217-t");
	by_device(&pair, "1217", "8086");
	cr_expect_eq(by_vendor(&pair, "8086", "1217"), MW_REASON_VENDOR_MISMATCH);
	/* Lying about the vendor does not help: the namespace says it again. */
	by_device(&pair, "1217", "1217");
	cr_expect_eq(by_vendor(&pair, "8086", "8086"), MW_REASON_NAMESPACE_MISMATCH);
}
