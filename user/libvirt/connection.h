/* SPDX-License-Identifier: GPL-2.0-only */
/* The libvirt of this host: its domains, their XML, and our element in their metadata. */
#ifndef LIBVIRT_CONNECTION_H
#define LIBVIRT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

struct _virConnect;
struct _virDomain;

/*
 * connection_open - connects to @uri (NULL: "qemu:///system"). Gives 0 and *out, the caller's;
 * -ECONNREFUSED when that fails: connection_message says why.
 */
int connection_open(const char *uri, struct _virConnect **out);

/* connection_close - NULL is fine. */
void connection_close(struct _virConnect *connection);

/* connection_message - what libvirt said last on this thread; static or libvirt's. */
const char *connection_message(void);

/*
 * connection_find - a domain by its name, else by its UUID. Gives 0 and *out, the caller's
 * (domain_release); -ENOENT; -EIO when libvirt fails.
 */
int connection_find(struct _virConnect *connection, const char *name, struct _virDomain **out);

/*
 * connection_list - every domain, running or defined. Gives their number, and *out, an array for
 * connection_free_list; or -EIO.
 */
int connection_list(struct _virConnect *connection, struct _virDomain ***out);

/* connection_free_list - releases all of an array that connection_list gave. */
void connection_free_list(struct _virDomain **domains, int count);

/* domain_release - NULL is fine. */
void domain_release(struct _virDomain *domain);

/* Where a domain's metadata is kept. */
enum domain_place {
	DOMAIN_LIVE = 1,   /* of the running one */
	DOMAIN_CONFIG = 2, /* of the definition it will be started from */
};

/* domain_places - where @domain has metadata (enum domain_place); 0 when it is gone. */
unsigned int domain_places(struct _virDomain *domain);

/* domain_label - its name, as libvirt has it; the domain's. */
const char *domain_label(struct _virDomain *domain);

/* domain_text - its XML, of the running domain where it runs. malloc'ed, NULL: gone. */
char *domain_text(struct _virDomain *domain);

/* domain_definition_text - the same of what it will be when it is started again. */
char *domain_definition_text(struct _virDomain *domain);

/*
 * domain_set_stamps - puts @element (domain_xml_stamps; NULL: takes ours away) into @places.
 * 0 or -EIO.
 */
int domain_set_stamps(struct _virDomain *domain, const char *element, unsigned int places);

#endif
