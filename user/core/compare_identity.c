// SPDX-License-Identifier: GPL-2.0-only
/* Stages protocol, device_api, vendor and device: SEMANTICS 2.8, 2.9, 2.13. */
#include "core/compare_stage.h"

#include <stdio.h>

static const struct position at_rule = {0};

static const char *const device_apis[] = {
	"vfio-pci", "vfio-platform", "vfio-amba", "vfio-ccw", "vfio-ap", "vfio-fsl-mc", "vfio-cdx",
};

static const char *protocol_name(enum migration_protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_UNKNOWN:
		return NULL;
	case PROTOCOL_NONE:
		return "none";
	case PROTOCOL_V1:
		return "v1";
	case PROTOCOL_V2:
		return "v2";
	}
	return NULL;
}

/* "stop-copy,p2p": as text for the verdict; NULL text when not known. */
static struct slice show_protocol(const struct descriptor *descriptor, char *out, size_t size)
{
	const char *name = protocol_name(descriptor->protocol);

	if (descriptor->protocol_error)
		snprintf(out, size, "unreadable (errno %d)", descriptor->protocol_error);
	else if (!name)
		return slice_of(NULL);
	else if (descriptor->protocol == PROTOCOL_V2 && descriptor->capabilities_known)
		snprintf(out, size, "v2, capabilities 0x%x", descriptor->capabilities);
	else
		snprintf(out, size, "%s", name);
	return slice_of(out);
}

static enum stage_result fail_protocol(struct comparison *c, enum mw_reason reason,
				       const char *hint, bool is_source)
{
	char value[64];

	c->verdict->comparator = "capability";
	stage_source_value(c, show_protocol(c->source, value, sizeof(value)));
	stage_dest_value(c, show_protocol(c->dest, value, sizeof(value)));
	return stage_fail(c, reason, "migration", at_rule, "%s: %s",
			  is_source ? "source" : "destination", hint);
}

static enum stage_result check_protocol(struct comparison *c, const struct descriptor *descriptor,
					bool is_source)
{
	if (descriptor->protocol_error)
		return fail_protocol(c, MW_REASON_UNREADABLE,
				     "the migration protocol could not be read: find out why, then "
				     "describe the device again",
				     is_source);
	switch (descriptor->protocol) {
	case PROTOCOL_UNKNOWN:
		return fail_protocol(c, MW_REASON_NOT_MIGRATABLE,
				     "it is unknown (not: absent) whether the device can migrate; "
				     "describe it where its migration flags can be read",
				     is_source);
	case PROTOCOL_NONE:
		return fail_protocol(c, MW_REASON_NOT_MIGRATABLE,
				     "the device says that it cannot migrate; its driver has to "
				     "learn it",
				     is_source);
	case PROTOCOL_V1:
		return fail_protocol(c, MW_REASON_PROTOCOL_V1,
				     "the device has the migration region of v1 only; its driver "
				     "has to learn VFIO_DEVICE_FEATURE_MIGRATION",
				     is_source);
	case PROTOCOL_V2:
		break;
	}
	if (!descriptor->capabilities_known)
		return fail_protocol(
			c, MW_REASON_NOT_MIGRATABLE,
			"its migration capabilities are unknown (not: absent); describe "
			"it where its migration flags can be read",
			is_source);
	if (!descriptor->capabilities)
		return fail_protocol(
			c, MW_REASON_NOT_MIGRATABLE,
			"the device has no migration capability at all; its driver has "
			"to learn it",
			is_source);
	if (!(descriptor->capabilities & CAPABILITY_STOP_COPY))
		return fail_protocol(c, MW_REASON_CAPABILITY_INVALID,
				     "p2p and pre-copy need stop-copy, which is the base; the "
				     "driver reports a set that cannot be",
				     is_source);
	return STAGE_PASSED;
}

enum stage_result stage_protocol(struct comparison *c)
{
	enum stage_result result = check_protocol(c, c->source, true);

	return result == STAGE_PASSED ? check_protocol(c, c->dest, false) : result;
}

const char *device_api_of(const struct descriptor *descriptor)
{
	const char *api = fact_text(&descriptor->device_api);

	return text_equal(api, "pci") ? "vfio-pci" : api;
}

static bool is_device_api(const char *api)
{
	for (size_t i = 0; i < sizeof(device_apis) / sizeof(device_apis[0]); i++) {
		if (text_equal(api, device_apis[i]))
			return true;
	}
	return false;
}

static enum stage_result check_device_api(struct comparison *c, const struct descriptor *descriptor,
					  bool is_source)
{
	const char *whose = is_source ? "source" : "destination";
	const char *api = fact_text(&descriptor->device_api);

	if (is_device_api(api))
		return STAGE_PASSED;
	if (text_equal(api, "pci")) {
		stage_warn(c, "%s: device_api: pci reads as vfio-pci", whose);
		return STAGE_PASSED;
	}
	stage_values(c, "equal", &c->source->device_api, &c->dest->device_api);
	if (!*api)
		return stage_fail(c, MW_REASON_DEVICE_API_INVALID, "device_api", at_rule,
				  "device_api of the %s is not known; describe the device again",
				  whose);
	if (text_equal(api, "vfio-mdev"))
		return stage_fail(c, MW_REASON_DEVICE_API_INVALID, "device_api", at_rule,
				  "vfio-mdev on the %s is a bus driver, not an API: name the API "
				  "that the device shows, such as vfio-pci",
				  whose);
	return stage_fail(c, MW_REASON_DEVICE_API_INVALID, "device_api", at_rule,
			  "device_api of the %s is none of vfio-pci, vfio-platform, vfio-amba, "
			  "vfio-ccw, vfio-ap, vfio-fsl-mc, vfio-cdx",
			  whose);
}

