/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last boot that we heard of each host, by the key that it signs with: a stamp from before that
 * boot tells of devices that may be others by now. Remembered while the daemon lives.
 */
#ifndef DAEMON_BOOTS_H
#define DAEMON_BOOTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/stamp.h"
#include "host/key.h"

#define BOOTS_MAX 1024
#define BOOT_ID_BYTES 64

struct boot {
	char key[KEY_ID_BYTES];
	char id[BOOT_ID_BYTES];
	int64_t time_s; /* of the latest stamp that told of it */
};

struct boots {
	struct boot list[BOOTS_MAX];
	size_t count;
};

/* boots_find - of the host with that key; NULL when none is known. */
const struct boot *boots_find(const struct boots *boots, const char *key);

/*
 * boots_learn - what @stamp, whose signature is valid, tells, unless a later one is known. Of more
 * hosts than BOOTS_MAX nothing is learnt.
 */
void boots_learn(struct boots *boots, const struct stamp *stamp);

#endif
