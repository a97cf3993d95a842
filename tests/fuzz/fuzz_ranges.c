// SPDX-License-Identifier: GPL-2.0-only
/* A version, a newline, a range list: looking it up and parsing it have to agree. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "core/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The list of the parsed ranges written out again holds the same. */
static void write_again(const struct range *ranges, size_t count, struct xyz version, int expected)
{
	static char text[RANGES_BYTES_MAX + 128];
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (used > RANGES_BYTES_MAX)
			return;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u.%u.%u-%u.%u.%u",
					 i ? "," : "", ranges[i].first.major, ranges[i].first.minor,
					 ranges[i].first.bugfix, ranges[i].last.major,
					 ranges[i].last.minor, ranges[i].last.bugfix);
	}
	if (used <= RANGES_BYTES_MAX)
		require(ranges_contain(slice_of(text), version, NULL) == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = {(const char *)data, size};
	size_t newline = slice_find(input, '\n');
	struct slice list = slice_skip(input, newline + 1);
	struct xyz version = {1, 2, 3};
	struct arena *arena = arena_new();
	const struct range *ranges = NULL;
	struct range_error error;
	size_t count = 0;
	int found;
	int r;

	xyz_parse((struct slice){input.text, newline}, &version);
	found = ranges_contain(list, version, &error);
	require((found < 0) == (error.fault != RANGE_FINE));
	r = ranges_parse(arena, list, &ranges, &count, NULL);
	require((r < 0) == (found < 0));
	if (!r) {
		int any = 0;

		require(count > 0 && count <= RANGES_ITEMS_MAX);
		for (size_t i = 0; i < count; i++) {
			require(ranges[i].first.major == ranges[i].last.major);
			require(xyz_order(ranges[i].first, ranges[i].last) <= 0);
			any |= range_contains(&ranges[i], version);
		}
		require(any == found);
		write_again(ranges, count, version, found);
	}
	arena_free(arena);
	return 0;
}
