// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../core/pair.h"
#include "libvirt/domain_request.h"

static struct domain_request request;
static struct parse_error error;

static void tear_down(void)
{
	domain_request_free(&request);
}

TestSuite(domain_request, .fini = tear_down);

static char *text_of_golden(bool is_restore)
{
	struct domain_xml *xml = NULL;
	char *xml_text = golden("domain-devices.xml"), *text;
	json_t *json;

	cr_assert_eq(domain_xml_parse("x", xml_text, strlen(xml_text), &xml, &error), 0);
	json = domain_request_make(xml, is_restore, json_pack("[s]", "busy"), json_array());
	text = json_dumps(json, 0);
	json_decref(json);
	domain_xml_free(xml);
	free(xml_text);
	return text;
}

Test(domain_request, what_is_asked_is_what_is_read)
{
	char *text = text_of_golden(false);

	cr_assert_eq(domain_request_read(text, strlen(text), &request, &error), 0, "%s",
		     error.text);
	free(text);
	cr_assert_str_eq(request.name, "db-3");
	cr_assert_not(request.is_restore);
	cr_assert_eq(request.count, 4);
	cr_assert_eq(request.devices[0].kind, HOSTDEV_PCI);
	cr_assert_eq(request.devices[0].form, STAMP_ABSENT);
	cr_assert_null(request.devices[0].stamp);
	cr_assert_str_eq(request.devices[1].signature, "c2lnbmF0dXJl");
	cr_assert_str_eq(request.devices[1].slot, "0000:06:00.0");
	cr_assert(domain_request_has(request.in_use, "busy"));
	cr_assert_not(domain_request_has(request.in_use, "free"));
	cr_assert_not(domain_request_has(request.created, "busy"));
}

Test(domain_request, a_restore_is_told_apart)
{
	char *text = text_of_golden(true);

	cr_assert_eq(domain_request_read(text, strlen(text), &request, &error), 0);
	cr_assert(request.is_restore);
	free(text);
}

Test(domain_request, anything_else_is_refused_and_said)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[1]",
		"{\"operation\": \"migrate\", \"domain\": \"v\", \"uuid\": \"u\", \"devices\": [], "
		"\"in_use\": [], \"created\": []}",
		"{\"operation\": \"fly\", \"domain\": \"v\", \"uuid\": \"u\", \"devices\": [], "
		"\"in_use\": [], \"created\": []}",
		"{\"operation\": \"migrate\", \"domain\": \"v\", \"uuid\": \"u\", \"devices\": "
		"[{}], "
		"\"in_use\": [], \"created\": []}",
		"{\"operation\": \"migrate\", \"domain\": \"v\", \"uuid\": \"u\", \"devices\": "
		"[{\"kind\": \"mdev\", \"device\": \"d\", \"slot\": \"\", \"form\": \"whole\", "
		"\"signature\": \"\"}], \"in_use\": [], "
		"\"created\": []}",
		"{\"operation\": \"migrate\", \"domain\": \"v\", \"uuid\": \"u\", \"devices\": "
		"[{\"kind\": \"usb\", \"device\": \"d\", \"slot\": \"\", \"form\": \"absent\", "
		"\"signature\": \"\"}], \"in_use\": [], "
		"\"created\": []}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error.text[0] = '\0';
		cr_assert_neq(domain_request_read(bad[i], strlen(bad[i]), &request, &error), 0,
			      "%s", bad[i]);
		cr_assert(*error.text, "%s", bad[i]);
		cr_assert_null(request.json);
	}
}
