/* SPDX-License-Identifier: GPL-2.0-only */
/* What `migwarden stamp` holds open, and how it stamps one domain. */
#ifndef CLI_LIBVIRT_STAMPER_H
#define CLI_LIBVIRT_STAMPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct stamper;
struct _virDomain;

struct stamper_options {
	const char *socket;  /* of the daemon; NULL: the default */
	const char *key;     /* file; NULL: the default */
	unsigned int places; /* enum domain_place; 0: all that the domain has */
	bool print;          /* the element, and nothing is written */
	bool quiet;          /* nothing on stdout */
	bool is_one;         /* a domain that was named: say also that there is nothing to do */
};

/* stamper_open - gives 0 and *out, the caller's; or -errno, and says why. */
int stamper_open(const struct stamper_options *options, struct stamper **out);

/* stamper_close - NULL is fine. */
void stamper_close(struct stamper *stamper);

/*
 * stamper_stamp - stamps @domain, prints a line for each device, and tells the daemon. Gives 0; 1
 * when a device of it has no stamp now; -errno, having said why.
 */
int stamper_stamp(struct stamper *stamper, struct _virDomain *domain);

/* stamper_notes - of all that was stamped since stamper_open: domain, uuid, device, time. Borrowed.
 */
json_t *stamper_notes(const struct stamper *stamper);

#endif
