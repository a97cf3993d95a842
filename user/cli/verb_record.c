// SPDX-License-Identifier: GPL-2.0-only
/* migwarden record: what happens to VFIO devices, into a file that replay reads anywhere. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/units.h"
#include "cli/capture.h"
#include "cli/compare_options.h"
#include "cli/event_view.h"
#include "cli/live_sessions.h"
#include "cli/recorder.h"
#include "cli/verb.h"
#include "config/recording_write.h"
#include "config/scalar.h"
#include "sinks/json_set.h"

struct record {
	struct event_view view; /* its devices are the recording's too */
	bool is_watched;
	char path[RECORDER_PATH_BYTES];
	const char *policy;
	struct recorder_options recorder_options;
	struct recorder *recorder;
	const struct capture *capture;  /* borrowed; NULL until it is followed */
	struct live_sessions *sessions; /* with is_watched */
};

static void record_free(struct record *record)
{
	recorder_close(record->recorder);
	live_sessions_close(record->sessions);
	event_view_free(&record->view);
}

static void on_event(void *context, const union mw_event *event, const void *raw)
{
	struct record *record = context;

	recorder_add(record->recorder, event, raw);
	if (!record->is_watched)
		return;
	event_view_show(&record->view, event);
	live_sessions_feed(record->sessions, event);
}

static int on_batch(void *context, const struct ring_counts *counts)
{
	const struct record *record = context;

	recorder_batch(record->recorder, counts, capture_malformed(record->capture));
	if (record->is_watched)
		live_sessions_batch(record->sessions, counts);
	fflush(stdout);
	return recorder_is_over(record->recorder) || ferror(stdout);
}

static int check(struct record *record)
{
	bool is_stdout = !strcmp(record->path, "-");

	if (is_stdout && record->is_watched)
		return verb_usage(&verb_record, "-o - and --watch both want standard output");
	if (is_stdout && record->view.json)
		return verb_usage(&verb_record, "-o - and --json both want standard output");
	if (is_stdout && isatty(STDOUT_FILENO))
		return verb_usage(&verb_record, "a recording is no text for a terminal");
	if (!*record->path)
		recorder_path("", record->path);
	record->recorder_options.path = record->path;
	return -1;
}

static int set_path(struct record *record, const char *path)
{
	if ((size_t)snprintf(record->path, RECORDER_PATH_BYTES, "%s", path) < RECORDER_PATH_BYTES &&
	    *path)
		return EXIT_YES;
	return verb_usage(&verb_record, "-o: expected the name of a file, got '%s'", path);
}

enum {
	OPTION_FORCE = 256,
	OPTION_MAX_SIZE,
	OPTION_RING_SIZE,
	OPTION_SESSIONS,
};

/* Gives 0 to go on, or the exit code to end with. */
static int take_option(struct record *record, int option)
{
	struct recorder_options *options = &record->recorder_options;

	switch (option) {
	case 'o':
		return set_path(record, optarg);
	case OPTION_FORCE:
		options->replace = true;
		return EXIT_YES;
	case OPTION_MAX_SIZE:
		return recorder_size(&verb_record, "--max-size", optarg, &options->max_bytes);
	case OPTION_RING_SIZE: {
		size_t bytes = 0;
		int r = capture_ring_bytes(&verb_record, optarg, &bytes);

		options->ring_bytes = bytes;
		return r;
	}
	case 'p':
		record->policy = optarg;
		return EXIT_YES;
	case 'd':
		return event_view_device(&record->view, &verb_record, optarg);
	case 'w':
		record->is_watched = true;
		return EXIT_YES;
	case OPTION_SESSIONS:
		record->view.has_sessions = true;
		return EXIT_YES;
	case 'j':
		record->view.json = true;
		return EXIT_YES;
	default:
		return verb_usage(&verb_record, "unknown option");
	}
}

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct record *record)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"force", no_argument, NULL, OPTION_FORCE},
		{"max-size", required_argument, NULL, OPTION_MAX_SIZE},
		{"ring-size", required_argument, NULL, OPTION_RING_SIZE},
		{"policy", required_argument, NULL, 'p'},
		{"device", required_argument, NULL, 'd'},
		{"watch", no_argument, NULL, 'w'},
		{"sessions", no_argument, NULL, OPTION_SESSIONS},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:p:d:wjh", options, NULL)) != -1) {
		if (option == 'h')
			return verb_help(&verb_record);
		if (take_option(record, option))
			return EXIT_BAD;
	}
	if (optind < argc)
		return verb_usage(&verb_record, "unexpected argument '%s'", argv[optind]);
	return check(record);
}

static int read_limits(struct record *record)
{
	struct recording_limits *limits = &record->recorder_options.limits;
	AUTO_POLICY struct policy *policy = NULL;
	struct parse_error error;

	if (!record->policy)
		return EXIT_YES;
	if (compare_policy(record->policy, &policy, &error))
		return verb_refuse(&error);
	limits->downtime_ns = policy_downtime_ns(policy);
	snprintf(limits->policy, sizeof(limits->policy), "%s", record->policy);
	return EXIT_YES;
}

