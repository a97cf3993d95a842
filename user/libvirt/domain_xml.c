// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/domain_xml.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "base/text.h"

#define VERSION "1"

/* xmlFree is a pointer to a function, and so found as a pointer to one. */
#define CALLS(CALL)                 \
	CALL(xmlBufferContent)      \
	CALL(xmlBufferCreate)       \
	CALL(xmlBufferFree)         \
	CALL(xmlCtxtGetLastError)   \
	CALL(xmlCtxtReadMemory)     \
	CALL(xmlDocDumpMemoryEnc)   \
	CALL(xmlDocGetRootElement)  \
	CALL(xmlDocSetRootElement)  \
	CALL(xmlFree)               \
	CALL(xmlFreeDoc)            \
	CALL(xmlFreeNode)           \
	CALL(xmlFreeParserCtxt)     \
	CALL(xmlGetLineNo)          \
	CALL(xmlGetNoNsProp)        \
	CALL(xmlHasProp)            \
	CALL(xmlNewDoc)             \
	CALL(xmlNewNode)            \
	CALL(xmlNewParserCtxt)      \
	CALL(xmlNewProp)            \
	CALL(xmlNewTextChild)       \
	CALL(xmlNodeDump)           \
	CALL(xmlNodeGetContent)     \
	CALL(xmlSAX2StartElementNs) \
	CALL(xmlSetProp)            \
	CALL(xmlStopParser)         \
	CALL(xmlUnlinkNode)

static LIBRARY_CALLS(xml_calls, CALLS) libxml;
LIBRARY(static, library, libxml, CALLS, SONAME_XML, "recommended", "reads domains of libvirt");

struct domain_xml {
	xmlDoc *document;
	char name[DOMAIN_NAME_BYTES];
	char uuid[DOMAIN_UUID_BYTES];
	xmlNode *stamps; /* our element of the metadata; NULL without one */
	struct hostdev hostdevs[STAMP_DEVICES_MAX];
	xmlNode *addresses[STAMP_DEVICES_MAX]; /* of the source, where the host's device stands */
	char *texts[STAMP_DEVICES_MAX];
	size_t count;
};

/* What the parser was stopped for. */
struct watch {
	size_t elements;
	bool has_subset;
	bool has_too_many;
};

/* Without a DTD there is no entity that could be declared, fetched or multiplied. */
static void refuse_subset(void *context, const xmlChar *name, const xmlChar *id,
			  const xmlChar *system)
{
	xmlParserCtxt *parser = context;
	struct watch *watch = parser->_private;

	(void)name;
	(void)id;
	(void)system;
	watch->has_subset = true;
	libxml.xmlStopParser(parser);
}

static void count_element(void *context, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
			  int attribute_count, int defaulted_count, const xmlChar **attributes)
{
	xmlParserCtxt *parser = context;
	struct watch *watch = parser->_private;

	watch->elements += 1 + (size_t)attribute_count;
	if (watch->elements > DOMAIN_XML_ELEMENTS_MAX) {
		watch->has_too_many = true;
		libxml.xmlStopParser(parser);
		return;
	}
	libxml.xmlSAX2StartElementNs(context, name, prefix, uri, namespace_count, namespaces,
				     attribute_count, defaulted_count, attributes);
}

static int refuse_document(xmlParserCtxt *parser, const struct watch *watch, const char *name,
			   struct parse_error *error)
{
	const xmlError *fault = libxml.xmlCtxtGetLastError(parser);
	const char *message = fault && fault->message ? fault->message : "no XML";
	unsigned int line = 0, column = 0;

	if (fault && fault->line > 0) {
		line = (unsigned int)fault->line;
		column = fault->int2 > 0 ? (unsigned int)fault->int2 : 1;
	}
	if (watch->has_subset)
		return parse_error_set(error, name, 1, 1,
				       "expected a domain without a document type");
	if (watch->has_too_many)
		return parse_error_set(error, name, 0, 0,
				       "expected at most %d elements and attributes",
				       DOMAIN_XML_ELEMENTS_MAX);
	return parse_error_set(error, name, line, column, "expected well-formed XML: %.*s",
			       (int)strcspn(message, "\n"), message);
}

