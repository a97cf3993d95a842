// SPDX-License-Identifier: GPL-2.0-only
/* migwarden replay: a recording, shown as what happened was shown; no root, no kernel. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/event_view.h"
#include "cli/recording_info.h"
#include "cli/verb.h"
#include "config/recording_read.h"

struct replay {
	struct event_view view;
	const char *path;
	bool is_info;
	bool is_realtime;
	uint64_t paced_ns; /* of the last event, in the time of the recording */
	struct recording_counts counts;
	struct recording_reader *reader;
};

static void replay_free(struct replay *replay)
{
	recording_reader_close(replay->reader);
	event_view_free(&replay->view);
}

/* Waits as long as there was between this event and the one before it. */
static void pace(struct replay *replay, uint64_t time_ns)
{
	uint64_t wait_ns = time_ns - replay->paced_ns;
	struct timespec wait = {
		.tv_sec = (time_t)(wait_ns / 1000000000u),
		.tv_nsec = (long)(wait_ns % 1000000000u),
	};

	if (!replay->is_realtime)
		return;
	/* Events of two CPUs may come out of order: then there is nothing to wait for. */
	if (replay->paced_ns && time_ns > replay->paced_ns) {
		fflush(stdout);
		nanosleep(&wait, NULL);
	}
	if (time_ns > replay->paced_ns)
		replay->paced_ns = time_ns;
}

static void take(struct replay *replay, const struct recording_item *item)
{
	switch (item->type) {
	case RECORDING_EVENT:
		pace(replay, item->event->head.time_ns);
		event_view_show(&replay->view, item->event);
		break;
	case RECORDING_COUNTS:
		replay->counts = *item->counts;
		break;
	case RECORDING_START:
	case RECORDING_FILTER:
	case RECORDING_PROCESS:
	case RECORDING_DEVICE:
	case RECORDING_LIMITS:
	case RECORDING_END:
		break;
	}
}

static void show_sums(const struct replay *replay)
{
	struct ring_counts counts;

	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		counts.kind[kind] = (struct ring_count){
			.produced = replay->counts.kind[kind].produced,
			.lost = replay->counts.kind[kind].lost,
			.delivered = replay->counts.kind[kind].delivered,
		};
	event_view_sums(&replay->view, &counts, replay->counts.malformed);
}

/* Gives 0, or 1 with @error for a damaged file, whose sums are those of the last whole block. */
static int run(struct replay *replay, struct parse_error *error)
{
	struct recording_item item;
	int r;

	event_view_begin(&replay->view);
	while ((r = recording_reader_next(replay->reader, &item, error)) == 1 && !ferror(stdout))
		take(replay, &item);
	show_sums(replay);
	return r < 0;
}

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct replay *replay)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"device", required_argument, NULL, 'd'},
		{"events", required_argument, NULL, 'e'},
		{"info", no_argument, NULL, 'i'},
		{"speed", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "jd:e:ih", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			replay->view.json = true;
			break;
		case 'd':
			if (event_view_device(&replay->view, &verb_replay, optarg))
				return EXIT_BAD;
			break;
		case 'e':
			if (event_view_kinds(&replay->view, &verb_replay, optarg))
				return EXIT_BAD;
			break;
		case 'i':
			replay->is_info = true;
			break;
		case 's':
			replay->is_realtime = !strcmp(optarg, "realtime");
			if (!replay->is_realtime && strcmp(optarg, "max"))
				return verb_usage(&verb_replay,
						  "--speed: expected realtime or max, got '%s'",
						  optarg);
			break;
		case 'h':
			return verb_help(&verb_replay);
		default:
			return verb_usage(&verb_replay, "unknown option");
		}
	}
	if (optind == argc)
		return verb_usage(&verb_replay, "no recording given");
	replay->path = argv[optind++];
	if (optind < argc)
		return verb_usage(&verb_replay, "unexpected argument '%s'", argv[optind]);
	return -1;
}

static int replay_run(int argc, char **argv)
{
	__attribute__((cleanup(replay_free))) struct replay replay = {0};
	struct parse_error error = {0};
	int r = parse(argc, argv, &replay);

	if (r >= 0)
		return r;
	r = recording_reader_open(replay.path, &replay.reader, &error);
	if (r == -ENOMEM)
		return verb_usage(&verb_replay, "out of memory");
	if (r)
		return verb_refuse(&error);
	replay.view.clock_offset_ns = recording_reader_start(replay.reader)->wall_offset_ns;
	if (replay.is_info)
		r = recording_info_show(replay.reader, replay.path, replay.view.json, &error);
	else
		r = run(&replay, &error);
	if (verb_flush(&verb_replay, EXIT_YES))
		return EXIT_BAD;
	if (!r)
		return EXIT_YES;
	/* All that is good of it was shown. */
	verb_refuse(&error);
	return EXIT_NO;
}

const struct verb verb_replay = {
	.name = "replay",
	.summary = "show a recording as if it happened now",
	.help = "usage: migwarden replay FILE [--json] [--device NAME]... [--events KIND,...]\n"
		"       migwarden replay FILE --info [--json]\n"
		"\n"
		"Shows what `migwarden watch` would have shown where `migwarden record` wrote the "
		"file "
		"(- is\n"
		"standard input). Needs no root, no VFIO and nothing of that host. A file that is "
		"cut "
		"or\n"
		"damaged is shown up to there, and the place is told.\n"
		"\n" EVENT_VIEW_HELP
		"  -i, --info            what the recording is of, and its sums, instead of its "
		"events\n"
		"      --speed SPEED     max (as fast as it can be read), or realtime\n"
		"  -h, --help            this text\n"
		"\n"
		"Exit status: 0 all of it was shown, 1 damaged: shown up to the damage, 2 bad "
		"usage, or "
		"no\n"
		"recording.\n",
	.run = replay_run,
};
