// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/pair.h"
#include "libvirt/domain_xml.h"

#define UUID "11111111-2222-4333-8444-555555555555"
#define MDEV "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define OTHER "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"
#define NS "xmlns:m='urn:migwarden:stamp:1'"
#define HOSTDEV(uuid)                                                                         \
	"<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='" uuid \
	"'/></source><address type='pci' domain='0' bus='0' slot='1' function='0'/></hostdev>"
#define DOMAIN(metadata, devices)                                                       \
	"<domain><name>v1</name><uuid>" UUID "</uuid><metadata>" metadata "</metadata>" \
	"<devices>" devices "</devices></domain>"
#define STAMPS(inner) "<m:stamps " NS " version='1'>" inner "</m:stamps>"
#define STAMP(text) "<m:stamp device='" MDEV "' signature='c2ln'>" text "</m:stamp>"

static struct domain_xml *xml;
static struct parse_error error;
static const struct hostdev *devices;
static size_t count;

static void tear_down(void)
{
	domain_xml_free(xml);
}

TestSuite(domain_xml, .fini = tear_down);

static int parse(const char *text)
{
	int r = domain_xml_parse("v1.xml", text, strlen(text), &xml, &error);

	if (!r)
		devices = domain_xml_hostdevs(xml, &count);
	return r;
}

static void refused(const char *text, const char *why)
{
	cr_assert_lt(parse(text), 0, "it was read");
	cr_assert_null(xml);
	cr_assert_not_null(strstr(error.text, why), "%s", error.text);
}

static void parse_golden(void)
{
	char *text = golden("domain-devices.xml");

	cr_assert_eq(parse(text), 0, "%u: %s", error.line, error.text);
	free(text);
}

Test(domain_xml, vfio_devices_are_found_and_nothing_else)
{
	parse_golden();
	cr_assert_str_eq(domain_xml_name(xml), "db-3");
	cr_assert_str_eq(domain_xml_uuid(xml), "4dea22b3-1d52-d8f3-2516-782e98ab3fa0");
	cr_assert_eq(count, 4);
	cr_assert_eq(devices[0].kind, HOSTDEV_PCI);
	cr_assert_str_eq(devices[0].device, "0000:3b:10.2");
	cr_assert_str_eq(devices[0].slot, "0000:01:00.0");
	cr_assert_eq(devices[1].kind, HOSTDEV_MDEV);
	cr_assert_str_eq(devices[1].device, MDEV);
	cr_assert_str_eq(devices[2].device, "0000:3b:00.1");
	cr_assert_str_eq(devices[3].device, "9063cba3-ecef-47b6-abcf-3fef4fdcad85");
	cr_assert_str_eq(devices[3].slot, "");
}

Test(domain_xml, a_stamp_belongs_to_its_device_by_name_or_by_slot)
{
	parse_golden();
	cr_assert_eq(devices[0].form, STAMP_ABSENT);
	cr_assert_eq(devices[1].form, STAMP_WHOLE);
	cr_assert_str_eq(devices[1].stamp, "{\"of\": \"the mdev & <more>\"}");
	cr_assert_str_eq(devices[1].signature, "c2lnbmF0dXJl");
	cr_assert_str_eq(devices[2].stamp, "{\"of\": \"another name, the same slot\"}");
	cr_assert_eq(devices[3].form, STAMP_ABSENT);
}

Test(domain_xml, what_libvirt_says_of_a_ccw_device_is_its_slot)
{
	cr_assert_eq(parse(DOMAIN("", "<hostdev mode='subsystem' type='mdev'><source><address "
				      "uuid='" MDEV "'/></source><address type='ccw' cssid='0xfe' "
				      "ssid='0x0' devno='0x0009'/></hostdev>")),
		     0);
	cr_assert_str_eq(devices[0].slot, "fe.0.0009");
}

Test(domain_xml, an_address_that_is_none_is_refused)
{
	refused(DOMAIN("", HOSTDEV("83b8f4f2")), "expected the UUID of an mdev");
	refused(DOMAIN("", HOSTDEV("../../../../etc/passwd-aaaaaaaaaaaaa")),
		"expected the UUID of an mdev");
	refused(DOMAIN("", "<hostdev mode='subsystem' type='mdev'/>"), "expected the UUID");
	refused(DOMAIN("", "<hostdev mode='subsystem' type='pci'><source><address bus='0x100' "
			   "slot='0' function='0'/></source></hostdev>"),
		"expected the PCI address");
}

