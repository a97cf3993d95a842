/* SPDX-License-Identifier: GPL-2.0-only */
/* libvirt's events on an sd-event loop: its files and timers become sources of ours. */
#ifndef LIBVIRT_EVENT_LOOP_H
#define LIBVIRT_EVENT_LOOP_H

#include <systemd/sd-event.h>

/*
 * event_loop_register - from now on libvirt waits by @loop, which must outlive its connections. For
 * the whole process, once, before the first connection; libvirt is to be used by this thread only.
 * 0 or -errno.
 */
int event_loop_register(sd_event *loop);

#endif
