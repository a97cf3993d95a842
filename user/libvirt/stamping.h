/* SPDX-License-Identifier: GPL-2.0-only */
/* Stamps for one domain: each of its VFIO devices described, signed, and put into one element. */
#ifndef LIBVIRT_STAMPING_H
#define LIBVIRT_STAMPING_H

#include <stddef.h>
#include <stdint.h>

#include "core/descriptor.h"
#include "host/key.h"
#include "libvirt/domain_xml.h"

/* Describes a device of this host by its name. Gives 0 and *out, the caller's; else -errno. */
typedef int (*stamping_describe)(void *context, const char *device, struct descriptor **out);

struct stamping {
	const struct key *key;
	const char *host;
	const char *boot_id;
	int64_t now_s;
	stamping_describe describe;
	void *context;
};

struct stamped {
	char *element;                  /* for the metadata; NULL: there is nothing to stamp */
	size_t count;                   /* devices of the domain */
	int results[STAMP_DEVICES_MAX]; /* of each: 0, or why it has no stamp: -errno */
	size_t stamped;                 /* of them with a stamp */
	bool had_stamps;                /* the domain carried our element before */
};

/* stamping_make - stamps for the domain in @xml. Gives 0 and *out (free(out->element)); -ENOMEM. */
int stamping_make(const struct stamping *stamping, const struct domain_xml *xml,
		  struct stamped *out);

#endif
