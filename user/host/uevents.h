/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's word that a VFIO device has come or gone (netlink(7), NETLINK_KOBJECT_UEVENT). */
#ifndef HOST_UEVENTS_H
#define HOST_UEVENTS_H

#include <stdbool.h>
#include <stddef.h>

struct uevents;

/* uevents_open - begins to listen. Gives 0 and *out, the caller's; -ENOMEM or the -errno of a
 * socket. */
int uevents_open(struct uevents **out);

/* uevents_close - NULL is fine. */
void uevents_close(struct uevents *uevents);

/* uevents_fd - readable when something waits; stays ours. */
int uevents_fd(const struct uevents *uevents);

/*
 * uevents_take - reads all that waits, without waiting itself. Gives whether a VFIO device may have
 * come or gone: one was announced, or the kernel had no room for an announcement.
 */
bool uevents_take(struct uevents *uevents);

/*
 * uevent_is_of_devices - whether a message of the kernel's, "ACTION@DEVPATH" and then KEY=VALUE,
 * each with a NUL, tells of a device that comes into the class vfio-dev or leaves it, or of a mdev
 * that is gone: its name lives a moment longer. What is malformed does not.
 */
bool uevent_is_of_devices(const char *message, size_t size);

#endif
