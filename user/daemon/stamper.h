/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps the stamps of this host's domains fresh: runs `migwarden stamp --all --follow` beside the
 * daemon and starts it again when it ends. A process of its own, since libvirt keeps its callers
 * waiting, and waits itself, inside a hook, for an answer of the daemon.
 */
#ifndef DAEMON_STAMPER_H
#define DAEMON_STAMPER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct stamper_child;

/*
 * stamper_start - @uri NULL: libvirt's default; @socket is the daemon's own. Both are borrowed.
 * Gives 0 and *out, the caller's; or -errno. SIGCHLD has to be blocked.
 */
int stamper_start(sd_event *loop, const char *uri, const char *socket, int64_t refresh_s,
		  struct stamper_child **out);

/* stamper_stop - ends it and waits for its end; NULL is fine. */
void stamper_stop(struct stamper_child *stamper);

#endif
