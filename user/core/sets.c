// SPDX-License-Identifier: GPL-2.0-only
#include "core/sets.h"

#include <stdio.h>

static bool set_add(struct set *set, struct slice member)
{
	if (set->count == SET_MEMBERS_MAX)
		return false;
	set->members[set->count++] = member;
	return true;
}

bool set_parse(struct slice text, const char *separator, struct set *out)
{
	struct slice member;

	out->count = 0;
	if (!text.length)
		return true;
	if (text.length > SET_BYTES_MAX)
		return false;
	while (slice_cut(&text, separator, &member)) {
		if (!member.length || !set_add(out, member))
			return false;
	}
	return true;
}

bool set_of(const char *const *texts, size_t count, struct set *out)
{
	size_t bytes = 0;

	out->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct slice member = slice_of(texts[i]);

		bytes += member.length;
		if (bytes > SET_BYTES_MAX || (member.length && !set_add(out, member)))
			return false;
	}
	return true;
}

bool set_has(const struct set *set, struct slice member)
{
	for (size_t i = 0; i < set->count; i++) {
		if (slice_equal(set->members[i], member))
			return true;
	}
	return false;
}

size_t set_missing(const struct set *set, const struct set *wanted, char *out, size_t size)
{
	size_t missing = 0;
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < wanted->count; i++) {
		struct slice member = wanted->members[i];
		int n;

		if (set_has(set, member))
			continue;
		missing++;
		if (used >= size)
			continue;
		n = snprintf(out + used, size - used, "%s%.*s", missing > 1 ? ", " : "",
			     member.length < size ? (int)member.length : (int)size, member.text);
		used += n > 0 ? (size_t)n : 0;
	}
	return missing;
}
