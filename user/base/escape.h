/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that came from elsewhere, on its way to a terminal. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

/*
 * escape_append - appends @length bytes of @text to the NUL-terminated @out of @size bytes, with
 * each byte that is not printable ASCII, and the backslash, as \xNN; valid UTF-8 is not kept. A
 * newline at the very end is left out. What does not fit is cut. Gives @out.
 */
char *escape_append(char *out, size_t size, const char *text, size_t length);

/* escape_text - as escape_append, of a whole text into an empty @out. Gives @out. */
char *escape_text(char *out, size_t size, const char *text);

#endif
