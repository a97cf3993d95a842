/* SPDX-License-Identifier: GPL-2.0-only */
/* A verdict for a person: the stages, the one that failed with both values, and what to do. */
#ifndef CLI_VERDICT_TEXT_H
#define CLI_VERDICT_TEXT_H

#include <stdio.h>

#include "core/verdict.h"

/*
 * verdict_print - a block of lines, the first of which says it all. Values are quoted and control
 * characters in them shown as \xNN: they come from files that anybody may have written.
 */
void verdict_print(const struct verdict *verdict, FILE *out);

/* text_print - @text without what a terminal would obey: control characters as \xNN. */
void text_print(const char *text, FILE *out);

#endif
