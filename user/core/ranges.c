// SPDX-License-Identifier: GPL-2.0-only
#include "core/ranges.h"

#include <errno.h>

struct reader {
	struct slice rest;
	size_t items;
	struct range_error error;
};

const char *range_fault_text(enum range_fault fault)
{
	switch (fault) {
	case RANGE_FINE:
		return "well-formed";
	case RANGE_EMPTY:
		return "the list or one of its items is empty";
	case RANGE_NOT_XYZ:
		return "not <major>.<minor>[.<bugfix>], nor a range of it";
	case RANGE_BACKWARDS:
		return "the range ends before it begins";
	case RANGE_CROSSES_MAJOR:
		return "the ends of the range differ in major";
	case RANGE_TOO_LONG:
		return "the list is too long";
	}
	return "malformed";
}

static enum range_fault range_parse(struct slice item, struct range *out)
{
	size_t dash = slice_find(item, '-');
	struct range range;

	if (!item.length)
		return RANGE_EMPTY;
	if (!xyz_parse((struct slice){item.text, dash}, &range.first))
		return RANGE_NOT_XYZ;
	if (dash == item.length) {
		range.last = range.first;
	} else if (dash + 1 == item.length) {
		range.last = (struct xyz){range.first.major, UINT32_MAX, UINT32_MAX};
	} else {
		if (!xyz_parse(slice_skip(item, dash + 1), &range.last))
			return RANGE_NOT_XYZ;
		if (range.first.major != range.last.major)
			return RANGE_CROSSES_MAJOR;
		if (xyz_order(range.first, range.last) > 0)
			return RANGE_BACKWARDS;
	}
	*out = range;
	return RANGE_FINE;
}

static struct reader reader_of(struct slice list)
{
	list = slice_chomp(list);
	if (!list.text)
		list.text = "";
	return (struct reader){.rest = list};
}

/* The next item: 1, 0 at the end, -EINVAL. */
static int reader_next(struct reader *reader, struct range *out)
{
	struct slice item = reader->rest;

	if (reader->rest.length > RANGES_BYTES_MAX || reader->items > RANGES_ITEMS_MAX) {
		reader->error = (struct range_error){.fault = RANGE_TOO_LONG};
		return -EINVAL;
	}
	if (!slice_cut(&reader->rest, ",", &item))
		return 0;
	reader->items++;
	item = slice_trim(item);
	reader->error.fault = range_parse(item, out);
	if (reader->error.fault == RANGE_FINE)
		return 1;
	reader->error.item = item;
	return -EINVAL;
}

int ranges_contain(struct slice list, struct xyz version, struct range_error *error)
{
	struct reader reader = reader_of(list);
	struct range range;
	int found = 0;
	int r;

	/* To the end even when found: one bad item makes the whole list unusable. */
	while ((r = reader_next(&reader, &range)) > 0)
		found |= range_contains(&range, version);
	if (error)
		*error = reader.error;
	return r < 0 ? r : found;
}

int ranges_parse(struct arena *arena, struct slice list, const struct range **out, size_t *count,
		 struct range_error *error)
{
	struct reader reader = reader_of(list);
	struct range *ranges = NULL;
	struct range range;
	size_t used = 0;
	int r;

	while ((r = reader_next(&reader, &range)) > 0) {
		struct range *bigger = arena_grow(arena, ranges, used, sizeof(*ranges));

		if (!bigger)
			return -ENOMEM;
		ranges = bigger;
		ranges[used++] = range;
	}
	if (error)
		*error = reader.error;
	if (r < 0)
		return r;
	*out = ranges;
	*count = used;
	return 0;
}
