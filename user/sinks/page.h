/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of the loopback port: what /state.json says, for people. Works without a script. */
#ifndef SINKS_PAGE_H
#define SINKS_PAGE_H

#include <jansson.h>
#include <stdio.h>

/*
 * page_write - the whole page from @state: "host", "status" (as migwarden status --json),
 * "devices", "decisions", "sessions", "incidents" and "reload_failed". What is missing or of
 * another kind is shown as "?"; all text is escaped.
 */
void page_write(FILE *out, const json_t *state);

#endif
