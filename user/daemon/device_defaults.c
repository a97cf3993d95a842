// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/device_defaults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/engine.h"
#include "daemon/state.h"
#include "host/inventory.h"
#include "host/uevents.h"

/* A mdev is announced before sysfs says of which type it is: looked at again, as often as this. */
#define AGAIN_US 50000
#define AGAIN_MAX 100

void device_defaults_free(struct gate_defaults *defaults)
{
	free(defaults->devices);
	*defaults = (struct gate_defaults){0};
}

/* Whether the descriptor says all that it will: a mdev's type comes last. */
static bool is_whole(const struct inventory_device *device, const struct descriptor *descriptor)
{
	return device->bus != BUS_MDEV || descriptor->mdev_type.state != FACT_UNKNOWN;
}

static int add_device(struct daemon *daemon, const struct policy *policy,
		      const struct inventory_device *device, struct gate_defaults *out)
{
	/* Nothing that would be asked of the device itself: what is matched stands in sysfs. */
	const struct describe_options options = {.sources = daemon->sources, .now_s = -1};
	struct gate_default *own = &out->devices[out->count];
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	size_t length = strlen(device->name);
	int r;

	/* No VFIO device has such a name; the gate could not look for it. */
	if (length >= sizeof(own->device))
		return 0;
	r = describe(daemon->host, device, &options, &descriptor);
	if (r)
		return r == -ENODEV ? 0 : r;
	if (!is_whole(device, descriptor)) {
		daemon->device_is_made = true;
		return 0;
	}
	memcpy(own->device, device->name, length);
	own->of[MW_INCOMING - 1] = engine_default(policy, descriptor, MW_INCOMING);
	own->of[MW_OUTGOING - 1] = engine_default(policy, descriptor, MW_OUTGOING);
	out->count++;
	return 0;
}

int device_defaults_read(struct daemon *daemon, const struct policy *policy,
			 struct gate_defaults *out)
{
	AUTO_INVENTORY struct inventory *inventory = NULL;
	AUTO_DEFAULTS struct gate_defaults fresh = {0};
	int r;

	*out = (struct gate_defaults){0};
	if (!policy || !policy->device_default_count)
		return 0;
	r = inventory_read(daemon->host, &inventory);
	if (r || !inventory->count)
		return r;
	fresh.devices = calloc(inventory->count, sizeof(*fresh.devices));
	if (!fresh.devices)
		return -ENOMEM;
	for (size_t i = 0; !r && i < inventory->count; i++)
		r = add_device(daemon, policy, &inventory->devices[i], &fresh);
	if (r)
		return r;
	*out = fresh;
	fresh = (struct gate_defaults){0};
	return 0;
}

struct mw_admission device_defaults_of(const struct policy *policy,
				       const struct gate_defaults *defaults, const char *device,
				       enum mw_direction direction)
{
	for (size_t i = 0; i < defaults->count; i++)
		if (!strcmp(defaults->devices[i].device, device))
			return defaults->devices[i].of[direction - 1];
	return engine_default(policy, NULL, direction);
}

static void exchange(struct gate_defaults *known, struct gate_defaults *fresh)
{
	struct gate_defaults before = *known;

	*known = *fresh;
	*fresh = before;
}

static int renew(struct daemon *daemon)
{
	AUTO_DEFAULTS struct gate_defaults fresh = {0};
	int r = device_defaults_read(daemon, daemon->policy, &fresh);

	if (!r && daemon->gate && daemon->policy->device_default_count)
		r = gate_renew_defaults(daemon->gate, &fresh);
	if (!r)
		exchange(&daemon->defaults, &fresh);
	return r;
}

static void renew_shadow(struct daemon *daemon)
{
	AUTO_DEFAULTS struct gate_defaults fresh = {0};

	if (!device_defaults_read(daemon, daemon->shadow, &fresh))
		exchange(&daemon->shadow_defaults, &fresh);
}

/* Devices have come or gone: the gate is told what those have that are there. Until then the
 * strictest of all holds for one that came. */
static void on_devices(struct daemon *daemon)
{
	int r = renew(daemon);

	if (r)
		fprintf(stderr,
			"migwarden run: cannot tell the gate the defaults of devices that came: "
			"%s; the strictest holds for them\n",
			strerror(-r));
	renew_shadow(daemon);
	device_defaults_look_again(daemon);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	on_devices(userdata);
	return 0;
}

/* One that never gets a type stays where the strictest holds. */
void device_defaults_look_again(struct daemon *daemon)
{
	bool is_wanted = daemon->device_is_made && daemon->looks_again < AGAIN_MAX;

	daemon->device_is_made = false;
	daemon->again = sd_event_source_unref(daemon->again);
	if (!is_wanted)
		return;
	daemon->looks_again++;
	if (sd_event_add_time_relative(daemon->loop, &daemon->again, CLOCK_MONOTONIC, AGAIN_US, 0,
				       on_again, daemon) < 0)
		daemon->again = NULL;
}

static int on_uevent(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)fd;
	(void)events;
	if (!uevents_take(daemon->uevents))
		return 0;
	daemon->looks_again = 0;
	on_devices(daemon);
	return 0;
}

int device_defaults_watch(struct daemon *daemon)
{
	int r = uevents_open(&daemon->uevents);

	if (!r)
		r = sd_event_add_io(daemon->loop, &daemon->uevents_io, uevents_fd(daemon->uevents),
				    EPOLLIN, on_uevent, daemon);
	return r < 0 ? r : 0;
}

void device_defaults_close(struct daemon *daemon)
{
	sd_event_source_unref(daemon->again);
	sd_event_source_unref(daemon->uevents_io);
	uevents_close(daemon->uevents);
	device_defaults_free(&daemon->defaults);
	device_defaults_free(&daemon->shadow_defaults);
}
