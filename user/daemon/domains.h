/* SPDX-License-Identifier: GPL-2.0-only */
/* Domains of libvirt: those that ask to come here, and those here that carry stamps. */
#ifndef DAEMON_DOMAINS_H
#define DAEMON_DOMAINS_H

#include <jansson.h>

#include "daemon/api.h"

/* Stamps that the daemon is told of, for its status; of more the oldest are forgotten. */
#define DOMAIN_STAMPS_MAX 4096

struct daemon;

/* POST /v1/domain/admit: all devices of a domain or none (libvirt/domain_request.h). */
void domains_on_admit(void *context, const struct api_request *request, struct api_answer *answer);

/* POST /v1/domain/release?uuid=…: takes the tickets of a domain back, forgets its stamps. */
void domains_on_release(void *context, const struct api_request *request,
			struct api_answer *answer);

/* POST /v1/domain/stamped: [{"domain", "uuid", "device", "time"}], for the status. */
void domains_on_stamped(void *context, const struct api_request *request,
			struct api_answer *answer);

/*
 * domains_to_json - domain, device and age of each stamp here, and of each that a ticket was given
 * for. NULL: no memory.
 */
json_t *domains_to_json(struct daemon *daemon);

#endif
