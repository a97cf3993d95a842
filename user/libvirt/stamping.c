// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/stamping.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "libvirt/seal.h"

/* The texts of all entries, which borrow from here. */
struct work {
	struct stamp_entry entries[STAMP_DEVICES_MAX];
	char *texts[STAMP_DEVICES_MAX];
	char signatures[STAMP_DEVICES_MAX][SEAL_TEXT_BYTES];
	size_t count;
};

static void work_free(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		free(work->texts[i]);
}

#define AUTO_WORK __attribute__((cleanup(work_free)))

static int stamp_one(const struct stamping *stamping, const struct domain_xml *xml,
		     const struct hostdev *hostdev, struct work *work)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct stamp stamp = {
		.host = stamping->host,
		.boot_id = stamping->boot_id,
		.domain = domain_xml_uuid(xml),
		.device = hostdev->device,
		.slot = *hostdev->slot ? hostdev->slot : NULL,
		.time_s = stamping->now_s,
	};
	size_t at = work->count;
	int r = stamping->describe(stamping->context, hostdev->device, &descriptor);

	if (r)
		return r;
	stamp.descriptor = descriptor;
	r = seal_make(&stamp, stamping->key, &work->texts[at], work->signatures[at]);
	if (r)
		return r;
	work->entries[at] = (struct stamp_entry){
		.device = hostdev->device,
		.slot = stamp.slot,
		.text = work->texts[at],
		.signature = work->signatures[at],
	};
	work->count++;
	return 0;
}

int stamping_make(const struct stamping *stamping, const struct domain_xml *xml,
		  struct stamped *out)
{
	AUTO_WORK struct work work = {.count = 0};
	const struct hostdev *hostdevs;

	*out = (struct stamped){.had_stamps = domain_xml_has_stamps(xml)};
	hostdevs = domain_xml_hostdevs(xml, &out->count);
	for (size_t i = 0; i < out->count; i++) {
		out->results[i] = stamp_one(stamping, xml, &hostdevs[i], &work);
		if (out->results[i] == -ENOMEM)
			return -ENOMEM;
	}
	out->stamped = work.count;
	if (!work.count)
		return 0;
	out->element = domain_xml_stamps(work.entries, work.count);
	return out->element ? 0 : -ENOMEM;
}