Test(domain_xml, stamps_of_another_namespace_are_none)
{
	cr_assert_eq(parse(DOMAIN("<m:stamps xmlns:m='urn:migwarden:stamp:2' version='1'>"
				  "<m:stamp device='" MDEV "'>{}</m:stamp></m:stamps>"
				  "<stamps version='1'><stamp device='" MDEV
				  "'>{}</stamp></stamps>",
				  HOSTDEV(MDEV))),
		     0);
	cr_assert_eq(devices[0].form, STAMP_ABSENT);
	cr_assert_not(domain_xml_has_stamps(xml));
}

Test(domain_xml, devices_in_another_namespace_are_none)
{
	cr_assert_eq(parse(DOMAIN("", "<q:hostdev xmlns:q='urn:q' mode='subsystem' "
				      "type='mdev'/>")),
		     0);
	cr_assert_eq(count, 0);
}

Test(domain_xml, a_prefix_means_nothing)
{
	cr_assert_eq(parse(DOMAIN("<stamps xmlns='urn:migwarden:stamp:1' version='1'>"
				  "<stamp device='" MDEV "'>{}</stamp></stamps>",
				  HOSTDEV(MDEV))),
		     0);
	cr_assert_eq(devices[0].form, STAMP_WHOLE);
	cr_assert_str_eq(devices[0].signature, "");
}

Test(domain_xml, stamps_of_another_version_are_malformed)
{
	cr_assert_eq(parse(DOMAIN("<m:stamps " NS " version='2'>" STAMP("{}") "</m:stamps>",
				  HOSTDEV(MDEV))),
		     0);
	cr_assert_eq(devices[0].form, STAMP_MALFORMED);
	cr_assert_str_eq(devices[0].complaint, "expected stamps of version 1");
}

Test(domain_xml, two_stamps_of_one_device_are_malformed)
{
	cr_assert_eq(parse(DOMAIN(STAMPS(STAMP("{}") STAMP("{}")), HOSTDEV(MDEV))), 0);
	cr_assert_eq(devices[0].form, STAMP_MALFORMED);
	domain_xml_free(xml);
	xml = NULL;
	cr_assert_eq(parse(DOMAIN(STAMPS(STAMP("{}")) STAMPS(STAMP("{}")), HOSTDEV(MDEV))), 0);
	cr_assert_eq(devices[0].form, STAMP_MALFORMED);
}

Test(domain_xml, a_stamp_of_elements_is_malformed)
{
	cr_assert_eq(parse(DOMAIN(STAMPS(STAMP("<a>{}</a>")), HOSTDEV(MDEV))), 0);
	cr_assert_eq(devices[0].form, STAMP_MALFORMED);
	cr_assert_null(devices[0].stamp);
}

Test(domain_xml, a_stamp_that_is_too_large_is_not_kept)
{
	char *text = NULL, *filler = malloc(STAMP_TEXT_MAX + 2);

	memset(filler, 'x', STAMP_TEXT_MAX + 1);
	filler[STAMP_TEXT_MAX + 1] = '\0';
	cr_assert_gt(asprintf(&text, DOMAIN(STAMPS(STAMP("%s")), HOSTDEV(MDEV)), filler), 0);
	cr_assert_eq(parse(text), 0);
	cr_assert_eq(devices[0].form, STAMP_TOO_LARGE);
	cr_assert_null(devices[0].stamp);
	free(text);
	free(filler);
}

Test(domain_xml, a_signature_that_is_too_long_is_malformed)
{
	char *text = NULL;

	cr_assert_gt(asprintf(&text,
			      DOMAIN(STAMPS("<m:stamp device='" MDEV
					    "' signature='%0200d'>{}</m:stamp>"),
				     HOSTDEV(MDEV)),
			      1),
		     0);
	cr_assert_eq(parse(text), 0);
	cr_assert_eq(devices[0].form, STAMP_MALFORMED);
	free(text);
}

Test(domain_xml, what_is_not_well_formed_is_refused_with_its_line)
{
	refused("<domain>\n<name>v1</name>\n<uuid>" UUID "</wrong></domain>", "well-formed");
	cr_assert_eq(error.line, 3);
	refused("", "well-formed");
	refused("\x01\x02", "well-formed");
	refused("<domain><name>v1</name>", "well-formed");
}

Test(domain_xml, a_document_type_is_refused)
{
	refused("<!DOCTYPE domain [<!ENTITY x 'v1'>]><domain><name>&x;</name></domain>",
		"without a document type");
	refused("<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>",
		"without a document type");
	refused("<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'><!ENTITY c '&b;&b;&b;'>]>"
		"<domain>&c;</domain>",
		"without a document type");
}

Test(domain_xml, an_entity_that_nobody_declared_is_refused)
{
	refused(DOMAIN("&x;", ""), "well-formed");
}

