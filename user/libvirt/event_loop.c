// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/event_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "libvirt/calls.h"

/* A file or a timer that libvirt waits for. */
struct watch {
	struct watch *next;
	int id;
	int interval_ms; /* of a timer; negative: it is off */
	sd_event_source *source;
	virEventHandleCallback on_file; /* NULL: a timer */
	virEventTimeoutCallback on_time;
	virFreeCallback release;
	void *context;
};

/* libvirt's registry is the process's, and so is this. */
static struct {
	sd_event *loop;
	struct watch *watches;
	int last_id;
} state;

static uint32_t epoll_of(int events)
{
	return (events & VIR_EVENT_HANDLE_READABLE ? (uint32_t)EPOLLIN : 0) |
	       (events & VIR_EVENT_HANDLE_WRITABLE ? (uint32_t)EPOLLOUT : 0);
}

static int libvirt_of(uint32_t events)
{
	return (events & EPOLLIN ? VIR_EVENT_HANDLE_READABLE : 0) |
	       (events & EPOLLOUT ? VIR_EVENT_HANDLE_WRITABLE : 0) |
	       (events & EPOLLERR ? VIR_EVENT_HANDLE_ERROR : 0) |
	       (events & EPOLLHUP ? VIR_EVENT_HANDLE_HANGUP : 0);
}

static struct watch **find(int id)
{
	struct watch **at = &state.watches;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static struct watch *add(void *context, virFreeCallback release)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->id = ++state.last_id;
	watch->context = context;
	watch->release = release;
	watch->next = state.watches;
	state.watches = watch;
	return watch;
}

static int on_file(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct watch *watch = userdata;

	(void)source;
	watch->on_file(watch->id, fd, libvirt_of(events), watch->context);
	return 0;
}

static int start_timer(struct watch *watch)
{
	uint64_t now_us = clock_ns(CLOCK_MONOTONIC) / 1000;

	if (watch->interval_ms < 0)
		return sd_event_source_set_enabled(watch->source, SD_EVENT_OFF);
	sd_event_source_set_time(watch->source, now_us + (uint64_t)watch->interval_ms * 1000);
	return sd_event_source_set_enabled(watch->source, SD_EVENT_ONESHOT);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;

	(void)source;
	(void)usec;
	/* Again in the same time, unless the callback says otherwise. */
	start_timer(watch);
	watch->on_time(watch->id, watch->context);
	return 0;
}

/* What libvirt calls; each gives -1 when it fails. */
static int remove_watch(int id);

static int add_file(int fd, int events, virEventHandleCallback callback, void *context,
		    virFreeCallback release)
{
	struct watch *watch = add(context, release);

	if (!watch)
		return -1;
	watch->on_file = callback;
	if (sd_event_add_io(state.loop, &watch->source, fd, epoll_of(events), on_file, watch) < 0) {
		watch->release = NULL;
		remove_watch(watch->id);
		return -1;
	}
	return watch->id;
}

static void update_file(int id, int events)
{
	struct watch *watch = *find(id);

	if (watch)
		sd_event_source_set_io_events(watch->source, epoll_of(events));
}

static int add_timer(int interval_ms, virEventTimeoutCallback callback, void *context,
		     virFreeCallback release)
{
	struct watch *watch = add(context, release);

	if (!watch)
		return -1;
	watch->on_time = callback;
	watch->interval_ms = interval_ms;
	if (sd_event_add_time(state.loop, &watch->source, CLOCK_MONOTONIC, 0, 1, on_time, watch) <
		    0 ||
	    start_timer(watch) < 0) {
		watch->release = NULL;
		remove_watch(watch->id);
		return -1;
	}
	return watch->id;
}

static void update_timer(int id, int interval_ms)
{
	struct watch *watch = *find(id);

	if (!watch)
		return;
	watch->interval_ms = interval_ms;
	start_timer(watch);
}

static int on_removed(sd_event_source *source, void *userdata)
{
	struct watch *watch = userdata;

	if (watch->release)
		watch->release(watch->context);
	sd_event_source_unref(source);
	free(watch);
	return 0;
}

/* libvirt holds its locks here, which the release takes again: that has to wait. */
static int remove_watch(int id)
{
	struct watch **at = find(id);
	struct watch *watch = *at;
	sd_event_source *later;

	if (!watch)
		return -1;
	*at = watch->next;
	sd_event_source_disable_unref(watch->source);
	watch->source = NULL;
	if (sd_event_add_defer(state.loop, &later, on_removed, watch) < 0)
		return -1;
	return 0;
}

int event_loop_register(sd_event *loop)
{
	int r = calls_load();

	if (r)
		return r;
	state.loop = loop;
	libvirt.virEventRegisterImpl(add_file, update_file, remove_watch, add_timer, update_timer,
				     remove_watch);
	return libvirt.virInitialize() < 0 ? -EIO : 0;
}
