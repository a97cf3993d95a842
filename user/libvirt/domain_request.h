/* SPDX-License-Identifier: GPL-2.0-only */
/* What the hook asks the daemon about a domain that comes: a JSON object, made and read here. */
#ifndef LIBVIRT_DOMAIN_REQUEST_H
#define LIBVIRT_DOMAIN_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/parse_error.h"
#include "libvirt/domain_xml.h"

#define DOMAIN_REQUEST_MIGRATE "migrate"
#define DOMAIN_REQUEST_RESTORE "restore"

struct domain_request_device {
	enum hostdev_kind kind;
	const char *device;
	const char *slot; /* "" not known */
	enum stamp_form form;
	const char *complaint; /* STAMP_MALFORMED */
	const char *stamp;     /* STAMP_WHOLE */
	const char *signature; /* "" without one */
};

struct domain_request {
	json_t *json;     /* owns every text here */
	bool is_restore;  /* from a saved image; else it migrates */
	const char *name; /* of the domain */
	const char *uuid;
	struct domain_request_device devices[STAMP_DEVICES_MAX];
	size_t count;
	/* Local devices that some process has open, or may have been given: not to be chosen. */
	const json_t *in_use;
	/* mdevs that the hook has just made for this domain, by the type it was told. */
	const json_t *created;
};

/* domain_request_kind, domain_request_form - the words of the request; static. */
const char *domain_request_kind(enum hostdev_kind kind);
const char *domain_request_form(enum stamp_form form);

/*
 * domain_request_make - of the domain in @xml. @in_use and @created are lists of names of local
 * devices, taken over. A new reference, or NULL (no memory, or a text that is no UTF-8).
 */
json_t *domain_request_make(const struct domain_xml *xml, bool is_restore, json_t *in_use,
			    json_t *created);

/*
 * domain_request_read - from the text of a request. Gives 0 and *out, to be freed by
 * domain_request_free; -EINVAL with @error filled.
 */
int domain_request_read(const char *text, size_t length, struct domain_request *out,
			struct parse_error *error);

/* domain_request_free - leaves it empty. */
void domain_request_free(struct domain_request *request);

#define AUTO_DOMAIN_REQUEST __attribute__((cleanup(domain_request_free)))

/* domain_request_has - whether a list of names (NULL: none) has @name. */
bool domain_request_has(const json_t *list, const char *name);

#endif
