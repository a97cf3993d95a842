// SPDX-License-Identifier: GPL-2.0-only
#include "host/describe.h"

#include <fnmatch.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"

/* What stands between the blanks and commas of a list in one file. */
#define TRAIT_SEPARATORS ", \t\n"

struct subject {
	const struct host *host;
	const struct inventory_device *device;
	struct descriptor *descriptor; /* the one being filled */
	/* Where each base of the table is for this device; "" when it has none. */
	char base[SOURCE_BASE_COUNT_][HOST_PATH_BYTES];
	bool traits_seen;
	struct host_text text; /* the file read last */
};

/* Records how reading went: @r is 0 with @text, or the -errno. Gives 0 or -ENOMEM. */
static int put(struct subject *subject, struct fact *fact, int r, const char *text)
{
	/* cppcheck-suppress nullPointer ; with r 0 there is a text */
	if (!r && !host_is_text(text, strlen(text)))
		r = -EILSEQ;
	if (!r)
		return descriptor_set_fact(subject->descriptor, fact, text);
	if (r == -ENOMEM)
		return r;
	if (!host_is_absent(r))
		descriptor_set_unreadable(fact, -r);
	return 0;
}

static int put_file(struct subject *subject, struct fact *fact, const char *path)
{
	int r = host_read_line(subject->host, &subject->text, "%s", path);

	return put(subject, fact, r, subject->text.text);
}

static int put_time(struct subject *subject, int64_t now_s)
{
	struct descriptor *descriptor = subject->descriptor;
	time_t seconds = (time_t)now_s;
	struct tm utc;
	char text[64];

	if (now_s < 0 || !gmtime_r(&seconds, &utc))
		return 0;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	descriptor->collected_at_s = now_s;
	return descriptor_set_fact(descriptor, &descriptor->collected_at, text);
}

static int put_host(struct subject *subject, const struct describe_options *options)
{
	struct descriptor *descriptor = subject->descriptor;
	int r = put_file(subject, &descriptor->host, "/proc/sys/kernel/hostname");

	if (!r)
		r = put_file(subject, &descriptor->boot_id, HOST_BOOT_ID_PATH);
	if (!r)
		r = put_time(subject, options->now_s);
	if (!r)
		r = put(subject, &descriptor->device, 0, subject->device->name);
	return r;
}

/* Where the sources of the table start. Only the device itself is sure to be there. */
static void find_bases(struct subject *subject)
{
	const struct host *host = subject->host;
	const char *device = subject->base[SOURCE_DEVICE];
	char *parent = subject->base[SOURCE_PARENT];

	if (subject->device->bus == BUS_MDEV) {
		strcpy(parent, device);
		*strrchr(parent, '/') = '\0';
		host_resolve(host, subject->base[SOURCE_TYPE], "%s/mdev_type", device);
	}
	host_resolve(host, subject->base[SOURCE_PHYSFN], "%s/physfn", device);
	/* A virtual parent (mtty) has no driver of its own; the mdev's is of the same module. */
	if (!*parent ||
	    host_resolve(host, subject->base[SOURCE_MODULE], "%s/driver/module", parent))
		host_resolve(host, subject->base[SOURCE_MODULE], "%s/driver/module", device);
}

static int put_api(struct subject *subject)
{
	struct fact *fact = &subject->descriptor->device_api;
	const char *api = inventory_bus_api(subject->device->bus);

	if (subject->device->bus != BUS_MDEV)
		return descriptor_set_fact(subject->descriptor, fact, api);
	return put(subject, fact,
		   host_read_line(subject->host, &subject->text, "%s/mdev_type/device_api",
				  subject->base[SOURCE_DEVICE]),
		   subject->text.text);
}

static int put_id(struct subject *subject, struct fact *fact, const char *folder, const char *name)
{
	char canonical[9] = "";
	int r = host_read_line(subject->host, &subject->text, "%s/%s", folder, name);

	if (!r)
		r = descriptor_canonical_id(subject->text.text, 4, canonical);
	return put(subject, fact, r, canonical);
}

/* Ids are a PCI matter: files of that name on another bus mean something else. */
static int put_ids(struct subject *subject, const char *owner)
{
	struct descriptor *descriptor = subject->descriptor;
	char bus[HOST_NAME_BYTES];
	int r = host_link_name(subject->host, bus, "%s/subsystem", owner);

	if (r || strcmp(bus, "pci")) {
		if (host_is_absent(r) || !r)
			return 0;
		descriptor_set_unreadable(&descriptor->vendor, -r);
		descriptor_set_unreadable(&descriptor->device_id, -r);
		return 0;
	}
	r = put_id(subject, &descriptor->vendor, owner, "vendor");
	return r ? r : put_id(subject, &descriptor->device_id, owner, "device");
}

/*
 * What the kernel put before the '-' of a type's name: dev_driver_string() of the parent, that is
 * its driver, else its bus, else its class (the last two are the same link in sysfs).
 */
static int parent_driver(struct subject *subject, char out[static HOST_NAME_BYTES])
{
	const char *parent = subject->base[SOURCE_PARENT];
	int r = host_link_name(subject->host, out, "%s/driver", parent);

	return host_is_absent(r) ? host_link_name(subject->host, out, "%s/subsystem", parent) : r;
}