static int read_document(const char *name, const char *text, size_t length, xmlDoc **out,
			 struct parse_error *error)
{
	struct watch watch = {0};
	xmlParserCtxt *parser;
	xmlDoc *document;
	int r = 0;

	if (length > DOMAIN_XML_MAX) {
		parse_error_set(error, name, 0, 0, "expected XML of at most %u KiB, got more",
				DOMAIN_XML_MAX >> 10);
		return -EFBIG;
	}
	parser = libxml.xmlNewParserCtxt();
	if (!parser)
		return -ENOMEM;
	parser->_private = &watch;
	parser->sax->internalSubset = refuse_subset;
	parser->sax->startElementNs = count_element;
	document =
		libxml.xmlCtxtReadMemory(parser, text, (int)length, NULL, "UTF-8",
					 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!document || !parser->wellFormed || watch.has_subset || watch.has_too_many) {
		r = refuse_document(parser, &watch, name, error);
		libxml.xmlFreeDoc(document);
	} else {
		*out = document;
	}
	libxml.xmlFreeParserCtxt(parser);
	return r;
}

/* An element of libvirt's own: those of others stand in a namespace. */
static bool is_plain(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       strcmp((const char *)node->name, name) == 0;
}

static bool is_ours(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
	       strcmp((const char *)node->ns->href, DOMAIN_XML_NAMESPACE) == 0 &&
	       strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child_of(const xmlNode *node, const char *name)
{
	for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
		if (is_plain(child, name))
			return child;
	return NULL;
}

/* Copies an attribute; false when there is none, or it does not fit: then @out is "". */
static bool attribute(const xmlNode *node, const char *name, char *out, size_t size)
{
	xmlChar *value = node ? libxml.xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
	bool fits = value && strlen((const char *)value) < size;

	snprintf(out, size, "%s", fits ? (const char *)value : "");
	(*libxml.xmlFree)(value);
	return fits;
}

static bool attribute_is(const xmlNode *node, const char *name, const char *wanted)
{
	char value[32];

	return attribute(node, name, value, sizeof(value)) && strcmp(value, wanted) == 0;
}

/* Without the white space of XML at both ends. */
static struct slice trim(const xmlChar *content)
{
	struct slice text = slice_of((const char *)content);

	while (text.length && strchr(" \t\r\n", text.text[text.length - 1]))
		text.length--;
	return slice_skip(text, text.length ? strspn(text.text, " \t\r\n") : 0);
}

static bool text_of(const xmlNode *node, char *out, size_t size)
{
	xmlChar *value = node ? libxml.xmlNodeGetContent(node) : NULL;
	struct slice text = trim(value);
	bool fits = value && text.length && text.length < size;

	snprintf(out, size, "%.*s", fits ? (int)text.length : 0, text.text ? text.text : "");
	(*libxml.xmlFree)(value);
	return fits;
}

static void lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !strchr("0123456789abcdef", text[i]) : text[i] != '-')
			return false;
	return true;
}

/* "0x0000", "0x3b": as libvirt writes them, of at most @bits. */
static bool number(const xmlNode *node, const char *name, unsigned int max, unsigned int *out)
{
	char text[16], *end;
	unsigned long value;

	if (!attribute(node, name, text, sizeof(text)) || !*text)
		return false;
	value = strtoul(text, &end, 0);
	if (*end || value > max)
		return false;
	*out = (unsigned int)value;
	return true;
}

