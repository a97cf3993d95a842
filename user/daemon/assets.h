/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of user/daemon/web/, as they are in the program. */
#ifndef DAEMON_ASSETS_H
#define DAEMON_ASSETS_H

#include <stddef.h>

struct asset {
	const char *begin;
	const char *end;
	const char *type; /* Content-Type */
};

enum asset_name {
	ASSET_STYLE,
	ASSET_SCRIPT,
	ASSET_ICON,
	ASSET_COUNT_,
};

/* assets - by enum asset_name. */
extern const struct asset assets[ASSET_COUNT_];

#endif
