// SPDX-License-Identifier: GPL-2.0-only
/* migwarden watch: what happens to VFIO devices, live, a line each. */
#include <getopt.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/capture.h"
#include "cli/event_view.h"
#include "cli/live_sessions.h"
#include "cli/verb.h"

struct watch {
	struct event_view view;
	struct live_sessions *sessions;
};

static void watch_free(struct watch *watch)
{
	live_sessions_close(watch->sessions);
	event_view_free(&watch->view);
}

static void on_event(void *context, const union mw_event *event, const void *raw)
{
	struct watch *watch = context;

	(void)raw;
	event_view_show(&watch->view, event);
	live_sessions_feed(watch->sessions, event);
}

/* A reader that went away ends the watch, as Ctrl-C does. */
static int on_batch(void *context, const struct ring_counts *counts)
{
	struct watch *watch = context;

	live_sessions_batch(watch->sessions, counts);
	fflush(stdout);
	return ferror(stdout);
}

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct event_view *view, size_t *ring_bytes)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"device", required_argument, NULL, 'd'},
		{"events", required_argument, NULL, 'e'},
		{"sessions", no_argument, NULL, 's'},
		{"ring-size", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "jd:e:h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			view->json = true;
			break;
		case 'd':
			if (event_view_device(view, &verb_watch, optarg))
				return EXIT_BAD;
			break;
		case 'e':
			if (event_view_kinds(view, &verb_watch, optarg))
				return EXIT_BAD;
			break;
		case 's':
			view->has_sessions = true;
			break;
		case 'r':
			if (capture_ring_bytes(&verb_watch, optarg, ring_bytes))
				return EXIT_BAD;
			break;
		case 'h':
			return verb_help(&verb_watch);
		default:
			return verb_usage(&verb_watch, "unknown option");
		}
	}
	if (optind < argc)
		return verb_usage(&verb_watch, "unexpected argument '%s'", argv[optind]);
	return -1;
}

static int run(struct watch *watch, struct capture *capture)
{
	struct ring_counts counts;
	int r = live_sessions_follow(watch->sessions, &verb_watch, capture);

	if (r)
		return r;
	event_view_begin(&watch->view);
	r = capture_run(capture);
	if (!r)
		r = capture_finish(capture, &counts);
	if (r)
		return r;
	live_sessions_batch(watch->sessions, &counts);
	live_sessions_finish(watch->sessions, clock_ns(CLOCK_MONOTONIC));
	event_view_sums(&watch->view, &counts, capture_malformed(capture));
	return EXIT_YES;
}

static int watch_run(int argc, char **argv)
{
	AUTO_CAPTURE struct capture *capture = NULL; /* outlives the sessions */
	__attribute__((cleanup(watch_free))) struct watch watch = {0};
	struct capture_options options = {
		.verb = &verb_watch,
		.ring_bytes = CAPTURE_RING_BYTES,
		.on_event = on_event,
		.on_batch = on_batch,
		.context = &watch,
	};
	int r = parse(argc, argv, &watch.view, &options.ring_bytes);

	if (r >= 0)
		return r;
	watch.view.clock_offset_ns = clock_wall_offset_ns();
	r = live_sessions_open(&verb_watch, &watch.view, 0, &watch.sessions);
	if (!r)
		r = capture_open(&options, &capture);
	return r ? r : run(&watch, capture);
}

const struct verb verb_watch = {
	.name = "watch",
	.summary = "what happens to VFIO devices, live, a line each",
	.help = "usage: migwarden watch [--json] [--device NAME]... [--events KIND,...]\n"
		"\n"
		"Shows every ioctl on a VFIO device, every arc of the migration state machine that "
		"a driver\n"
		"walks, reads and writes of mdev attributes, mdevs made and removed, device fds "
		"closed, and\n"
		"modules loaded; and when a migration is over, for each of its phases the sums of "
		"what went\n"
		"through the data file; and alarms, where something went wrong that nobody else "
		"tells. Works\n"
		"when vfio is loaded later. Ctrl-C ends it with the sums of what was produced, "
		"delivered and\n"
		"lost.\n"
		"\n" EVENT_VIEW_HELP
		"      --sessions        at the end a line for each migration of a device\n"
		"      --ring-size N     bytes of the ring, a power of two (4194304)\n"
		"  -h, --help            this text\n"
		"\n"
		"Needs root, or CAP_BPF and CAP_PERFMON, and a kernel with BTF.\n"
		"Exit status: 0 ended by Ctrl-C or TERM, 2 bad usage, or watching is not possible "
		"here.\n",
	.run = watch_run,
};
