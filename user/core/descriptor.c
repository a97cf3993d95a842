// SPDX-License-Identifier: GPL-2.0-only
#include "core/descriptor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/prepared.h"

int descriptor_new(struct descriptor **out)
{
	struct arena *arena = arena_new();
	struct descriptor *descriptor = arena ? arena_alloc(arena, sizeof(*descriptor)) : NULL;

	if (!descriptor) {
		arena_free(arena);
		return -ENOMEM;
	}
	descriptor->arena = arena;
	descriptor->collected_at_s = -1;
	descriptor->stop_copy_bytes = -1;
	descriptor->downtime_ns = -1;
	*out = descriptor;
	return 0;
}

void descriptor_free(struct descriptor *descriptor)
{
	/* It lives in its own arena. */
	if (descriptor)
		arena_free(descriptor->arena);
}

int descriptor_set_fact(struct descriptor *descriptor, struct fact *fact, const char *text)
{
	struct fact known = {.state = FACT_KNOWN};

	if (!text) {
		*fact = (struct fact){.state = FACT_UNKNOWN};
		return 0;
	}
	known.text = arena_strdup(descriptor->arena, text);
	if (!known.text)
		return -ENOMEM;
	*fact = known;
	return 0;
}

void descriptor_set_unreadable(struct fact *fact, int error)
{
	*fact = (struct fact){.state = FACT_UNREADABLE, .error = error};
}

/* Where @name is, or would have to be; *found says which. */
static size_t attribute_place(const struct descriptor *descriptor, const char *name, bool *found)
{
	size_t low = 0;
	size_t high = descriptor->attribute_count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, descriptor->attributes[middle].name);

		if (!order) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int descriptor_add_attribute(struct descriptor *descriptor, const char *name, const char *text,
			     int error)
{
	struct attribute attribute = {0};
	struct attribute *attributes;
	bool found;
	size_t place = attribute_place(descriptor, name, &found);
	int r = 0;

	if (found)
		return -EEXIST;
	if (descriptor->attribute_count >= DESCRIPTOR_ATTRIBUTES_MAX)
		return -E2BIG;
	attributes = arena_grow(descriptor->arena, descriptor->attributes,
				descriptor->attribute_count, sizeof(*attributes));
	if (!attributes)
		return -ENOMEM;
	descriptor->attributes = attributes;
	attribute.name = arena_strdup(descriptor->arena, name);
	if (!attribute.name)
		return -ENOMEM;
	if (error > 0)
		descriptor_set_unreadable(&attribute.value, error);
	else
		r = descriptor_set_fact(descriptor, &attribute.value, text);
	if (r)
		return r;
	memmove(&attributes[place + 1], &attributes[place],
		(descriptor->attribute_count - place) * sizeof(*attributes));
	attributes[place] = attribute;
	descriptor->attribute_count++;
	return 0;
}

const struct attribute *descriptor_attribute(const struct descriptor *descriptor, const char *name)
{
	bool found;
	size_t place = attribute_place(descriptor, name, &found);

	return found ? &descriptor->attributes[place] : NULL;
}

int descriptor_add_offered_type(struct descriptor *descriptor, const char *type, int64_t available)
{
	struct offered_type *types;
	const char *copy;

	if (descriptor->offered_type_count >= DESCRIPTOR_TYPES_MAX)
		return -E2BIG;
	types = arena_grow(descriptor->arena, descriptor->offered_types,
			   descriptor->offered_type_count, sizeof(*types));
	copy = arena_strdup(descriptor->arena, type);
	if (!types || !copy)
		return -ENOMEM;
	types[descriptor->offered_type_count++] = (struct offered_type){copy, available};
	descriptor->offered_types = types;
	return 0;
}

static int add_text(struct arena *arena, const char ***texts, size_t *count, const char *text)
{
	const char **bigger;

	if (!text)
		return -ENOMEM;
	bigger = arena_grow(arena, *texts, *count, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	bigger[(*count)++] = text;
	*texts = bigger;
	return 0;
}

int descriptor_add_compatible_type(struct descriptor *descriptor, const char *trait)
{
	if (descriptor->compatible_type_count >= DESCRIPTOR_TRAITS_MAX)
		return -E2BIG;
	return add_text(descriptor->arena, &descriptor->compatible_type,
			&descriptor->compatible_type_count, arena_strdup(descriptor->arena, trait));
}

int descriptor_warn(struct descriptor *descriptor, const char *format, ...)
{
	va_list args;
	char *text;

	if (descriptor->warning_count >= DESCRIPTOR_WARNINGS_MAX)
		return 0;
	va_start(args, format);
	text = arena_vprintf(descriptor->arena, format, args);
	va_end(args);
	return add_text(descriptor->arena, &descriptor->warnings, &descriptor->warning_count, text);
}

static int prepare_ranges(struct descriptor *descriptor, struct descriptor_prepared *prepared)
{
	const struct fact *list = &descriptor->interface_version_compatible;
	int r;

	if (list->state != FACT_KNOWN)
		return 0;
	r = ranges_parse(descriptor->arena, slice_of(list->text), &prepared->ranges,
			 &prepared->range_count, NULL);
	if (r == -ENOMEM)
		return r;
	prepared->ranges_malformed = r < 0;
	prepared->ranges_text = list->text;
	return 0;
}

static int prepare_template(struct descriptor *descriptor, struct descriptor_prepared *prepared)
{
	const struct fact *text = &descriptor->template_text;
	struct template *template;

	if (text->state != FACT_KNOWN)
		return 0;
	template = arena_alloc(descriptor->arena, sizeof(*template));
	if (!template)
		return -ENOMEM;
	if (!template_parse(slice_of(text->text), template, &prepared->template_error))
		prepared->template = template;
	prepared->template_text = text->text;
	return 0;
}

int descriptor_prepare(struct descriptor *descriptor)
{
	struct descriptor_prepared *prepared;
	int r;

	descriptor->prepared = NULL;
	prepared = arena_alloc(descriptor->arena, sizeof(*prepared));
	if (!prepared)
		return -ENOMEM;
	r = prepare_ranges(descriptor, prepared);
	if (!r)
		r = prepare_template(descriptor, prepared);
	if (!r)
		descriptor->prepared = prepared;
	return r;
}

int descriptor_canonical_id(const char *text, int digits, char out[static 9])
{
	uint32_t id;

	if (!slice_hex_to_u32(slice_of(text), &id))
		return -EINVAL;
	if (digits < 1 || digits > 8)
		digits = digits < 1 ? 1 : 8;
	snprintf(out, 9, "%0*x", digits, id);
	return 0;
}
