// SPDX-License-Identifier: GPL-2.0-only
#include "cli/describe_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"

#define UNKNOWN "-"

/* Escaped, in the arena. NULL: no memory. */
static const char *escaped(struct arena *arena, struct slice text)
{
	size_t size = 4 * text.length + 1;
	char *out = arena_alloc(arena, size);

	return out ? escape_append(out, size, text.text, text.length) : NULL;
}

/* NULL: no memory; so for all that give text here. */
const char *describe_text_fact(struct arena *arena, const struct fact *fact)
{
	const char *name;

	switch (fact->state) {
	case FACT_UNKNOWN:
		return UNKNOWN;
	case FACT_KNOWN:
		return fact->text;
	case FACT_UNREADABLE:
		name = strerrorname_np(fact->error);
		return name ? arena_printf(arena, "unreadable (%s)", name)
			    : arena_printf(arena, "unreadable (%d)", fact->error);
	}
	return UNKNOWN;
}

static const char *migration_text(struct arena *arena, const struct descriptor *descriptor)
{
	const struct fact failed = {.state = FACT_UNREADABLE, .error = descriptor->protocol_error};
	uint32_t bits = descriptor->capabilities;

	if (failed.error)
		return describe_text_fact(arena, &failed);
	switch (descriptor->protocol) {
	case PROTOCOL_UNKNOWN:
		return UNKNOWN;
	case PROTOCOL_NONE:
		return "none";
	case PROTOCOL_V1:
		return "v1";
	case PROTOCOL_V2:
		return arena_printf(arena, "v2%s%s%s",
				    bits & CAPABILITY_STOP_COPY ? " stop-copy" : "",
				    bits & CAPABILITY_P2P ? " p2p" : "",
				    bits & CAPABILITY_PRE_COPY ? " pre-copy" : "");
	}
	return UNKNOWN;
}

/* A list as one value: each call adds one item. NULL stays NULL. */
static const char *joined(struct arena *arena, const char *list, const char *item)
{
	if (!list || !item)
		return NULL;
	return *list ? arena_printf(arena, "%s, %s", list, item) : item;
}

static const char *offered_text(struct arena *arena, const struct descriptor *descriptor)
{
	const char *list = "";

	for (size_t i = 0; i < descriptor->offered_type_count; i++) {
		const struct offered_type *offer = &descriptor->offered_types[i];
		long long available = offer->available_instances;

		list = joined(arena, list,
			      available < 0
				      ? arena_printf(arena, "%s (free: not known)", offer->type)
				      : arena_printf(arena, "%s (%lld free)", offer->type,
						     available));
	}
	return list && !*list ? UNKNOWN : list;
}

static const char *traits_text(struct arena *arena, const struct descriptor *descriptor)
{
	const char *list = "";

	for (size_t i = 0; i < descriptor->compatible_type_count; i++)
		list = joined(arena, list, descriptor->compatible_type[i]);
	return list && !*list ? UNKNOWN : list;
}

struct row {
	const char *key;
	const char *value;
};

/* The key, and each line of the value below the one before; both already escaped, line by line. */
static void print_row(size_t width, const struct row *row)
{
	struct slice rest = slice_of(row->value), line;
	const char *key = row->key;

	while (slice_cut(&rest, "\n", &line)) {
		printf("%-*s  %.*s\n", (int)width, key, (int)line.length, line.text);
		key = "";
	}
}

/* One line of a value: the tabs that indent it stay visible as blanks, the rest is escaped. */
static const char *escaped_line(struct arena *arena, struct slice line)
{
	size_t tabs = 0;
	const char *text;

	while (tabs < line.length && line.text[tabs] == '\t')
		tabs++;
	text = escaped(arena, slice_skip(line, tabs));
	return text && tabs ? arena_printf(arena, "%*s%s", (int)(8 * tabs), "", text) : text;
}