static int put_mdev_driver(struct subject *subject)
{
	struct descriptor *descriptor = subject->descriptor;
	const struct fact *type = &descriptor->mdev_type;
	char driver[HOST_NAME_BYTES];
	int r = parent_driver(subject, driver);
	size_t length = strlen(driver);

	if (r)
		return put(subject, &descriptor->driver, r, NULL);
	if (type->state == FACT_KNOWN &&
	    (strncmp(type->text, driver, length) || type->text[length] != '-'))
		return descriptor_warn(descriptor,
				       "driver: the parent's is %s, but the type %s does not start "
				       "with it",
				       driver, type->text);
	return put(subject, &descriptor->driver, 0, driver);
}

static int put_type_and_driver(struct subject *subject)
{
	struct descriptor *descriptor = subject->descriptor;
	const char *device = subject->base[SOURCE_DEVICE];
	char name[HOST_NAME_BYTES];
	int r;

	if (subject->device->bus != BUS_MDEV) {
		r = host_link_name(subject->host, name, "%s/driver", device);
		return put(subject, &descriptor->driver, r, name);
	}
	r = host_link_name(subject->host, name, "%s/mdev_type", device);
	r = put(subject, &descriptor->mdev_type, r, name);
	return r ? r : put_mdev_driver(subject);
}

static int put_offered_type(struct subject *subject, const char *folder, const char *type)
{
	struct descriptor *descriptor = subject->descriptor;
	int64_t available = -1;
	uint64_t count;
	int r, warned = 0;

	if (!host_is_text(type, strlen(type)))
		return descriptor_warn(descriptor, "offered_types: a type's name is not UTF-8");
	r = host_read_line(subject->host, &subject->text, "%s/%s/available_instances", folder,
			   type);
	if (!r) {
		if (slice_to_u64(slice_of(subject->text.text), &count) && count <= INT64_MAX)
			available = (int64_t)count;
		else
			r = -EINVAL;
	}
	if (r && !host_is_absent(r))
		warned = descriptor_warn(descriptor, "offered_types: available_instances of %s: %s",
					 type, strerrorname_np(-r));
	return warned ? warned : descriptor_add_offered_type(descriptor, type, available);
}

static int put_offered_types(struct subject *subject)
{
	AUTO_NAMES struct host_names types = {0};
	char folder[HOST_PATH_BYTES];
	int r;

	if (!*subject->base[SOURCE_PARENT])
		return 0;
	r = host_resolve(subject->host, folder, "%s/mdev_supported_types",
			 subject->base[SOURCE_PARENT]);
	if (!r)
		r = host_list(subject->host, &types, "%s", folder);
	if (r && r != -ENOMEM && !host_is_absent(r))
		return descriptor_warn(subject->descriptor, "offered_types: %s",
				       strerrorname_np(-r));
	for (size_t i = 0; !r && i < types.count; i++)
		r = put_offered_type(subject, folder, types.names[i]);
	if (r == -E2BIG)
		return descriptor_warn(subject->descriptor, "offered_types: only the first %zu",
				       subject->descriptor->offered_type_count);
	return host_is_absent(r) ? 0 : r;
}

/* The list has no place for an errno; an attribute has, and it fails the check. */
static int put_unreadable_traits(struct descriptor *descriptor, int error)
{
	int r;

	descriptor->compatible_type_count = 0;
	r = descriptor_add_attribute(descriptor, "compatible_type", NULL, error);
	return r && r != -EEXIST ? r
				 : descriptor_warn(descriptor, "compatible_type: unreadable (%s)",
						   strerrorname_np(error));
}

static int put_traits(struct subject *subject, int r)
{
	struct descriptor *descriptor = subject->descriptor;
	char *rest = NULL, *trait;

	subject->traits_seen = true;
	for (char *text = subject->text.text; !r; text = NULL) {
		trait = strtok_r(text, TRAIT_SEPARATORS, &rest);
		if (!trait)
			return 0;
		r = descriptor_add_compatible_type(descriptor, trait);
	}
	/* Half of a set would pass where the whole does not (SEMANTICS 2.7). */
	return r == -ENOMEM ? r : put_unreadable_traits(descriptor, -r);
}

static struct fact *target_fact(struct descriptor *descriptor, enum source_target target)
{
	switch (target) {
	case TARGET_VERSION:
		return &descriptor->version;
	case TARGET_INTERFACE_VERSION:
		return &descriptor->interface_version;
	case TARGET_INTERFACE_VERSION_COMPATIBLE:
		return &descriptor->interface_version_compatible;
	case TARGET_TEMPLATE:
		return &descriptor->template_text;
	case TARGET_DRIVER_VERSION:
		return &descriptor->driver_version;
	case TARGET_FIRMWARE_VERSION:
		return &descriptor->firmware_version;
	case TARGET_COMPATIBLE_TYPE:
	case TARGET_ATTRIBUTE:
		break;
	}
	return NULL;
}

