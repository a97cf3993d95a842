/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that came from elsewhere, on its way into HTML. */
#ifndef SINKS_HTML_H
#define SINKS_HTML_H

#include <stdio.h>

/*
 * html_text - @text as it stands, where no character of it can end a text or an attribute in either
 * kind of quotes. What is not UTF-8, not printable, or turns the direction of writing round is
 * shown as "\xNN" for each byte.
 */
void html_text(FILE *out, const char *text);

#endif