static void report_json(const struct record *record, const struct recorder_result *result)
{
	json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "event", "recording",
				   "file", record->path, "events", (json_int_t)result->events,
				   "bytes", (json_int_t)result->bytes, "left_out",
				   (json_int_t)result->left_out, "lost", (json_int_t)result->lost,
				   "end", result->cause == RECORDING_FULL ? "full" : "asked");

	json_put_line(stdout, object);
}

static int begin(struct record *record, struct capture *capture)
{
	const struct recorder_options *options = &record->recorder_options;

	record->capture = capture;
	if (recorder_follow(record->recorder, capture_loop(capture)))
		return EXIT_BAD;
	if (!record->is_watched)
		return EXIT_YES;
	event_view_begin(&record->view);
	if (live_sessions_open(&verb_record, &record->view, options->limits.downtime_ns,
			       &record->sessions))
		return EXIT_BAD;
	return live_sessions_follow(record->sessions, &verb_record, capture);
}

static int run(struct record *record, struct capture *capture)
{
	struct recorder_result result;
	struct ring_counts counts;
	int r = begin(record, capture), ended;

	if (!r)
		r = capture_run(capture);
	if (!r)
		r = capture_finish(capture, &counts);
	if (!r)
		recorder_batch(record->recorder, &counts, capture_malformed(capture));
	/* Whatever went wrong, what was recorded gets its end. */
	ended = recorder_end(record->recorder, &result);
	if (r || ended)
		return EXIT_BAD;
	if (record->is_watched) {
		live_sessions_batch(record->sessions, &counts);
		/* At the same time as in the file, or they would end at another. */
		live_sessions_finish(record->sessions, result.end_ns);
		event_view_sums(&record->view, &counts, capture_malformed(capture));
	}
	recorder_tell(record->recorder, &result);
	if (record->view.json)
		report_json(record, &result);
	return verb_flush(&verb_record, EXIT_YES);
}

static int record_run(int argc, char **argv)
{
	AUTO_CAPTURE struct capture *capture = NULL; /* outlives the recorder */
	__attribute__((cleanup(record_free))) struct record record = {0};
	struct recorder_options *options = &record.recorder_options;
	struct capture_options capture_options = {
		.verb = &verb_record,
		.on_event = on_event,
		.on_batch = on_batch,
		.context = &record,
	};
	int r;

	*options = (struct recorder_options){
		.verb = &verb_record,
		.ring_bytes = CAPTURE_RING_BYTES,
		.size_option = "--max-size",
		.devices = &record.view.devices,
	};
	r = parse(argc, argv, &record);
	if (r >= 0)
		return r;
	if (read_limits(&record))
		return EXIT_BAD;
	capture_options.ring_bytes = (size_t)options->ring_bytes;
	record.view.clock_offset_ns = options->wall_offset_ns = clock_wall_offset_ns();
	/* The file comes last: it is not touched where nothing can be recorded. */
	if (capture_open(&capture_options, &capture) || recorder_open(options, &record.recorder))
		return EXIT_BAD;
	return run(&record, capture);
}

const struct verb verb_record = {
	.name = "record",
	.summary = "what happens to VFIO devices, into a file",
	.help = "usage: migwarden record [-o FILE] [--device NAME]... [--max-size SIZE]\n"
		"                        [--policy PATH] [--watch] [--json]\n"
		"\n"
		"Writes what `migwarden watch` sees into a recording, which `migwarden replay` "
		"reads "
		"on any\n"
		"host, without root: the records of the ring, and who the processes and what the "
		"devices\n"
		"were. Every second at the latest the file is as far as the events are, also if "
		"the\n"
		"recorder is killed. Ctrl-C ends it.\n"
		"\n"
		"  -o, --output FILE     the file (HOST-TIME.mwrec); - for standard output\n"
		"      --force           replaces a file that is there already\n"
		"  -d, --device NAME     only this device (mdev UUID or PCI address); may be "
		"repeated\n"
		"      --max-size SIZE   ends before the file is larger (512MiB, 64KiB at least)\n"
		"  -p, --policy PATH     keeps the policy's limit of the downtime with it, for "
		"alarms\n"
		"  -w, --watch           shows the events too, as `migwarden watch` does\n"
		"      --sessions        with --watch: at the end a line for each migration\n"
		"  -j, --json            one JSON object a line; the last one has \"event\": "
		"\"recording\"\n"
		"      --ring-size N     bytes of the ring, a power of two (4194304)\n"
		"  -h, --help            this text\n"
		"\n"
		"Needs root, or CAP_BPF and CAP_PERFMON, and a kernel with BTF.\n"
		"Exit status: 0 ended by Ctrl-C, TERM or --max-size, 2 bad usage, or recording is "
		"not possible\n"
		"here.\n",
	.run = record_run,
};
