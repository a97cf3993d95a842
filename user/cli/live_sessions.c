// SPDX-License-Identifier: GPL-2.0-only
#include "cli/live_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/process.h"

struct live_sessions {
	struct host *host;
	struct process process; /* that was asked for last */
	struct session_view *view;
	session_handler observer;
	void *observer_context;
	sd_event_source *timer;
};

static void pass_on(void *context, enum session_outcome outcome, const struct session *session,
		    const struct session_alarm *alarm)
{
	const struct live_sessions *live = context;

	if (live->observer)
		live->observer(live->observer_context, outcome, session, alarm);
}

static struct session_vm ask_host(void *context, uint32_t pid)
{
	struct live_sessions *live = context;

	/* One that is gone already, or is no VM, has no name. */
	process_read(live->host, (pid_t)pid, &live->process);
	return (struct session_vm){live->process.vm_name, live->process.vm_uuid};
}

static void set_timer(struct live_sessions *live)
{
	uint64_t next_ns = sessions_next_ns(session_view_sessions(live->view));

	if (!live->timer)
		return;
	if (next_ns)
		/* Rounded up: a moment too early nothing would end. */
		sd_event_source_set_time(live->timer, next_ns / 1000 + 1);
	sd_event_source_set_enabled(live->timer, next_ns ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int on_time(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct live_sessions *live = userdata;

	(void)source;
	(void)time_us;
	sessions_tick(session_view_sessions(live->view), clock_ns(CLOCK_MONOTONIC));
	fflush(stdout);
	set_timer(live);
	return 0;
}

int live_sessions_open(const struct verb *verb, struct event_view *view, uint64_t downtime_ns,
		       struct live_sessions **out)
{
	AUTO_LIVE_SESSIONS struct live_sessions *live = calloc(1, sizeof(*live));
	struct session_view_options options = {
		.view = view,
		.downtime_ns = downtime_ns,
		.find_vm = ask_host,
		.context = live,
		.observer = pass_on,
		.observer_context = live,
	};
	struct host_text boot_id = {0};
	struct utsname names = {0};

	if (!live || host_open(NULL, &live->host))
		return verb_usage(verb, "out of memory, or no /sys");
	uname(&names);
	host_read_line(live->host, &boot_id, HOST_BOOT_ID_PATH);
	options.origin = (struct session_origin){
		.host = names.nodename,
		.boot_id = boot_id.text,
		.clock_offset_ns = view->clock_offset_ns,
	};
	if (session_view_open(verb, &options, &live->view))
		return EXIT_BAD;
	*out = TAKE_PTR(live);
	return EXIT_YES;
}

void live_sessions_observe(struct live_sessions *live, session_handler observer, void *context)
{
	live->observer = observer;
	live->observer_context = context;
}

int live_sessions_follow(struct live_sessions *live, const struct verb *verb,
			 const struct capture *capture)
{
	int r = sd_event_add_time(capture_loop(capture), &live->timer, CLOCK_MONOTONIC, 0, 0,
				  on_time, live);

	if (r >= 0)
		r = sd_event_source_set_enabled(live->timer, SD_EVENT_OFF);
	if (r >= 0)
		return EXIT_YES;
	fprintf(stderr, "migwarden %s: %s\n", verb->name, strerror(-r));
	return EXIT_BAD;
}

void live_sessions_feed(struct live_sessions *live, const union mw_event *event)
{
	session_view_feed(live->view, event);
}

void live_sessions_batch(struct live_sessions *live, const struct ring_counts *counts)
{
	uint64_t lost[MW_EVENT_KINDS];

	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		lost[kind] = counts->kind[kind].lost;
	session_view_lost(live->view, lost);
	set_timer(live);
}

void live_sessions_finish(struct live_sessions *live, uint64_t now_ns)
{
	session_view_finish(live->view, now_ns);
	session_view_list(live->view);
}

void live_sessions_close(struct live_sessions *live)
{
	if (!live)
		return;
	sd_event_source_unref(live->timer);
	session_view_close(live->view);
	host_close(live->host);
	free(live);
}
