// SPDX-License-Identifier: GPL-2.0-only
#include "config/json_text.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/input.h"

#define REPLACEMENT "\xef\xbf\xbd"

json_t *json_text(const char *text)
{
	AUTO_FREE char *fixed = NULL;
	size_t length;
	size_t used = 0;

	if (!text)
		return json_null();
	length = strlen(text);
	if (utf8_valid_length(text, length) == length)
		return json_stringn(text, length);

	fixed = malloc(length * strlen(REPLACEMENT) + 1);
	if (!fixed)
		return NULL;
	while (length) {
		size_t valid = utf8_valid_length(text, length);

		memcpy(fixed + used, text, valid);
		used += valid;
		if (valid < length) {
			/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): text follows. */
			memcpy(fixed + used, REPLACEMENT, strlen(REPLACEMENT));
			used += strlen(REPLACEMENT);
			valid++;
		}
		text += valid;
		length -= valid;
	}
	return json_stringn(fixed, used);
}
