/* SPDX-License-Identifier: GPL-2.0-only */
/* The settings of this host, for the daemon and for those who talk to it. */
#ifndef CLI_HOST_SETTINGS_H
#define CLI_HOST_SETTINGS_H

#include "config/settings.h"
#include "daemon/daemon.h"

/*
 * host_settings - what the file at @path says; NULL: the usual one, which need not be there. Gives
 * 0 and *out, the caller's; else -errno, with the place of the error told on stderr.
 */
int host_settings(const char *path, struct settings **out);

/* host_audit - the part of the daemon's options that says where things are recorded; borrows. */
void host_audit(const struct settings *settings, struct daemon_options *out);

#endif
