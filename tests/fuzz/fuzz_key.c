// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a file of trusted keys: each key that is read, written again, is the same key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read_again(const struct key_public *key)
{
	AUTO_KEY_LIST struct key_list again = {0};
	char line[KEY_LINE_BYTES];

	key_public_format(key, line);
	if (key_list_parse("again", line, strlen(line), &again, NULL) || again.count != 1 ||
	    memcmp(again.keys[0].bytes, key->bytes, sizeof(key->bytes)) ||
	    strcmp(again.keys[0].id, key->id) || strcmp(again.keys[0].comment, key->comment))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_KEY_LIST struct key_list list = {0};
	struct parse_error error = {0};

	if (key_list_parse("fuzz", (const char *)data, size, &list, &error)) {
		if (!error.line || !error.text[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < list.count; i++)
		write_and_read_again(&list.keys[i]);
	return 0;
}
