// SPDX-License-Identifier: GPL-2.0-only
#include "kern/symbol.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A C identifier, perhaps with the suffix that a compiler put on a copy (".isra.0"). */
static size_t identifier_length(const char *text)
{
	size_t length = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[length]) || text[length] == '_' || text[length] == '.')
		length++;
	return length;
}

int symbol_parse(const char *text, struct symbol *out)
{
	size_t function = identifier_length(text), module = 0;
	const char *rest = text + function;

	if (!function || function >= sizeof(out->function))
		return -EINVAL;
	if (strncmp(rest, " [", 2) == 0) {
		rest += 2;
		module = strcspn(rest, "]");
		if (!module || module >= sizeof(out->module) || strcmp(rest + module, "]") != 0)
			return -EINVAL;
	} else if (*rest) {
		return -EINVAL;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out->function, text, function);
	memcpy(out->module, rest, module);
	return 0;
}
