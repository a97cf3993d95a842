// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/descriptor.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/json_text.h"
#include "lib/handle.h"

#define ATTRIBUTES "attributes."

static int give(int r, const struct descriptor *descriptor, const struct parse_error *why,
		struct mw_descriptor **out, struct mw_error **error)
{
	if (r)
		return error_give(r, why, error);
	*out = descriptor_handle(descriptor);
	return 0;
}

int mw_descriptor_read_file(const char *path, struct mw_descriptor **out, struct mw_error **error)
{
	struct descriptor *descriptor = NULL;
	struct parse_error why = {0};
	int r = descriptor_read_file(path, &descriptor, &why);

	return give(r, descriptor, &why, out, error);
}

int mw_descriptor_read_text(const char *name, const char *text, size_t length,
			    struct mw_descriptor **out, struct mw_error **error)
{
	struct descriptor *descriptor = NULL;
	struct parse_error why = {0};
	int r = descriptor_read_text(name, text, length, &descriptor, &why);

	return give(r, descriptor, &why, out, error);
}

int mw_descriptor_prepare(struct mw_descriptor *descriptor)
{
	return descriptor_prepare(descriptor_of(descriptor));
}

static struct mw_fact fact_of(const struct fact *fact)
{
	struct mw_fact public = {0};

	if (!fact)
		return public;
	switch (fact->state) {
	case FACT_UNKNOWN:
		break;
	case FACT_KNOWN:
		public
		.state = MW_FACT_KNOWN;
		public.text = fact->text;
		break;
	case FACT_UNREADABLE:
		public
		.state = MW_FACT_UNREADABLE;
		public.error = fact->error;
		break;
	}
	return public;
}

/* NULL: no such key. */
static const struct fact *fact_by_key(const struct descriptor *descriptor, const char *key)
{
	const struct {
		const char *key;
		const struct fact *fact;
	} facts[] = {
		{"host", &descriptor->host},
		{"boot_id", &descriptor->boot_id},
		{"collected_at", &descriptor->collected_at},
		{"device", &descriptor->device},
		{"device_api", &descriptor->device_api},
		{"vendor", &descriptor->vendor},
		{"device_id", &descriptor->device_id},
		{"driver", &descriptor->driver},
		{"driver_version", &descriptor->driver_version},
		{"firmware_version", &descriptor->firmware_version},
		{"mdev_type", &descriptor->mdev_type},
		{"version", &descriptor->version},
		{"interface_version", &descriptor->interface_version},
		{"interface_version_compatible", &descriptor->interface_version_compatible},
		{"template", &descriptor->template_text},
	};

	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (strcmp(facts[i].key, key) == 0)
			return facts[i].fact;
	return NULL;
}

int mw_descriptor_fact(const struct mw_descriptor *handle, const char *key, struct mw_fact *out)
{
	const struct descriptor *descriptor = descriptor_of(handle);
	const struct attribute *attribute;
	const struct fact *fact;

	if (strncmp(key, ATTRIBUTES, strlen(ATTRIBUTES)) == 0) {
		attribute = descriptor_attribute(descriptor, key + strlen(ATTRIBUTES));
		*out = fact_of(attribute ? &attribute->value : NULL);
		return 0;
	}
	fact = fact_by_key(descriptor, key);
	if (!fact)
		return -ENOENT;
	*out = fact_of(fact);
	return 0;
}

char *mw_descriptor_to_json(const struct mw_descriptor *descriptor)
{
	AUTO_JSON json_t *json = descriptor_to_json(descriptor_of(descriptor));

	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}

void mw_descriptor_free(struct mw_descriptor *descriptor)
{
	descriptor_free(descriptor_of(descriptor));
}
