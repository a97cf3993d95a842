// SPDX-License-Identifier: GPL-2.0-only
#include "base/escape.h"

#include <stdio.h>
#include <string.h>

#define ESCAPE_BYTES 5 /* \xNN and the NUL */

char *escape_append(char *out, size_t size, const char *text, size_t length)
{
	size_t used = strlen(out);

	for (size_t i = 0; i < length && used + ESCAPE_BYTES <= size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 0x20 && byte < 0x7f && byte != '\\')
			out[used++] = (char)byte;
		else if (byte != '\n' || i + 1 != length)
			used += (size_t)snprintf(out + used, size - used, "\\x%02x", byte);
	}
	out[used] = '\0';
	return out;
}

char *escape_text(char *out, size_t size, const char *text)
{
	out[0] = '\0';
	return escape_append(out, size, text, strlen(text));
}