static bool source_applies(const struct subject *subject, const struct source *source)
{
	const struct descriptor *descriptor = subject->descriptor;
	const struct fact *fact = target_fact(subject->descriptor, source->target);

	if (!*subject->base[source->base])
		return false;
	if (source->driver && (descriptor->driver.state != FACT_KNOWN ||
			       fnmatch(source->driver, descriptor->driver.text, 0)))
		return false;
	if (fact)
		return fact->state == FACT_UNKNOWN;
	if (source->target == TARGET_COMPATIBLE_TYPE)
		return !subject->traits_seen;
	return !descriptor_attribute(descriptor, source->attribute);
}

static int put_source(struct subject *subject, const struct source *source)
{
	struct descriptor *descriptor = subject->descriptor;
	struct fact *fact = target_fact(descriptor, source->target);
	struct host_text *text = &subject->text;
	int r = source_read(subject->host, source, subject->base[source->base], text);

	if (host_is_absent(r))
		return 0;
	if (r == -ENOMEM)
		return r;
	/* A template is taken byte for byte (SEMANTICS 2.6), its last newline is part of it. */
	if (source->target != TARGET_TEMPLATE && text->length &&
	    text->text[text->length - 1] == '\n')
		text->text[--text->length] = '\0';
	if (fact)
		return put(subject, fact, r, text->text);
	if (source->target == TARGET_COMPATIBLE_TYPE)
		return put_traits(subject, r);
	return descriptor_add_attribute(descriptor, source->attribute, r ? NULL : text->text, -r);
}

static int put_sources(struct subject *subject, const struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		int r;

		if (!source_applies(subject, &sources->items[i]))
			continue;
		r = put_source(subject, &sources->items[i]);
		if (r)
			return r;
	}
	return 0;
}

/* -ENODATA when it is not known of the device in that folder. */
static int ask_firmware(const struct subject *subject, describe_firmware firmware,
			const char *folder, char version[static DEVLINK_VERSION_BYTES])
{
	char bus[HOST_NAME_BYTES];
	int r = host_link_name(subject->host, bus, "%s/subsystem", folder);

	if (r)
		return host_is_absent(r) ? -ENODATA : r;
	return firmware(bus, strrchr(folder, '/') + 1, version);
}

static int put_firmware(struct subject *subject, const struct describe_options *options)
{
	struct fact *fact = &subject->descriptor->firmware_version;
	const char *parent = subject->base[SOURCE_PARENT];
	const char *owner = *parent ? parent : subject->base[SOURCE_DEVICE];
	char physfn[HOST_PATH_BYTES], version[DEVLINK_VERSION_BYTES];
	int r;

	if (!options->firmware || fact->state != FACT_UNKNOWN)
		return 0;
	r = ask_firmware(subject, options->firmware, owner, version);
	/* Bound to VFIO, a virtual function has lost the driver that could answer for it. */
	if (r == -ENODATA && !host_resolve(subject->host, physfn, "%s/physfn", owner))
		r = ask_firmware(subject, options->firmware, physfn, version);
	return r == -ENODATA ? 0 : put(subject, fact, r, version);
}

static void put_migration(struct subject *subject, const struct describe_options *options)
{
	struct descriptor *descriptor = subject->descriptor;
	uint32_t capabilities = 0;
	int r;

	if (!options->migration || !subject->device->vfio)
		return;
	r = options->migration(options->migration_context, subject->device->vfio, &capabilities);
	if (r == -ENODATA)
		return;
	if (r) {
		descriptor->protocol_error = -r;
		return;
	}
	descriptor->protocol = capabilities ? PROTOCOL_V2 : PROTOCOL_NONE;
	descriptor->capabilities_known = true;
	descriptor->capabilities = capabilities;
}

static int fill(struct subject *subject, const struct describe_options *options)
{
	const char *device = subject->base[SOURCE_DEVICE];
	const char *parent = subject->base[SOURCE_PARENT];
	int r;

	find_bases(subject);
	r = put_host(subject, options);
	if (!r)
		r = put_api(subject);
	if (!r)
		r = put_ids(subject, *parent ? parent : device);
	if (!r)
		r = put_type_and_driver(subject);
	if (!r)
		r = put_offered_types(subject);
	if (!r)
		r = put_sources(subject, options->sources);
	if (!r)
		r = put_firmware(subject, options);
	if (!r)
		put_migration(subject, options);
	return r;
}

int describe(const struct host *host, const struct inventory_device *device,
	     const struct describe_options *options, struct descriptor **out)
{
	AUTO_FREE struct subject *subject = calloc(1, sizeof(*subject));
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	int r;

	if (!subject)
		return -ENOMEM;
	r = descriptor_new(&descriptor);
	if (r)
		return r;
	subject->host = host;
	subject->device = device;
	subject->descriptor = descriptor;
	if (host_resolve(host, subject->base[SOURCE_DEVICE], "%s", device->path))
		return -ENODEV;
	r = fill(subject, options);
	if (r)
		return r;
	/* What was read while the device went away is not a description of it. */
	if (host_resolve(host, subject->base[SOURCE_DEVICE], "%s", device->path))
		return -ENODEV;
	*out = TAKE_PTR(descriptor);
	return 0;
}
