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
#include "cli/rejudge.h"
#include "cli/replay_source.h"
#include "cli/session_view.h"
#include "cli/verb.h"

struct replay {
	struct event_view view;
	const char *path;
	bool is_info;
	bool is_realtime;
	uint64_t paced_ns; /* of the last event, in the time of the recording */
	struct rejudge_options rejudge_options;
	struct rejudge *rejudge; /* NULL without another policy */
	struct replay_source *source;
	struct session_view *sessions;
};

static void replay_free(struct replay *replay)
{
	session_view_close(replay->sessions);
	rejudge_close(replay->rejudge);
	replay_source_close(replay->source);
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

	/* Events of two CPUs may come out of order: then there is nothing to wait for. */
	if (!replay->is_realtime || time_ns <= replay->paced_ns)
		return;
	fflush(stdout);
	if (replay->paced_ns)
		nanosleep(&wait, NULL);
	replay->paced_ns = time_ns;
}

static void show(struct replay *replay, const union mw_event *event)
{
	replay_source_tell(replay->source, replay->sessions);
	pace(replay, event->head.time_ns);
	event_view_show(&replay->view, event);
	session_view_feed(replay->sessions, event);
	if (replay->rejudge)
		rejudge_event(replay->rejudge, &replay->view, event);
}

/* Gives 0, or 1 for a damaged file, of which all that is good was shown. */
static int run(struct replay *replay)
{
	const union mw_event *event;
	struct ring_counts sums;
	uint64_t malformed;
	int r;

	event_view_begin(&replay->view);
	while ((r = replay_source_next(replay->source, &event)) == 1 && !ferror(stdout))
		show(replay, event);
	replay_source_tell(replay->source, replay->sessions);
	session_view_finish(replay->sessions, replay_source_end_ns(replay->source));
	session_view_list(replay->sessions);
	if (replay->rejudge)
		rejudge_sums(replay->rejudge, &replay->view);
	sums = replay_source_sums(replay->source, &malformed);
	event_view_sums(&replay->view, &sums, malformed);
	return r < 0;
}

/* Gives EXIT_YES, or EXIT_BAD and has said why. */
static int open_all(struct replay *replay)
{
	struct session_view_options options = {
		.view = &replay->view,
		.find_vm = replay_source_find_vm,
	};

	if (replay_source_open(&verb_replay, replay->path, &replay->source))
		return EXIT_BAD;
	if (replay->rejudge_options.policy) {
		if (rejudge_open(&verb_replay, &replay->rejudge_options, &replay->rejudge))
			return EXIT_BAD;
		replay_source_on_device(replay->source, rejudge_device, replay->rejudge);
		options.downtime_ns = rejudge_downtime_ns(replay->rejudge);
	}
	options.origin = replay_source_origin(replay->source);
	options.context = replay->source;
	replay->view.has_sessions = !replay->view.kinds;
	replay->view.clock_offset_ns = options.origin.clock_offset_ns;
	return session_view_open(&verb_replay, &options, &replay->sessions);
}

static int show_info(const struct replay *replay)
{
	AUTO_RECORDING_READER struct recording_reader *reader = NULL;
	struct parse_error error = {0};
	int r = recording_reader_open(replay->path, &reader, &error);

	if (r == -ENOMEM)
		return verb_usage(&verb_replay, "out of memory");
	if (r)
		return verb_refuse(&error);
	r = recording_info_show(reader, replay->path, replay->view.json, &error);
	if (verb_flush(&verb_replay, EXIT_YES))
		return EXIT_BAD;
	if (!r)
		return EXIT_YES;
	verb_refuse(&error);
	return EXIT_NO;
}

static const struct option option_table[] = {
	{"json", no_argument, NULL, 'j'},         {"device", required_argument, NULL, 'd'},
	{"events", required_argument, NULL, 'e'}, {"info", no_argument, NULL, 'i'},
	{"policy", required_argument, NULL, 'p'}, {"source", required_argument, NULL, 'S'},
	{"dest", required_argument, NULL, 'D'},   {"speed", required_argument, NULL, 's'},
	{"help", no_argument, NULL, 'h'},         {0},
};

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct replay *replay)
{
	int option;

	while ((option = getopt_long(argc, argv, "jd:e:p:ih", option_table, NULL)) != -1) {
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
		case 'p':
			replay->rejudge_options.policy = optarg;
			break;
		case 'S':
			replay->rejudge_options.source = optarg;
			break;
		case 'D':
			replay->rejudge_options.dest = optarg;
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
	if (!replay->rejudge_options.policy &&
	    (replay->rejudge_options.source || replay->rejudge_options.dest))
		return verb_usage(&verb_replay, "--source and --dest are judged by a --policy");
	replay->path = argv[optind++];
	if (optind < argc)
		return verb_usage(&verb_replay, "unexpected argument '%s'", argv[optind]);
	return -1;
}

static int replay_run(int argc, char **argv)
{
	__attribute__((cleanup(replay_free))) struct replay replay = {0};
	int r = parse(argc, argv, &replay);

	if (r >= 0)
		return r;
	if (replay.is_info)
		return show_info(&replay);
	if (open_all(&replay))
		return EXIT_BAD;
	r = run(&replay);
	if (verb_flush(&verb_replay, EXIT_YES))
		return EXIT_BAD;
	if (!r)
		return EXIT_YES;
	/* All that is good of it was shown. */
	verb_refuse(replay_source_error(replay.source));
	return EXIT_NO;
}

const struct verb verb_replay = {
	.name = "replay",
	.summary = "show a recording as if it happened now",
	.help = "usage: migwarden replay FILE [--json] [--device NAME]... [--events KIND,...]\n"
		"                        [--policy PATH [--source A.json] [--dest B.json]]\n"
		"       migwarden replay FILE --info [--json]\n"
		"\n"
		"Shows what `migwarden watch` would have shown where `migwarden record` wrote the "
		"file (- is\n"
		"standard input), then, unless --events chooses, a line for each migration of a "
		"device. Needs no root, no "
		"VFIO "
		"and\n"
		"nothing of that host. A file that is cut or damaged is shown up to there, and the "
		"place is\n"
		"told.\n"
		"\n" EVENT_VIEW_HELP
		"  -i, --info            what the recording is of, and its sums, instead of its "
		"events\n"
		"  -p, --policy PATH     says what this policy would have decided, behind each "
		"decision of the\n"
		"                        gate, and takes its limit of the downtime for alarms\n"
		"      --source A.json   the other side of devices that came, for admissions\n"
		"      --dest B.json     the other side of devices that went\n"
		"      --speed SPEED     max (as fast as it can be read), or realtime\n"
		"  -h, --help            this text\n"
		"\n"
		"Exit status: 0 all of it was shown, 1 damaged: shown up to the damage, 2 bad "
		"usage, "
		"or no\n"
		"recording.\n",
	.run = replay_run,
};
