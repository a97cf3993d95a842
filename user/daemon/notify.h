/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told (sd_notify(3)); without one, nothing happens. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <systemd/sd-event.h>

/* notify_ready - that what was asked for is done, start or reload, and in words how things stand.
 */
void notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* notify_status - only how things stand. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* notify_reloading - that a reload has begun; notify_ready() ends it, whatever came of it. */
void notify_reloading(void);

/* notify_stopping - that the end has begun. */
void notify_stopping(void);

/*
 * notify_watchdog - from now on tells the manager's watchdog, from the loop, that the loop turns:
 * before three quarters of WatchdogSec are over. Without a watchdog there is no timer. Gives 0 or
 * -errno.
 */
int notify_watchdog(sd_event *loop);

#endif
