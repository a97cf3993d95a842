/* SPDX-License-Identifier: GPL-2.0-only */
/* What the person at the source of a migration reads, when the hook at its destination says no. */
#ifndef CLI_LIBVIRT_HOOK_TEXT_H
#define CLI_LIBVIRT_HOOK_TEXT_H

#include <jansson.h>
#include <stdio.h>

/*
 * hook_text - a short block about the daemon's answer for a domain (daemon/domains.h): each device
 * that does not pass, its reason, both values, the rule and a hint. Everything from elsewhere is
 * escaped. Where all pass, those that a policy only audits are told of.
 */
void hook_text(FILE *out, const json_t *answer);

#endif
