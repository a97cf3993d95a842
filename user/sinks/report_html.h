/* SPDX-License-Identifier: GPL-2.0-only */
/* A migration as HTML: a page of its own, or a section of somebody else's. No script, no network.
 */
#ifndef SINKS_REPORT_HTML_H
#define SINKS_REPORT_HTML_H

#include <stddef.h>
#include <stdio.h>

#include "sinks/report.h"

/* "sha256-" and base64, with its NUL. */
#define REPORT_HTML_HASH_BYTES 64

/* report_html_style - the style sheet that the sections need, light and dark. Static. */
const char *report_html_style(void);

/*
 * report_html_style_hash - what a Content-Security-Policy must name for <style> with exactly
 * @style in it. Gives @out.
 */
const char *report_html_style_hash(const char *style, char out[static REPORT_HTML_HASH_BYTES]);

/*
 * report_html_section - one migration as a <section>: the sentence, the figures, a table beside
 * each.
 * @number sets its ids apart from those of other sections of the page.
 */
void report_html_section(FILE *out, const struct report *report, unsigned int number);

/* report_html - a whole page with @reports[@count]. */
void report_html(FILE *out, const struct report *reports, size_t count);

#endif
