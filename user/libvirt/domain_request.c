// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/domain_request.h"

#include <string.h>

#include "base/cleanup.h"

#define RESTORE DOMAIN_REQUEST_RESTORE
#define MIGRATE DOMAIN_REQUEST_MIGRATE

static const char *const kind_names[] = {[HOSTDEV_MDEV] = "mdev", [HOSTDEV_PCI] = "pci"};

static const char *const form_names[] = {
	[STAMP_ABSENT] = "absent",
	[STAMP_TOO_LARGE] = "too-large",
	[STAMP_MALFORMED] = "malformed",
	[STAMP_WHOLE] = "whole",
};

const char *domain_request_kind(enum hostdev_kind kind)
{
	return kind_names[kind];
}

const char *domain_request_form(enum stamp_form form)
{
	return form_names[form];
}

static int refuse(struct parse_error *error, const json_error_t *fault)
{
	return parse_error_set(error, "request", fault->line > 0 ? (unsigned int)fault->line : 0,
			       fault->column > 0 ? (unsigned int)fault->column : 0, "%s",
			       fault->text);
}

/* The index of a word in a table of words, or -1. */
static int word(const char *const *words, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	return -1;
}

static int read_device(json_t *object, struct domain_request_device *out, struct parse_error *error)
{
	const char *kind, *form;
	json_error_t fault;
	int kind_index, form_index;

	out->complaint = NULL;
	out->stamp = NULL;
	if (json_unpack_ex(object, &fault, JSON_STRICT, "{s:s, s:s, s:s, s:s, s?s, s?s, s:s}",
			   "kind", &kind, "device", &out->device, "slot", &out->slot, "form", &form,
			   "complaint", &out->complaint, "stamp", &out->stamp, "signature",
			   &out->signature))
		return refuse(error, &fault);
	kind_index = word(kind_names, ARRAY_SIZE(kind_names), kind);
	form_index = word(form_names, ARRAY_SIZE(form_names), form);
	if (kind_index < 0 || form_index < 0 || (form_index == STAMP_WHOLE && !out->stamp) ||
	    strlen(out->device) >= MW_DEVICE_BYTES)
		return parse_error_set(error, "request", 0, 0,
				       "expected a device with kind, form and stamp");
	out->kind = (enum hostdev_kind)kind_index;
	out->form = (enum stamp_form)form_index;
	return 0;
}

static int read_devices(const json_t *devices, struct domain_request *out,
			struct parse_error *error)
{
	size_t count = json_array_size(devices);

	if (!count || count > STAMP_DEVICES_MAX)
		return parse_error_set(error, "request", 0, 0, "expected 1 to %d devices, got %zu",
				       STAMP_DEVICES_MAX, count);
	for (size_t i = 0; i < count; i++) {
		int r = read_device(json_array_get(devices, i), &out->devices[i], error);

		if (r)
			return r;
	}
	out->count = count;
	return 0;
}

int domain_request_read(const char *text, size_t length, struct domain_request *out,
			struct parse_error *error)
{
	AUTO_DOMAIN_REQUEST struct domain_request request = {0};
	json_t *devices, *in_use, *created;
	const char *operation;
	json_error_t fault;
	int r;

	request.json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
	if (!request.json)
		return refuse(error, &fault);
	if (json_unpack_ex(request.json, &fault, JSON_STRICT, "{s:s, s:s, s:s, s:o, s:o, s:o}",
			   "operation", &operation, "domain", &request.name, "uuid", &request.uuid,
			   "devices", &devices, "in_use", &in_use, "created", &created))
		return refuse(error, &fault);
	request.is_restore = strcmp(operation, RESTORE) == 0;
	if (!request.is_restore && strcmp(operation, MIGRATE) != 0)
		return parse_error_set(error, "request", 0, 0,
				       "expected the operation " MIGRATE " or " RESTORE);
	request.in_use = in_use;
	request.created = created;
	r = read_devices(devices, &request, error);
	if (r)
		return r;
	*out = request;
	request = (struct domain_request){0};
	return 0;
}

void domain_request_free(struct domain_request *request)
{
	json_decref(request->json);
	*request = (struct domain_request){0};
}

bool domain_request_has(const json_t *list, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text && strcmp(text, name) == 0)
			return true;
	}
	return false;
}
