/* SPDX-License-Identifier: GPL-2.0-only */
/* What is UTF-8 and what is not (Unicode, table 3-7). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/*
 * utf8_length - bytes of the sequence (1 to 4) at the start of @text, of which @size bytes may be
 * read; 0 when there is no valid one (overlong, surrogate, above U+10FFFF, cut off).
 */
size_t utf8_length(const char *text, size_t size);

/* utf8_valid_length - how many bytes of @text are valid UTF-8 before the first that are not. */
size_t utf8_valid_length(const char *text, size_t length);

#endif