enum stage_result stage_device_api(struct comparison *c)
{
	enum stage_result result;

	if (stage_unreadable(c, "equal", "device_api", at_rule, &c->source->device_api,
			     &c->dest->device_api))
		return STAGE_FAILED;
	result = check_device_api(c, c->source, true);
	if (result == STAGE_PASSED)
		result = check_device_api(c, c->dest, false);
	if (result != STAGE_PASSED)
		return result;
	if (text_equal(device_api_of(c->source), device_api_of(c->dest)))
		return STAGE_PASSED;
	stage_values(c, "equal", &c->source->device_api, &c->dest->device_api);
	return stage_fail(c, MW_REASON_DEVICE_API_MISMATCH, "device_api", at_rule,
			  "the guest would see another kind of device; no policy allows this: "
			  "choose a destination with device_api %s",
			  device_api_of(c->source));
}

/* Two ids in hex: STAGE_PASSED when equal; STAGE_NOT_EVALUATED when they differ; malformed fails.
 */
static enum stage_result compare_ids(struct comparison *c, const char *field,
				     const struct fact *source, const struct fact *dest)
{
	uint32_t ids[2];

	if (text_equal(source->text, dest->text) && slice_hex_to_u32(slice_of(source->text), ids))
		return STAGE_PASSED;
	if (!slice_hex_to_u32(slice_of(source->text), &ids[0]) ||
	    !slice_hex_to_u32(slice_of(dest->text), &ids[1])) {
		stage_values(c, "equal", source, dest);
		return stage_fail(c, MW_REASON_DESCRIPTOR_MALFORMED, field, at_rule,
				  "%s is not hex of 32 bits at most; describe the device again",
				  field);
	}
	if (ids[0] == ids[1])
		return STAGE_PASSED;
	stage_values(c, "equal", source, dest);
	return STAGE_NOT_EVALUATED;
}

/*
 * A parent that is on no bus with ids (mtty, vfio_ap) has no vendor. Its driver is the namespace
 * then, as it is in the names of its types.
 */
static enum stage_result compare_drivers(struct comparison *c)
{
	const struct fact *source = &c->source->driver;
	const struct fact *dest = &c->dest->driver;

	if (stage_unreadable(c, "equal", "driver", at_rule, source, dest))
		return STAGE_FAILED;
	if (fact_known(source) && fact_known(dest) && text_equal(source->text, dest->text)) {
		stage_warn(c, "vendor is on neither side: driver %s compared instead",
			   source->text);
		return STAGE_PASSED;
	}
	stage_values(c, "equal", source, dest);
	return stage_fail(c, MW_REASON_VENDOR_MISMATCH, "driver", at_rule,
			  "vendor is on neither side, and the drivers that stand in for it are not "
			  "known to be the same; choose a destination of the same driver");
}

enum stage_result stage_vendor(struct comparison *c)
{
	const struct fact *source = &c->source->vendor;
	const struct fact *dest = &c->dest->vendor;
	enum stage_result result;

	if (stage_unreadable(c, "equal", "vendor", at_rule, source, dest))
		return STAGE_FAILED;
	if (!fact_known(source) && !fact_known(dest))
		return compare_drivers(c);
	if (!fact_known(source) || !fact_known(dest)) {
		stage_values(c, "equal", source, dest);
		return stage_fail(c, MW_REASON_VENDOR_MISMATCH, "vendor", at_rule,
				  "vendor of the %s is not known; describe the device again",
				  fact_known(source) ? "destination" : "source");
	}
	result = compare_ids(c, "vendor", source, dest);
	if (result != STAGE_NOT_EVALUATED)
		return result;
	return stage_fail(
		c, MW_REASON_VENDOR_MISMATCH, "vendor", at_rule,
		"no policy lets a device cross vendors: choose a destination of vendor %s",
		source->text);
}

enum stage_result stage_device(struct comparison *c)
{
	static const char knob[] = "`parent: ignore` in the rule allows another parent";
	const struct fact *source = &c->source->device_id;
	const struct fact *dest = &c->dest->device_id;
	struct position position = c->rule->parent_position;
	enum stage_result result;

	if (c->rule->parent_ignore)
		return STAGE_SKIPPED;
	if (stage_unreadable(c, "equal", "device_id", position, source, dest))
		return STAGE_FAILED;
	if (!fact_known(source) && !fact_known(dest) && !fact_known(&c->source->vendor))
		return STAGE_SKIPPED;
	if (!fact_known(source) || !fact_known(dest)) {
		stage_values(c, "equal", source, dest);
		return stage_fail(
			c, MW_REASON_DEVICE_MISMATCH, "device_id", position,
			"device_id of the %s is not known; describe the device again (%s)",
			fact_known(source) ? "destination" : "source", knob);
	}
	result = compare_ids(c, "device_id", source, dest);
	if (result != STAGE_NOT_EVALUATED)
		return result;
	return stage_fail(c, MW_REASON_DEVICE_MISMATCH, "device_id", position,
			  "the parents are different devices: %s, when the type means the same on "
			  "both",
			  knob);
}