/* Escapes each line of a row on its own, so that what is left of newlines is the layout's. */
static int escape_row(struct arena *arena, struct row *row)
{
	struct slice rest, line;
	const char *value = NULL;

	if (!row->key || !row->value)
		return -ENOMEM;
	rest = slice_chomp(slice_of(row->value));
	while (slice_cut(&rest, "\n", &line)) {
		const char *text = escaped_line(arena, line);

		if (text && value)
			text = arena_printf(arena, "%s\n%s", value, text);
		if (!text)
			return -ENOMEM;
		value = text;
	}
	row->key = escaped(arena, slice_of(row->key));
	row->value = value;
	return row->key ? 0 : -ENOMEM;
}

static int print_rows(struct arena *arena, struct row *rows, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		size_t length;

		if (escape_row(arena, &rows[i]))
			return -ENOMEM;
		length = strlen(rows[i].key);
		width = length > width ? length : width;
	}
	for (size_t i = 0; i < count; i++)
		print_row(width, &rows[i]);
	return 0;
}

int describe_text_block(const struct descriptor *descriptor)
{
	struct arena *arena = descriptor->arena;
	const struct row fixed[] = {
		{"device", describe_text_fact(arena, &descriptor->device)},
		{"host", describe_text_fact(arena, &descriptor->host)},
		{"boot_id", describe_text_fact(arena, &descriptor->boot_id)},
		{"collected_at", describe_text_fact(arena, &descriptor->collected_at)},
		{"device_api", describe_text_fact(arena, &descriptor->device_api)},
		{"vendor", describe_text_fact(arena, &descriptor->vendor)},
		{"device_id", describe_text_fact(arena, &descriptor->device_id)},
		{"driver", describe_text_fact(arena, &descriptor->driver)},
		{"driver_version", describe_text_fact(arena, &descriptor->driver_version)},
		{"firmware_version", describe_text_fact(arena, &descriptor->firmware_version)},
		{"mdev_type", describe_text_fact(arena, &descriptor->mdev_type)},
		{"offered_types", offered_text(arena, descriptor)},
		{"migration", migration_text(arena, descriptor)},
		{"version", describe_text_fact(arena, &descriptor->version)},
		{"interface_version", describe_text_fact(arena, &descriptor->interface_version)},
		{"interface_version_compatible",
		 describe_text_fact(arena, &descriptor->interface_version_compatible)},
		{"compatible_type", traits_text(arena, descriptor)},
		{"template", describe_text_fact(arena, &descriptor->template_text)},
	};
	size_t count = ARRAY_SIZE(fixed) + descriptor->attribute_count;
	struct row *rows = arena_alloc(arena, count * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	memcpy(rows, fixed, sizeof(fixed));
	for (size_t i = 0; i < descriptor->attribute_count; i++) {
		const struct attribute *attribute = &descriptor->attributes[i];
		struct row *row = &rows[ARRAY_SIZE(fixed) + i];

		row->key = arena_printf(arena, "attributes.%s", attribute->name);
		row->value = describe_text_fact(arena, &attribute->value);
	}
	return print_rows(arena, rows, count);
}

/* "8086:591d", or what is to be said instead. */
static const char *ids_text(struct arena *arena, const struct descriptor *descriptor)
{
	const char *vendor = describe_text_fact(arena, &descriptor->vendor);
	const char *device = describe_text_fact(arena, &descriptor->device_id);

	if (descriptor->vendor.state != FACT_KNOWN || !device)
		return vendor;
	return arena_printf(arena, "%s:%s", vendor, device);
}

int describe_text_add(struct text_table *table, const struct descriptor *descriptor)
{
	static const char *const head[] = {"DEVICE", "API", "IDS", "DRIVER", "TYPE", "MIGRATION"};
	struct arena *arena = descriptor->arena;
	const char *const cells[ARRAY_SIZE(head)] = {
		describe_text_fact(arena, &descriptor->device),
		describe_text_fact(arena, &descriptor->device_api),
		ids_text(arena, descriptor),
		describe_text_fact(arena, &descriptor->driver),
		describe_text_fact(arena, &descriptor->mdev_type),
		migration_text(arena, descriptor),
	};
	int r = 0;

	if (!table->arena) {
		r = text_table_init(table, ARRAY_SIZE(head));
		if (!r)
			r = text_table_add(table, head);
	}
	return r ? r : text_table_add(table, cells);
}