Test(domain_xml, an_inclusion_is_not_followed)
{
	cr_assert_eq(parse(DOMAIN("<i:include xmlns:i='http://www.w3.org/2001/XInclude' "
				  "href='/etc/passwd' parse='text'/>",
				  HOSTDEV(MDEV))),
		     0);
	cr_assert_eq(count, 1);
}

Test(domain_xml, what_is_no_domain_is_refused)
{
	refused("<domainsnapshot/>", "expected <domain>, got <domainsnapshot>");
	refused("<domain><uuid>" UUID "</uuid></domain>", "with a <name>");
	refused("<domain><name>v1</name></domain>", "with a <uuid>");
	refused("<domain xmlns='urn:x'><name>v1</name></domain>", "expected <domain>");
}

Test(domain_xml, more_than_libvirt_sends_is_refused)
{
	size_t length = DOMAIN_XML_MAX + 1;
	char *text = malloc(length);

	memset(text, ' ', length);
	cr_assert_eq(domain_xml_parse("v1.xml", text, length, &xml, &error), -EFBIG);
	free(text);
}

Test(domain_xml, more_elements_than_any_domain_has_are_refused)
{
	size_t length = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);

	fputs("<domain>", out);
	for (int i = 0; i <= DOMAIN_XML_ELEMENTS_MAX; i++)
		fputs("<a/>", out);
	fputs("</domain>", out);
	fclose(out);
	refused(text, "expected at most 65536 elements");
	free(text);
}

Test(domain_xml, a_thousand_levels_are_refused)
{
	char text[4 * 1000 + 1];

	for (int i = 0; i < 1000; i++)
		memcpy(text + 3 * i, "<a>", 4);
	refused(text, "well-formed");
}

Test(domain_xml, more_devices_than_are_judged_are_refused)
{
	size_t length = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);

	fputs("<domain><name>v1</name><uuid>" UUID "</uuid><devices>", out);
	for (int i = 0; i <= STAMP_DEVICES_MAX; i++)
		fputs(HOSTDEV(MDEV), out);
	fputs("</devices></domain>", out);
	fclose(out);
	refused(text, "expected at most 32 VFIO devices");
	free(text);
}

Test(domain_xml, dropped_stamps_are_gone_and_nothing_else_is)
{
	char *text;

	cr_assert_eq(parse(DOMAIN(STAMPS(STAMP("{}")) "<k:keep xmlns:k='urn:k'/>", HOSTDEV(MDEV))),
		     0);
	cr_assert(domain_xml_drop_stamps(xml));
	cr_assert_not(domain_xml_has_stamps(xml));
	cr_assert_not(domain_xml_drop_stamps(xml), "there are none any more");
	text = domain_xml_to_text(xml);
	cr_assert_null(strstr(text, DOMAIN_XML_NAMESPACE));
	cr_assert_not_null(strstr(text, "urn:k"));
	cr_assert_not_null(strstr(text, MDEV));
	free(text);
}

Test(domain_xml, a_remapped_domain_has_another_mdev_and_no_stamps)
{
	char *text;

	cr_assert_eq(parse(DOMAIN(STAMPS(STAMP("{}")) "<k:keep xmlns:k='urn:k'/>", HOSTDEV(MDEV))),
		     0);
	cr_assert_eq(domain_xml_remap(xml, 0, OTHER), 0);
	text = domain_xml_to_text(xml);
	domain_xml_free(xml);
	xml = NULL;
	cr_assert_eq(parse(text), 0);
	cr_assert_str_eq(devices[0].device, OTHER);
	cr_assert_str_eq(devices[0].slot, "0000:00:01.0");
	cr_assert_not(domain_xml_has_stamps(xml));
	cr_assert_not_null(strstr(text, "urn:k"));
	free(text);
}

Test(domain_xml, stamps_that_are_written_are_read_back)
{
	const struct stamp_entry entry = {
		.device = MDEV,
		.slot = "0000:00:01.0",
		.text = "{\"a\": \"<&>\\\" ]]> \\u00e9\"}",
		.signature = "c2ln+/==",
	};
	char *element = domain_xml_stamps(&entry, 1), *text = NULL;

	cr_assert_not_null(element);
	/* libvirt gives every element the namespace, which comes to the same. */
	cr_assert_gt(asprintf(&text,
			      DOMAIN("<stamps xmlns='urn:migwarden:stamp:1'%s", HOSTDEV(MDEV)),
			      element + strlen("<stamps")),
		     0);
	cr_assert_eq(parse(text), 0, "%s", error.text);
	cr_assert_str_eq(devices[0].stamp, entry.text);
	cr_assert_str_eq(devices[0].signature, entry.signature);
	free(element);
	free(text);
}
