// SPDX-License-Identifier: GPL-2.0-only
#include "base/utf8.h"

#include "base/cleanup.h"

/* The bytes of one sequence by its first byte, and the bounds of its second (Unicode table 3-7). */
static const struct utf8_class {
	unsigned char first_low;
	unsigned char first_high;
	unsigned char length;
	unsigned char second_low;
	unsigned char second_high;
} utf8_classes[] = {
	{0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
	{0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
	{0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t utf8_length(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;

	if (!size)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(utf8_classes); i++) {
		const struct utf8_class *class = &utf8_classes[i];

		if (bytes[0] < class->first_low || bytes[0] > class->first_high)
			continue;
		if (class->length > size)
			return 0;
		if (class->length > 1 &&
		    (bytes[1] < class->second_low || bytes[1] > class->second_high))
			return 0;
		for (size_t k = 2; k < class->length; k++)
			if (bytes[k] < 0x80 || bytes[k] > 0xbf)
				return 0;
		return class->length;
	}
	return 0;
}

size_t utf8_valid_length(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t step = utf8_length(text + at, length - at);

		if (!step)
			break;
		at += step;
	}
	return at;
}
