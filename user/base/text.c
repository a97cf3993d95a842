// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"

struct slice slice_trim(struct slice slice)
{
	while (slice.length && is_blank(slice.text[0]))
		slice = slice_skip(slice, 1);
	while (slice.length && is_blank(slice.text[slice.length - 1]))
		slice.length--;
	return slice;
}

size_t slice_find(struct slice slice, char c)
{
	const char *at = slice.length ? memchr(slice.text, c, slice.length) : NULL;

	return at ? (size_t)(at - slice.text) : slice.length;
}

static size_t find_text(struct slice slice, const char *needle, size_t length)
{
	size_t from = 0;

	while (slice.length - from >= length) {
		size_t at = from + slice_find(slice_skip(slice, from), needle[0]);

		if (slice.length - at < length)
			break;
		if (!memcmp(slice.text + at, needle, length))
			return at;
		from = at + 1;
	}
	return slice.length;
}

bool slice_cut(struct slice *rest, const char *separator, struct slice *piece)
{
	size_t length = strlen(separator);
	size_t at;

	if (!rest->text)
		return false;
	at = length ? find_text(*rest, separator, length) : rest->length;
	*piece = (struct slice){rest->text, at};
	if (at == rest->length)
		*rest = (struct slice){NULL, 0};
	else
		*rest = slice_skip(*rest, at + length);
	return true;
}

bool slice_to_u64(struct slice slice, uint64_t *out)
{
	uint64_t value = 0;

	if (!slice.length)
		return false;
	for (size_t i = 0; i < slice.length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)slice.text[i] - '0';

		if (!is_digit(slice.text[i]) || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*out = value;
	return true;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool slice_hex_to_u32(struct slice slice, uint32_t *out)
{
	uint32_t value = 0;

	if (slice.length > 2 && slice.text[0] == '0' && (slice.text[1] | 0x20) == 'x')
		slice = slice_skip(slice, 2);
	if (!slice.length)
		return false;
	for (size_t i = 0; i < slice.length; i++) {
		int digit = hex_digit(slice.text[i]);

		if (digit < 0 || value >> 28)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*out = value;
	return true;
}

bool text_copy_cut(char *out, size_t size, struct slice text)
{
	static const char mark[] = "…";
	size_t keep = text.length;

	if (keep >= size) {
		keep = size - sizeof(mark);
		/* Not into the middle of a character. */
		while (keep && ((unsigned char)text.text[keep] & 0xc0) == 0x80)
			keep--;
	}
	if (keep)
		memcpy(out, text.text, keep);
	if (keep == text.length) {
		out[keep] = '\0';
		return true;
	}
	memcpy(out + keep, mark, sizeof(mark));
	return false;
}

void text_mark_cut(char *out, size_t size)
{
	static const char mark[] = "…";
	size_t keep = size - sizeof(mark);

	while (keep && ((unsigned char)out[keep] & 0xc0) == 0x80)
		keep--;
	memcpy(out + keep, mark, sizeof(mark));
}
