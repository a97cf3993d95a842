/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of text that somebody else owns, and the few questions asked of them. No locale. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *text; /* not terminated; may be NULL when length is 0 */
	size_t length;
};

/* slice_of - the whole of a terminated text; NULL gives an empty slice. */
static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length && (!a.length || !memcmp(a.text, b.text, a.length));
}

static inline bool slice_is(struct slice slice, const char *text)
{
	return slice_equal(slice, slice_of(text));
}

static inline bool text_equal(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* slice_skip - without the first @count bytes (all of it when there are fewer). */
static inline struct slice slice_skip(struct slice slice, size_t count)
{
	if (count > slice.length)
		count = slice.length;
	return count ? (struct slice){slice.text + count, slice.length - count} : slice;
}

/* slice_trim - without blanks and tabs at both ends. */
struct slice slice_trim(struct slice slice);

/* slice_chomp - without one trailing newline, as sysfs files have. */
static inline struct slice slice_chomp(struct slice slice)
{
	if (slice.length && slice.text[slice.length - 1] == '\n')
		slice.length--;
	return slice;
}

/* slice_find - where @c stands first; slice.length when it does not. */
size_t slice_find(struct slice slice, char c);

/*
 * slice_cut - takes what stands before the first @separator off @rest. Gives true and the piece;
 * the last piece leaves rest->text NULL, after which it gives false. So "a,,b" has three pieces
 * and "" has one, the empty one.
 */
bool slice_cut(struct slice *rest, const char *separator, struct slice *piece);

/* slice_to_u64 - decimal digits and nothing else; leading zeros count. False when over 64 bits. */
bool slice_to_u64(struct slice slice, uint64_t *out);

/* slice_hex_to_u32 - hex, with or without 0x; any number of leading zeros. False over 32 bits. */
bool slice_hex_to_u32(struct slice slice, uint32_t *out);

/*
 * text_copy_cut - copies into @out, always terminated; what does not fit is cut at a character
 * boundary of UTF-8 and ends in "…". @size is 4 at least. Gives whether all of it fitted.
 */
bool text_copy_cut(char *out, size_t size, struct slice text);

/*
 * text_mark_cut - for text that snprintf has cut to @size bytes (4 at least) with its end: makes
 * the end "…", at a character boundary of UTF-8.
 */
void text_mark_cut(char *out, size_t size);

#endif
