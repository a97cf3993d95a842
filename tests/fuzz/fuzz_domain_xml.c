// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as the XML of a domain: read, or refused and said why. What is read has devices with
 * names of the right form, asks the daemon what it can read back, opens its stamps, and remapped is
 * the same domain without stamps.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt/domain_request.h"
#include "libvirt/seal.h"

#define OTHER "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct domain_xml *xml)
{
	struct domain_request request = {0};
	struct parse_error error = {0};
	json_t *json = domain_request_make(xml, false, json_array(), json_array());
	char *text = json_dumps(json, JSON_COMPACT);
	int r;

	assert(text);
	r = domain_request_read(text, strlen(text), &request, &error);
	assert(r == 0);
	for (size_t i = 0; i < request.count; i++) {
		struct seal seal = {0};

		if (request.devices[i].form != STAMP_WHOLE)
			continue;
		r = seal_open(request.devices[i].stamp, request.devices[i].signature,
			      &(const struct key_list){0}, &seal);
		/* Nobody is trusted here. */
		assert(r == 0 && seal.evidence.signature != SIGNATURE_VALID);
		seal_free(&seal);
	}
	domain_request_free(&request);
	json_decref(json);
	free(text);
}

static void check_remap(struct domain_xml *xml, size_t index)
{
	struct domain_xml *again = NULL;
	struct parse_error error = {0};
	const struct hostdev *hostdevs;
	char *text;
	size_t count;
	int r = domain_xml_remap(xml, index, OTHER);

	assert(r == 0);
	text = domain_xml_to_text(xml);
	assert(text);
	/* Written out it may be larger than what may be read. */
	if (domain_xml_parse("again", text, strlen(text), &again, &error) == 0) {
		hostdevs = domain_xml_hostdevs(again, &count);
		assert(strcmp(hostdevs[index].device, OTHER) == 0);
		assert(!domain_xml_has_stamps(again));
		assert(strcmp(domain_xml_uuid(xml), domain_xml_uuid(again)) == 0);
	}
	domain_xml_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parse_error error = {0};
	struct domain_xml *xml = NULL;
	const struct hostdev *hostdevs;
	size_t count;

	if (domain_xml_parse("input", (const char *)data, size, &xml, &error)) {
		assert(!xml && *error.text);
		return 0;
	}
	assert(strlen(domain_xml_uuid(xml)) == DOMAIN_UUID_BYTES - 1);
	hostdevs = domain_xml_hostdevs(xml, &count);
	assert(count <= STAMP_DEVICES_MAX);
	for (size_t i = 0; i < count; i++) {
		assert(strlen(hostdevs[i].device) == (hostdevs[i].kind == HOSTDEV_MDEV ? 36 : 12));
		assert((hostdevs[i].form == STAMP_WHOLE) == (hostdevs[i].stamp != NULL));
	}
	if (count)
		check_request(xml);
	for (size_t i = 0; i < count; i++)
		if (hostdevs[i].kind == HOSTDEV_MDEV) {
			check_remap(xml, i);
			break;
		}
	domain_xml_free(xml);
	return 0;
}
