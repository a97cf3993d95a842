/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XML of a libvirt domain: its VFIO devices, the stamps in its metadata, and the same XML with
 * other mdevs. It comes from whoever may start a migration, so nothing is believed of it: no DTD
 * and so no entities, nothing fetched, bounded in bytes, elements and depth.
 *
 * Stamps are one element of the domain's metadata, and a child of it for each device:
 *
 *	<migwarden:stamps xmlns:migwarden="urn:migwarden:stamp:1" version="1">
 *	  <migwarden:stamp device="83b8…" slot="0000:00:01.0" signature="BASE64">{JSON}</…>
 *
 * The JSON text is what is signed (config/stamp_file.h); the attributes only say where to look.
 */
#ifndef LIBVIRT_DOMAIN_XML_H
#define LIBVIRT_DOMAIN_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/parse_error.h"
#include "core/stamp.h"
#include "migwarden/wire.h"

#define DOMAIN_XML_NAMESPACE "urn:migwarden:stamp:1"
#define DOMAIN_XML_PREFIX "migwarden"
/* What libvirt sends in one message, and far more elements than any domain has. */
#define DOMAIN_XML_MAX (4u << 20)
#define DOMAIN_XML_ELEMENTS_MAX 65536
#define DOMAIN_NAME_BYTES 256
#define DOMAIN_UUID_BYTES 37
#define DOMAIN_SLOT_BYTES 32
#define DOMAIN_SIGNATURE_BYTES 128

enum hostdev_kind {
	HOSTDEV_MDEV,
	HOSTDEV_PCI, /* also of <interface type='hostdev'> */
};

struct hostdev {
	enum hostdev_kind kind;
	char device[MW_DEVICE_BYTES]; /* as this program names devices: lower case */
	char slot[DOMAIN_SLOT_BYTES]; /* where the guest sees it; "" not known */

	enum stamp_form form;                   /* STAMP_WHOLE: there is a text to be read */
	const char *complaint;                  /* STAMP_MALFORMED; static */
	const char *stamp;                      /* STAMP_WHOLE; lives as long as the XML */
	char signature[DOMAIN_SIGNATURE_BYTES]; /* base64; "" without one */
};

struct domain_xml;

/*
 * domain_xml_parse - reads the XML of one domain. @name is for messages. Gives 0 and *out, the
 * caller's; -EFBIG, -E2BIG (more than STAMP_DEVICES_MAX VFIO devices) or -EINVAL, each with @error
 * filled; -ENOMEM.
 *
 * A device that libvirt unplugs before it migrates (<teaming type='transient'>) is none.
 */
int domain_xml_parse(const char *name, const char *text, size_t length, struct domain_xml **out,
		     struct parse_error *error);

/* domain_xml_free - NULL is fine. */
void domain_xml_free(struct domain_xml *xml);

#define AUTO_DOMAIN_XML __attribute__((cleanup(domain_xml_free_ptr)))
static inline void domain_xml_free_ptr(struct domain_xml **xml)
{
	domain_xml_free(*xml);
}

/* domain_xml_name, domain_xml_uuid - of the domain; the UUID in lower case. */
const char *domain_xml_name(const struct domain_xml *xml);
const char *domain_xml_uuid(const struct domain_xml *xml);

/* domain_xml_hostdevs - its VFIO devices, in the order of the XML. */
const struct hostdev *domain_xml_hostdevs(const struct domain_xml *xml, size_t *count);

/* domain_xml_has_stamps - whether our element is in its metadata. */
bool domain_xml_has_stamps(const struct domain_xml *xml);

/*
 * domain_xml_drop_stamps - takes our element out of the metadata: it tells of devices that the
 * domain has left. Whether there was one.
 */
bool domain_xml_drop_stamps(struct domain_xml *xml);

/*
 * domain_xml_remap - gives the mdev at @index another UUID. The stamps go: they tell of the device
 * that was left. 0 or -ENOMEM.
 */
int domain_xml_remap(struct domain_xml *xml, size_t index, const char *uuid);

/* domain_xml_to_text - the XML as it is now; malloc'ed, NULL: no memory. */
char *domain_xml_to_text(const struct domain_xml *xml);

/* One stamp to be written. */
struct stamp_entry {
	const char *device;
	const char *slot;      /* NULL: not known */
	const char *text;      /* stamp_to_text() */
	const char *signature; /* base64; NULL: none */
};

/*
 * domain_xml_stamps - the element for the metadata, as virDomainSetMetadata takes it, without its
 * namespace, which libvirt adds. malloc'ed, NULL: no memory.
 */
char *domain_xml_stamps(const struct stamp_entry *entries, size_t count);

#endif
