// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_keys(struct key_list *list, const struct key_list *more, const char *path,
		    struct parse_error *error)
{
	struct key_public *keys =
		reallocarray(list->keys, list->count + more->count, sizeof(*keys));

	if (!keys && more->count)
		return -ENOMEM;
	list->keys = keys;
	for (size_t i = 0; i < more->count; i++) {
		const struct key_public *key = &more->keys[i];
		const struct key_public *same = key_list_find(list, key->id);

		if (!same)
			list->keys[list->count++] = *key;
		else if (memcmp(same->bytes, key->bytes, sizeof(key->bytes)) != 0)
			return parse_error_set(error, path, 0, 0,
					       "expected one key of the id %s in all files of "
					       "`trust`, this is another",
					       key->id);
	}
	return 0;
}

int trust_read(const struct policy *policy, struct key_list *out, struct parse_error *error)
{
	AUTO_KEY_LIST struct key_list list = {0};

	for (size_t i = 0; i < policy->trust_count; i++) {
		AUTO_KEY_LIST struct key_list more = {0};
		const char *path = policy->trust[i].path;
		int r = key_list_read(path, &more, error);

		if (!r && more.count)
			r = add_keys(&list, &more, path, error);
		if (r)
			return r;
	}
	*out = list;
	list = (struct key_list){0};
	return 0;
}