static bool pci_address(const xmlNode *address, char *out, size_t size)
{
	unsigned int domain = 0, bus, slot, function;
	/* libvirt leaves the domain out where it is 0. */
	bool has_domain = address && libxml.xmlHasProp(address, (const xmlChar *)"domain");

	if ((has_domain && !number(address, "domain", 0xffff, &domain)) ||
	    !number(address, "bus", 0xff, &bus) || !number(address, "slot", 0x1f, &slot) ||
	    !number(address, "function", 7, &function))
		return false;
	snprintf(out, size, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

/* Where the guest sees it: what libvirt keeps the same on both sides, unlike the host's device. */
static void read_slot(const xmlNode *node, struct hostdev *hostdev)
{
	const xmlNode *address = child_of(node, "address");
	unsigned int cssid, ssid, number_of_device;

	if (attribute_is(address, "type", "pci"))
		pci_address(address, hostdev->slot, sizeof(hostdev->slot));
	else if (attribute_is(address, "type", "ccw") && number(address, "cssid", 0xff, &cssid) &&
		 number(address, "ssid", 3, &ssid) &&
		 number(address, "devno", 0xffff, &number_of_device))
		snprintf(hostdev->slot, sizeof(hostdev->slot), "%x.%x.%04x", cssid, ssid,
			 number_of_device);
}

static bool read_device(const xmlNode *node, struct hostdev *hostdev, xmlNode **address)
{
	*address = child_of(child_of(node, "source"), "address");
	if (hostdev->kind == HOSTDEV_PCI)
		return pci_address(*address, hostdev->device, sizeof(hostdev->device));
	if (!attribute(*address, "uuid", hostdev->device, sizeof(hostdev->device)))
		return false;
	lower(hostdev->device);
	return is_uuid(hostdev->device);
}

/* Whether an element of <devices> is a VFIO device that migrates with the domain. */
static bool is_hostdev(const xmlNode *node, enum hostdev_kind *kind)
{
	bool is_interface = is_plain(node, "interface") && attribute_is(node, "type", "hostdev");
	bool is_device = is_plain(node, "hostdev") && attribute_is(node, "mode", "subsystem");
	const xmlNode *driver = child_of(node, "driver");

	if (!is_interface && !is_device)
		return false;
	if (attribute_is(child_of(node, "teaming"), "type", "transient"))
		return false;
	*kind = is_device && attribute_is(node, "type", "mdev") ? HOSTDEV_MDEV : HOSTDEV_PCI;
	if (*kind == HOSTDEV_MDEV || is_interface)
		return true;
	/* Xen and the old KVM assignment have nothing to do with VFIO. */
	return attribute_is(node, "type", "pci") &&
	       (!driver || !libxml.xmlHasProp(driver, (const xmlChar *)"name") ||
		attribute_is(driver, "name", "vfio"));
}

static int add_hostdev(struct domain_xml *xml, const char *name, const xmlNode *node,
		       enum hostdev_kind kind, struct parse_error *error)
{
	struct hostdev *hostdev;
	long line = libxml.xmlGetLineNo((xmlNode *)node);

	if (xml->count == STAMP_DEVICES_MAX) {
		parse_error_set(error, name, (unsigned int)line, 1,
				"expected at most %d VFIO devices", STAMP_DEVICES_MAX);
		return -E2BIG;
	}
	hostdev = &xml->hostdevs[xml->count];
	hostdev->kind = kind;
	if (!read_device(node, hostdev, &xml->addresses[xml->count]))
		return parse_error_set(error, name, (unsigned int)line, 1,
				       "expected %s of the host in <source>",
				       kind == HOSTDEV_MDEV ? "the UUID of an mdev"
							    : "the PCI address of a device");
	read_slot(node, hostdev);
	xml->count++;
	return 0;
}

static int read_hostdevs(struct domain_xml *xml, const char *name, const xmlNode *root,
			 struct parse_error *error)
{
	const xmlNode *devices = child_of(root, "devices");
	enum hostdev_kind kind;
	int r = 0;

	for (xmlNode *node = devices ? devices->children : NULL; !r && node; node = node->next)
		if (is_hostdev(node, &kind))
			r = add_hostdev(xml, name, node, kind, error);
	return r;
}

static void complain(struct hostdev *hostdev, const char *complaint)
{
	hostdev->form = STAMP_MALFORMED;
	hostdev->complaint = complaint;
}

/* The one stamp of a device: by its name, else by its place in the guest. */
static const xmlNode *find_stamp(const xmlNode *stamps, const char *key, const char *value,
				 bool *is_ambiguous)
{
	const xmlNode *found = NULL;
	char text[MW_DEVICE_BYTES];

	if (!*value)
		return NULL;
	for (const xmlNode *node = stamps->children; node; node = node->next) {
		if (!is_ours(node, "stamp") || !attribute(node, key, text, sizeof(text)) ||
		    strcmp(text, value) != 0)
			continue;
		*is_ambiguous = found != NULL;
		if (*is_ambiguous)
			return NULL;
		found = node;
	}
	return found;
}

static bool has_elements(const xmlNode *node)
{
	for (const xmlNode *child = node->children; child; child = child->next)
		if (child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE)
			return true;
	return false;
}

static int take_text(struct domain_xml *xml, size_t index, const xmlNode *node)
{
	struct hostdev *hostdev = &xml->hostdevs[index];
	xmlChar *content;
	struct slice text;

	if (has_elements(node)) {
		complain(hostdev, "expected JSON in the stamp, got elements");
		return 0;
	}
	content = libxml.xmlNodeGetContent(node);
	if (!content)
		return -ENOMEM;
	text = trim(content);
	hostdev->form = text.length > STAMP_TEXT_MAX ? STAMP_TOO_LARGE : STAMP_WHOLE;
	if (hostdev->form == STAMP_WHOLE)
		xml->texts[index] = strndup(text.text, text.length);
	(*libxml.xmlFree)(content);
	hostdev->stamp = xml->texts[index];
	return hostdev->form == STAMP_WHOLE && !hostdev->stamp ? -ENOMEM : 0;
}

static int read_stamp(struct domain_xml *xml, size_t index)
{
	struct hostdev *hostdev = &xml->hostdevs[index];
	bool is_ambiguous = false;
	const xmlNode *node = find_stamp(xml->stamps, "device", hostdev->device, &is_ambiguous);

	if (!node && !is_ambiguous)
		node = find_stamp(xml->stamps, "slot", hostdev->slot, &is_ambiguous);
	if (is_ambiguous)
		complain(hostdev, "expected one stamp of the device, got two");
	if (!node)
		return 0;
	if (!attribute(node, "signature", hostdev->signature, sizeof(hostdev->signature)) &&
	    libxml.xmlHasProp(node, (const xmlChar *)"signature")) {
		complain(hostdev, "expected a signature, got a longer text");
		return 0;
	}
	return take_text(xml, index, node);
}

static int read_stamps(struct domain_xml *xml, const xmlNode *root)
{
	const xmlNode *metadata = child_of(root, "metadata");
	const char *complaint = NULL;
	int r = 0;

	for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next) {
		if (!is_ours(node, "stamps"))
			continue;
		if (xml->stamps)
			complaint = "expected one element of stamps, got two";
		xml->stamps = node;
	}
	if (!xml->stamps)
		return 0;
	if (!attribute_is(xml->stamps, "version", VERSION))
		complaint = "expected stamps of version " VERSION;
	for (size_t i = 0; !r && i < xml->count; i++) {
		if (complaint)
			complain(&xml->hostdevs[i], complaint);
		else
			r = read_stamp(xml, i);
	}
	return r;
}

static int read_domain(struct domain_xml *xml, const char *name, struct parse_error *error)
{
	const xmlNode *root = libxml.xmlDocGetRootElement(xml->document);
	int r;

	if (!root || !is_plain(root, "domain"))
		return parse_error_set(error, name, 1, 1, "expected <domain>, got <%.40s>",
				       root ? (const char *)root->name : "");
	if (!text_of(child_of(root, "name"), xml->name, sizeof(xml->name)))
		return parse_error_set(error, name, 1, 1, "expected a domain with a <name>");
	text_of(child_of(root, "uuid"), xml->uuid, sizeof(xml->uuid));
	lower(xml->uuid);
	if (!is_uuid(xml->uuid))
		return parse_error_set(error, name, 1, 1, "expected a domain with a <uuid>");
	r = read_hostdevs(xml, name, root, error);
	return r ? r : read_stamps(xml, root);
}

int domain_xml_parse(const char *name, const char *text, size_t length, struct domain_xml **out,
		     struct parse_error *error)
{
	AUTO_DOMAIN_XML struct domain_xml *xml = NULL;
	char why[256];
	int r;

	if (library_load(&library, why, sizeof(why)))
		return parse_error_set(error, name, 0, 0, "libxml2 is not installed: %s", why);
	xml = calloc(1, sizeof(*xml));
	if (!xml)
		return -ENOMEM;
	r = read_document(name, text, length, &xml->document, error);
	if (!r)
		r = read_domain(xml, name, error);
	if (!r)
		*out = TAKE_PTR(xml);
	return r;
}

void domain_xml_free(struct domain_xml *xml)
{
	if (!xml)
		return;
	for (size_t i = 0; i < STAMP_DEVICES_MAX; i++)
		free(xml->texts[i]);
	libxml.xmlFreeDoc(xml->document);
	free(xml);
}

const char *domain_xml_name(const struct domain_xml *xml)
{
	return xml->name;
}

const char *domain_xml_uuid(const struct domain_xml *xml)
{
	return xml->uuid;
}

const struct hostdev *domain_xml_hostdevs(const struct domain_xml *xml, size_t *count)
{
	*count = xml->count;
	return xml->hostdevs;
}

bool domain_xml_has_stamps(const struct domain_xml *xml)
{
	return xml->stamps != NULL;
}

bool domain_xml_drop_stamps(struct domain_xml *xml)
{
	if (!xml->stamps)
		return false;
	libxml.xmlUnlinkNode(xml->stamps);
	libxml.xmlFreeNode(xml->stamps);
	xml->stamps = NULL;
	return true;
}

int domain_xml_remap(struct domain_xml *xml, size_t index, const char *uuid)
{
	struct hostdev *hostdev = &xml->hostdevs[index];

	if (!libxml.xmlSetProp(xml->addresses[index], (const xmlChar *)"uuid",
			       (const xmlChar *)uuid))
		return -ENOMEM;
	snprintf(hostdev->device, sizeof(hostdev->device), "%s", uuid);
	domain_xml_drop_stamps(xml);
	return 0;
}

/* libxml2's memory to malloc's, which the caller frees. */
static char *take(xmlChar *text)
{
	char *copy = text ? strdup((const char *)text) : NULL;

	(*libxml.xmlFree)(text);
	return copy;
}

char *domain_xml_to_text(const struct domain_xml *xml)
{
	xmlChar *text = NULL;
	int length;

	libxml.xmlDocDumpMemoryEnc(xml->document, &text, &length, "UTF-8");
	return take(text);
}

static bool add_entry(xmlNode *stamps, const struct stamp_entry *entry)
{
	/* xmlNewTextChild escapes; xmlNewChild would read references in it. */
	xmlNode *node = libxml.xmlNewTextChild(stamps, NULL, (const xmlChar *)"stamp",
					       (const xmlChar *)entry->text);

	if (!node ||
	    !libxml.xmlNewProp(node, (const xmlChar *)"device", (const xmlChar *)entry->device))
		return false;
	if (entry->slot && *entry->slot &&
	    !libxml.xmlNewProp(node, (const xmlChar *)"slot", (const xmlChar *)entry->slot))
		return false;
	return !entry->signature || libxml.xmlNewProp(node, (const xmlChar *)"signature",
						      (const xmlChar *)entry->signature);
}

static char *make_stamps(const struct stamp_entry *entries, size_t count)
{
	xmlDoc *document = libxml.xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *stamps = document ? libxml.xmlNewNode(NULL, (const xmlChar *)"stamps") : NULL;
	bool is_whole = stamps && libxml.xmlNewProp(stamps, (const xmlChar *)"version",
						    (const xmlChar *)VERSION);
	xmlBuffer *buffer = libxml.xmlBufferCreate();
	char *text = NULL;

	if (stamps)
		libxml.xmlDocSetRootElement(document, stamps);
	for (size_t i = 0; is_whole && i < count; i++)
		is_whole = add_entry(stamps, &entries[i]);
	if (is_whole && buffer && libxml.xmlNodeDump(buffer, document, stamps, 0, 0) >= 0)
		text = strdup((const char *)libxml.xmlBufferContent(buffer));
	libxml.xmlBufferFree(buffer);
	libxml.xmlFreeDoc(document);
	return text;
}

char *domain_xml_stamps(const struct stamp_entry *entries, size_t count)
{
	return library_load(&library, NULL, 0) ? NULL : make_stamps(entries, count);
}
