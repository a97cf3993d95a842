// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/connection.h"

#include <errno.h>
#include <stdlib.h>

#include "libvirt/calls.h"
#include "libvirt/domain_xml.h"

#define URI_DEFAULT "qemu:///system"

/* By itself libvirt prints every error on stderr. */
static void keep_silent(void *context, virErrorPtr error)
{
	(void)context;
	(void)error;
}

int connection_open(const char *uri, struct _virConnect **out)
{
	if (calls_load())
		return -ECONNREFUSED;
	libvirt.virSetErrorFunc(NULL, keep_silent);
	if (libvirt.virInitialize() < 0)
		return -ECONNREFUSED;
	*out = libvirt.virConnectOpen(uri ? uri : URI_DEFAULT);
	return *out ? 0 : -ECONNREFUSED;
}

void connection_close(struct _virConnect *connection)
{
	if (connection)
		libvirt.virConnectClose(connection);
}

const char *connection_message(void)
{
	const char *message = calls_load() ? calls_missing() : libvirt.virGetLastErrorMessage();

	return message ? message : "libvirt does not say why";
}

int connection_find(struct _virConnect *connection, const char *name, struct _virDomain **out)
{
	int code;

	*out = libvirt.virDomainLookupByName(connection, name);
	if (!*out)
		*out = libvirt.virDomainLookupByUUIDString(connection, name);
	if (*out)
		return 0;
	code = libvirt.virGetLastErrorCode();
	/* What is no UUID is the name of no domain. */
	return code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_INVALID_ARG ? -ENOENT : -EIO;
}

int connection_list(struct _virConnect *connection, struct _virDomain ***out)
{
	int count = libvirt.virConnectListAllDomains(connection, out, 0);

	return count < 0 ? -EIO : count;
}

void connection_free_list(struct _virDomain **domains, int count)
{
	for (int i = 0; i < count; i++)
		libvirt.virDomainFree(domains[i]);
	free(domains);
}

void domain_release(struct _virDomain *domain)
{
	if (domain)
		libvirt.virDomainFree(domain);
}

unsigned int domain_places(struct _virDomain *domain)
{
	unsigned int places = 0;

	if (libvirt.virDomainIsActive(domain) == 1)
		places |= DOMAIN_LIVE;
	if (libvirt.virDomainIsPersistent(domain) == 1)
		places |= DOMAIN_CONFIG;
	return places;
}

const char *domain_label(struct _virDomain *domain)
{
	const char *name = libvirt.virDomainGetName(domain);

	return name ? name : "?";
}

char *domain_text(struct _virDomain *domain)
{
	return libvirt.virDomainGetXMLDesc(domain, 0);
}

char *domain_definition_text(struct _virDomain *domain)
{
	return libvirt.virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
}

int domain_set_stamps(struct _virDomain *domain, const char *element, unsigned int places)
{
	unsigned int flags = 0;

	if (places & DOMAIN_LIVE)
		flags |= VIR_DOMAIN_AFFECT_LIVE;
	if (places & DOMAIN_CONFIG)
		flags |= VIR_DOMAIN_AFFECT_CONFIG;
	return libvirt.virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, element,
					    DOMAIN_XML_PREFIX, DOMAIN_XML_NAMESPACE, flags)
		       ? -EIO
		       : 0;
}
