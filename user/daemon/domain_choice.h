/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain that comes: is each of its stamps to be believed, and which device of this host does
 * each of its devices get. Nothing is written here.
 */
#ifndef DAEMON_DOMAIN_CHOICE_H
#define DAEMON_DOMAIN_CHOICE_H

#include "core/engine.h"
#include "daemon/state.h"
#include "host/inventory.h"
#include "libvirt/domain_request.h"
#include "libvirt/seal.h"

/* What becomes of one device of the domain. */
struct domain_slot {
	struct seal seal;
	struct descriptor *local;     /* of the device that was compared; may be NULL */
	char device[MW_DEVICE_BYTES]; /* of this host; "" where none was found */
	/* The verdict, which borrows from the two above. */
	struct engine_admission made;
	bool fits;   /* @device is the one */
	bool passes; /* also what is only audited */
	/* Where nothing but a free mdev is missing: who could make one, of the stamp's type. */
	char create_parent[HOST_NAME_BYTES];
};

struct domain_choice {
	struct daemon *daemon;
	const struct domain_request *request;
	int pid; /* who asked */
	struct inventory *inventory;
	char host[256]; /* this one */
	struct host_text boot_id;
	struct domain_slot slots[STAMP_DEVICES_MAX]; /* as request->devices */
};

/*
 * domain_choose - fills a slot for each device of @request, whose own tickets have to be taken back
 * before. Gives 0 and *out, freed by domain_choice_free; or -errno.
 */
int domain_choose(struct daemon *daemon, const struct domain_request *request,
		  struct domain_choice **out);

/* domain_choice_ask - what is asked for each of its devices: one use, of the default time, now; the
 * id is that of the next admission. */
struct engine_request domain_choice_ask(const struct domain_choice *choice);

/* domain_choice_free - NULL is fine. */
void domain_choice_free(struct domain_choice *choice);

#define AUTO_DOMAIN_CHOICE __attribute__((cleanup(domain_choice_free_ptr)))
static inline void domain_choice_free_ptr(struct domain_choice **choice)
{
	domain_choice_free(*choice);
}

#endif
