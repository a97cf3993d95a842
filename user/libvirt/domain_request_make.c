// SPDX-License-Identifier: GPL-2.0-only
/* Apart from the reader, which is needed where there is no libxml2 to read domains with. */
#include "config/json_text.h"
#include "libvirt/domain_request.h"

static json_t *device_to_json(const struct hostdev *hostdev)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s}", "kind",
			 domain_request_kind(hostdev->kind), "device", hostdev->device, "slot",
			 hostdev->slot, "form", domain_request_form(hostdev->form), "complaint",
			 hostdev->complaint, "stamp", hostdev->stamp, "signature",
			 hostdev->signature);
}

json_t *domain_request_make(const struct domain_xml *xml, bool is_restore, json_t *in_use,
			    json_t *created)
{
	AUTO_JSON json_t *devices = json_array();
	const struct hostdev *hostdevs;
	bool is_whole = true;
	size_t count;

	hostdevs = domain_xml_hostdevs(xml, &count);
	for (size_t i = 0; i < count; i++)
		is_whole =
			!json_array_append_new(devices, device_to_json(&hostdevs[i])) && is_whole;
	if (!is_whole) {
		json_decref(in_use);
		json_decref(created);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:O, s:o, s:o}", "operation",
			 is_restore ? DOMAIN_REQUEST_RESTORE : DOMAIN_REQUEST_MIGRATE, "domain",
			 domain_xml_name(xml), "uuid", domain_xml_uuid(xml), "devices", devices,
			 "in_use", in_use, "created", created);
}
