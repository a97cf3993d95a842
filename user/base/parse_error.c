// SPDX-License-Identifier: GPL-2.0-only
#include "base/parse_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int parse_error_set(struct parse_error *error, const char *file, unsigned int line,
		    unsigned int column, const char *format, ...)
{
	va_list args;

	if (!error)
		return -EINVAL;
	text_copy_cut(error->file, sizeof(error->file), slice_of(file));
	error->line = line;
	error->column = column;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* Appends @text with control characters shown as \xNN, whole or not at all. */
static size_t append_shown(char *out, size_t size, size_t used, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool control = c < 0x20 || c == 0x7f;
		size_t need = control ? 4 : 1;

		if (used + need >= size)
			break;
		if (control)
			snprintf(out + used, size - used, "\\x%02x", (unsigned int)c);
		else
			out[used] = (char)c;
		used += need;
	}
	out[used] = '\0';
	return used;
}

void parse_error_format(const struct parse_error *error, char *out, size_t size)
{
	char place[32] = ": ";
	size_t used;

	if (!size)
		return;
	if (error->line)
		snprintf(place, sizeof(place), ":%u:%u: ", error->line, error->column);
	used = append_shown(out, size, 0, error->file);
	used = append_shown(out, size, used, place);
	append_shown(out, size, used, error->text);
}
