/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows the domains of this host: tells of each that runs when it begins to, when a device comes
 * or goes, and from time to time. Where libvirt goes away it is asked again until it is back.
 */
#ifndef LIBVIRT_FOLLOW_H
#define LIBVIRT_FOLLOW_H

#include <stdint.h>
#include <systemd/sd-event.h>

struct follow;
struct _virDomain;

struct follow_options {
	const char *uri; /* NULL: the default */
	int64_t refresh_s;
	/* A domain that runs, to be looked at; it may ask libvirt. */
	void (*handle)(void *context, struct _virDomain *domain);
	void *context;
};

/*
 * follow_open - 0 and *out, the caller's; -ELIBACC: libvirt is not installed; -errno. Its daemon
 * need not be there yet.
 */
int follow_open(sd_event *loop, const struct follow_options *options, struct follow **out);

/* follow_close - NULL is fine. */
void follow_close(struct follow *follow);

#endif
