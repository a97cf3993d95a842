// SPDX-License-Identifier: GPL-2.0-only
/* migwarden top: a row for each device that migrates, live. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/capture.h"
#include "cli/compare_options.h"
#include "cli/control_client.h"
#include "cli/live_sessions.h"
#include "cli/replay_source.h"
#include "cli/top_screen.h"
#include "cli/verb.h"
#include "config/scalar.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/json_set.h"

#define INTERVAL_NS_DEFAULT 1000000000
#define INTERVAL_NS_MIN 100000000
#define COUNT_MAX 1000000000
/* The screen waits for it; a daemon that has no time is left alone for a while. */
#define VERDICTS_TIMEOUT_MS 2000
#define VERDICTS_PAUSE_NS 10000000000u
/* No event is shown in a line of its own, and no alarm. */
#define NO_KIND (1u << 31)

struct top {
	struct event_view view; /* which devices, JSON or not */
	bool is_batch;
	const char *replay;
	bool is_realtime;
	const char *policy;
	size_t ring_bytes;
	int64_t interval_ns;
	long count; /* of pictures in a batch */

	struct top_model live;
	struct top_model frozen; /* what is looked at in a pause */
	struct top_head head;
	struct top_head frozen_head;
	struct utsname names;
	char gate[32];
	bool has_daemon;        /* which tells what the gate said */
	bool is_daemon_silent;  /* it did not, when it was asked last */
	uint64_t ask_daemon_ns; /* not before; CLOCK_MONOTONIC */
	uint64_t downtime_ns;

	sd_event *loop; /* of the capture, or our own */
	struct capture *capture;
	struct live_sessions *sessions;
	struct top_screen *screen; /* NULL in a batch */
	long pictures;

	/* Of a recording. */
	struct replay_source *source;
	struct session_view *replayed;
	const union mw_event *pending; /* read, and its time has not come */
	bool is_read;                  /* to its end */
	int damage;                    /* -errno of reading */
	uint64_t first_ns;             /* of its events */
	uint64_t started_ns;           /* of ours, when the first one was shown */
};

static void top_free(struct top *top)
{
	top_screen_close(top->screen);
	session_view_close(top->replayed);
	if (top->source)
		sd_event_unref(top->loop);
	replay_source_close(top->source);
	live_sessions_close(top->sessions);
	capture_close(top->capture);
	top_model_close(&top->live);
	top_model_close(&top->frozen);
	event_view_free(&top->view);
}

static struct top_model *shown_model(struct top *top)
{
	return top->head.is_paused ? &top->frozen : &top->live;
}

static void draw(struct top *top)
{
	if (top->screen)
		top_screen_draw(top->screen, shown_model(top),
				top->head.is_paused ? &top->frozen_head : &top->head);
}

/* What is frozen is a copy: what happens meanwhile is seen afterwards. */
static void pause_or_go_on(struct top *top)
{
	struct top_model *from = shown_model(top), *to;
	const struct top_row **order;
	struct top_row *rows;

	top->head.is_paused = !top->head.is_paused;
	to = shown_model(top);
	top->frozen_head = top->head;
	if (top->head.is_paused) {
		rows = to->rows;
		order = to->order;
		memcpy(rows, from->rows, from->count * sizeof(*rows));
		*to = *from;
		to->rows = rows;
		to->order = order;
		return;
	}
	to->sort = from->sort;
	to->is_reverse = from->is_reverse;
	memcpy(to->filter, from->filter, sizeof(to->filter));
}

static void print_picture(struct top *top)
{
	const struct top_row **rows;
	char line[TOP_LINE_BYTES];
	size_t count;

	if (top->view.json) {
		json_put_line(stdout, top_to_json(&top->live, &top->head));
		return;
	}
	for (int i = 0; i < TOP_HEAD_LINES; i++)
		puts(top_text_head(&top->live, &top->head, i, TOP_LINE_BYTES - 1, line));
	puts(top_text_heading(&top->live, TOP_LINE_BYTES - 1, line));
	count = top_model_order(&top->live, &rows);
	for (size_t i = 0; i < count; i++)
		puts(top_text_row(&top->live, rows[i], TOP_LINE_BYTES - 1, line));
}

/* One more look: onto the screen, or a picture of a batch. Gives whether it was the last. */
static bool show(struct top *top)
{
	if (top->screen) {
		draw(top);
		return false;
	}
	if (top->pictures && !top->view.json)
		putchar('\n');
	print_picture(top);
	top->pictures++;
	fflush(stdout);
	return top->pictures == top->count || ferror(stdout);
}

static void count_events(struct top *top, const struct ring_counts *counts)
{
	top->head.lost = 0;
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		top->head.lost += counts->kind[kind].lost;
}

/* On the screen it would stand across the rows. */
static void on_message(void *context, const char *text)
{
	struct top *top = context;

	if (top->screen)
		top_screen_message(top->screen, text);
	else
		fprintf(stderr, "migwarden top: %s\n", text);
}

/* The number of a word among those of an enum that begins with @first; 0 where there is none. */
static uint32_t number_of(const char *word, const char *(*name)(uint32_t), uint32_t first,
			  uint32_t last)
{
	for (uint32_t number = first; word && number <= last; number++)
		if (!strcmp(word, name(number)))
			return number;
	return 0;
}

/* One session of the daemon's list; it need not have anything of the gate. */
static void take_decision(struct top *top, const json_t *session)
{
	const json_t *gate = json_object_get(session, "gate"), *vm = json_object_get(session, "vm");
	const char *device = json_string_value(json_object_get(session, "device"));
	const char *name = json_string_value(json_object_get(vm, "name"));
	const char *reason = json_string_value(json_object_get(gate, "reason"));
	struct top_decision decision = {
		.device = device,
		.vm = name ? name : "",
		.side = number_of(json_string_value(json_object_get(session, "side")),
				  session_side_name, SESSION_SOURCE, SESSION_DESTINATION),
		.answer = number_of(json_string_value(json_object_get(gate, "answer")),
				    gate_answer_name, MW_GATE_PASSED, MW_GATE_AUDITED),
		.begin_ns = (uint64_t)json_integer_value(json_object_get(session, "begin_ns")),
		.end_ns = (uint64_t)json_integer_value(json_object_get(session, "end_ns")),
	};
	enum mw_reason code = MW_REASON_OK;

	if (!device || !decision.answer || !event_view_has_device(&top->view, device))
		return;
	if (reason)
		mw_reason_from_name(reason, &code);
	decision.reason = (uint32_t)code;
	top_model_decide(&top->live, &decision);
}

static void daemon_is_silent(struct top *top)
{
	if (!top->is_daemon_silent)
		on_message(top, "the daemon does not tell its sessions: no verdicts for now");
	top->is_daemon_silent = true;
	top->ask_daemon_ns = clock_ns(CLOCK_MONOTONIC) + VERDICTS_PAUSE_NS;
}

/* The gate's records go to the daemon alone, which has them with its own sessions. */
static void ask_verdicts(struct top *top)
{
	struct control_request request = {.verb = "top",
					  .method = "GET",
					  .path = "/v1/sessions",
					  .timeout_ms = VERDICTS_TIMEOUT_MS,
					  .is_quiet = true};
	json_t *list = NULL;

	if (!top->has_daemon || clock_ns(CLOCK_MONOTONIC) < top->ask_daemon_ns)
		return;
	if (control_call(&request, &list)) {
		daemon_is_silent(top);
		return;
	}
	top->is_daemon_silent = false;
	/* The newest is the first. */
	for (size_t i = json_array_size(list); i > 0; i--)
		take_decision(top, json_array_get(list, i - 1));
	json_decref(list);
}

static void sample_live(struct top *top)
{
	struct ring_counts counts;

	ask_verdicts(top);
	top_model_live_begin(&top->live);
	dataflow_live(capture_dataflow(top->capture), top_model_live, &top->live);
	top_model_sample(&top->live, clock_ns(CLOCK_MONOTONIC));
	if (!capture_counts(top->capture, &counts))
		count_events(top, &counts);
}

static void feed_replayed(struct top *top, const union mw_event *event)
{
	replay_source_tell(top->source, top->replayed);
	top->head.events++;
	session_view_feed(top->replayed, event);
}

static void next_replayed(struct top *top)
{
	int r = replay_source_next(top->source, &top->pending);

	if (r == 1)
		return;
	top->pending = NULL;
	top->is_read = true;
	top->damage = r;
	replay_source_tell(top->source, top->replayed);
	session_view_finish(top->replayed, replay_source_end_ns(top->source));
}

/* Everything up to now, in the time of the recording. */
static void sample_replayed(struct top *top)
{
	uint64_t now_ns = UINT64_MAX, real_ns = clock_ns(CLOCK_MONOTONIC);
	struct ring_counts counts;

	if (!top->pending && !top->is_read)
		next_replayed(top);
	if (!top->started_ns) {
		top->started_ns = real_ns;
		top->first_ns = top->pending ? top->pending->head.time_ns : 0;
	}
	if (top->is_realtime)
		now_ns = top->first_ns + (real_ns - top->started_ns);
	while (top->pending && top->pending->head.time_ns <= now_ns) {
		feed_replayed(top, top->pending);
		next_replayed(top);
	}
	if (top->is_read)
		now_ns = replay_source_end_ns(top->source);
	top_model_sample(&top->live, now_ns);
	counts = replay_source_sums(top->source, NULL);
	count_events(top, &counts);
}

static void sample(struct top *top)
{
	if (top->source)
		sample_replayed(top);
	else
		sample_live(top);
}

static int on_time(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct top *top = userdata;

	(void)time_us;
	sample(top);
	if (show(top))
		return sd_event_exit(top->loop, 0);
	sd_event_source_set_time_relative(source, (uint64_t)top->interval_ns / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_key(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct top *top = userdata;
	bool is_more = true;

	(void)source;
	(void)fd;
	/* The terminal has gone. */
	if (events & (EPOLLHUP | EPOLLERR))
		return sd_event_exit(top->loop, 0);
	while (is_more) {
		switch (top_screen_key(top->screen, shown_model(top), &is_more)) {
		case TOP_KEY_NONE:
			break;
		case TOP_KEY_PAUSE:
			pause_or_go_on(top);
			break;
		case TOP_KEY_QUIT:
			return sd_event_exit(top->loop, 0);
		}
	}
	draw(top);
	return 0;
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *signal, void *userdata)
{
	struct top *top = userdata;

	(void)source;
	(void)signal;
	top_screen_resize(top->screen);
	draw(top);
	return 0;
}

static void on_event(void *context, const union mw_event *event, const void *raw)
{
	struct top *top = context;

	(void)raw;
	top->head.events++;
	live_sessions_feed(top->sessions, event);
}

static int on_batch(void *context, const struct ring_counts *counts)
{
	struct top *top = context;

	live_sessions_batch(top->sessions, counts);
	return 0;
}

/* Only those that are wanted become rows. */
static void on_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct top *top = context;

	if (event_view_has_device(&top->view, session->device))
		top_model_outcome(&top->live, outcome, session, alarm);
}

static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGWINCH);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &signals, NULL) ? -errno : 0;
}

static int open_live(struct top *top)
{
	const struct capture_options options = {
		.verb = &verb_top,
		.ring_bytes = top->ring_bytes,
		.on_event = on_event,
		.on_batch = on_batch,
		.on_message = on_message,
		.context = top,
	};

	uname(&top->names);
	top->head.host = top->names.nodename;
	top->head.kernel = top->names.release;
	top->view.clock_offset_ns = clock_wall_offset_ns();
	if (live_sessions_open(&verb_top, &top->view, top->downtime_ns, &top->sessions) ||
	    capture_open(&options, &top->capture))
		return EXIT_BAD;
	live_sessions_observe(top->sessions, on_outcome, top);
	top->loop = capture_loop(top->capture);
	return live_sessions_follow(top->sessions, &verb_top, top->capture);
}

static int open_replay(struct top *top)
{
	struct session_view_options options = {
		.view = &top->view,
		.find_vm = replay_source_find_vm,
		.downtime_ns = top->downtime_ns,
		.observer = on_outcome,
		.observer_context = top,
	};
	int r;

	if (replay_source_open(&verb_top, top->replay, &top->source))
		return EXIT_BAD;
	options.origin = replay_source_origin(top->source);
	options.context = top->source;
	top->head.host = replay_source_start(top->source)->host;
	top->head.kernel = replay_source_start(top->source)->kernel;
	top->view.clock_offset_ns = options.origin.clock_offset_ns;
	r = sd_event_new(&top->loop);
	if (r >= 0)
		r = sd_event_add_signal(top->loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(top->loop, NULL, SIGTERM, NULL, NULL);
	if (r < 0)
		return verb_usage(&verb_top, "%s", strerror(-r));
	return session_view_open(&verb_top, &options, &top->replayed);
}

static int open_screen(struct top *top)
{
	int r = top_screen_open(&top->screen);

	if (r)
		return verb_usage(&verb_top, "this is no terminal to draw on; --batch or --json "
					     "need none");
	r = sd_event_add_io(top->loop, NULL, STDIN_FILENO, EPOLLIN, on_key, top);
	if (r >= 0)
		r = sd_event_add_signal(top->loop, NULL, SIGWINCH, on_resize, top);
	return r < 0 ? verb_usage(&verb_top, "%s", strerror(-r)) : EXIT_YES;
}

/* Of a daemon that runs; of a recording nobody knows. */
static void ask_gate(struct top *top)
{
	struct control_request request = {.verb = "top", .method = "GET", .path = "/v1/status"};
	const char *mode = NULL;
	json_t *status = NULL;

	snprintf(top->gate, sizeof(top->gate), "%s", top->replay ? "not known" : "none");
	top->head.gate = top->gate;
	if (top->replay || !control_answers(NULL) || control_call(&request, &status))
		return;
	mode = json_string_value(json_object_get(json_object_get(status, "policy"), "mode"));
	snprintf(top->gate, sizeof(top->gate), "%s", mode ? mode : "not known");
	top->has_daemon = true;
	json_decref(status);
}

static int run(struct top *top)
{
	/* A recording is there at once; of what happens, the first picture comes after a while. */
	uint64_t first_us = top->screen || top->source ? 0 : (uint64_t)top->interval_ns / 1000;
	int r = sd_event_add_time_relative(top->loop, NULL, CLOCK_MONOTONIC, first_us, 0, on_time,
					   top);

	if (r >= 0 && !top->source)
		sample(top);
	if (r >= 0)
		r = sd_event_loop(top->loop);
	top_screen_close(top->screen);
	top->screen = NULL;
	if (r < 0)
		return verb_usage(&verb_top, "%s", strerror(-r));
	if (verb_flush(&verb_top, EXIT_YES))
		return EXIT_BAD;
	if (top->damage >= 0)
		return EXIT_YES;
	verb_refuse(replay_source_error(top->source));
	return EXIT_NO;
}

static int parse_interval(const char *text, int64_t *out)
{
	if (!quantity_parse(&quantity_ns, text, out) && *out >= INTERVAL_NS_MIN)
		return EXIT_YES;
	return verb_usage(&verb_top,
			  "--interval: expected a duration such as 1s, 100ms at least, got '%s'",
			  text);
}

static int parse_sort(const char *text, enum top_sort *out)
{
	for (enum top_sort sort = 0; sort < TOP_SORT_COUNT_; sort++)
		if (!strcmp(top_sort_name(sort), text)) {
			*out = sort;
			return EXIT_YES;
		}
	return verb_usage(&verb_top,
			  "--sort: expected begin, device, vm, state, phase, now, average, bytes "
			  "or alarms, got '%s'",
			  text);
}

static int parse_filter(const char *text, char out[static TOP_FILTER_BYTES])
{
	if ((size_t)snprintf(out, TOP_FILTER_BYTES, "%s", text) < TOP_FILTER_BYTES)
		return EXIT_YES;
	return verb_usage(&verb_top, "--filter: expected %d bytes at most", TOP_FILTER_BYTES - 1);
}

static int parse_speed(const char *text, bool *out)
{
	*out = !strcmp(text, "realtime");
	if (*out || !strcmp(text, "max"))
		return EXIT_YES;
	return verb_usage(&verb_top, "--speed: expected realtime or max, got '%s'", text);
}

static const struct option top_options[] = {
	{"batch", no_argument, NULL, 'b'},        {"json", no_argument, NULL, 'j'},
	{"count", required_argument, NULL, 'n'},  {"interval", required_argument, NULL, 'i'},
	{"device", required_argument, NULL, 'd'}, {"policy", required_argument, NULL, 'p'},
	{"sort", required_argument, NULL, 's'},   {"reverse", no_argument, NULL, 'r'},
	{"filter", required_argument, NULL, 'f'}, {"replay", required_argument, NULL, 'R'},
	{"speed", required_argument, NULL, 'S'},  {"ring-size", required_argument, NULL, 'B'},
	{"help", no_argument, NULL, 'h'},         {0},
};

/* Gives 0 to go on, or the exit code to end with. */
static int take_option(struct top *top, int option)
{
	switch (option) {
	case 'b':
		top->is_batch = true;
		return EXIT_YES;
	case 'j':
		top->is_batch = top->view.json = true;
		return EXIT_YES;
	case 'n':
		return compare_option_count(&verb_top, "--count", optarg, COUNT_MAX, &top->count);
	case 'i':
		return parse_interval(optarg, &top->interval_ns);
	case 'd':
		return event_view_device(&top->view, &verb_top, optarg);
	case 'p':
		top->policy = optarg;
		return EXIT_YES;
	case 's':
		return parse_sort(optarg, &top->live.sort);
	case 'r':
		top->live.is_reverse = true;
		return EXIT_YES;
	case 'f':
		return parse_filter(optarg, top->live.filter);
	case 'R':
		top->replay = optarg;
		return EXIT_YES;
	case 'S':
		return parse_speed(optarg, &top->is_realtime);
	case 'B':
		return capture_ring_bytes(&verb_top, optarg, &top->ring_bytes);
	default:
		return verb_usage(&verb_top, "unknown option");
	}
}

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct top *top)
{
	int option;

	while ((option = getopt_long(argc, argv, "bjn:i:d:p:s:rf:h", top_options, NULL)) != -1) {
		if (option == 'h')
			return verb_help(&verb_top);
		if (take_option(top, option))
			return EXIT_BAD;
	}
	if (optind < argc)
		return verb_usage(&verb_top, "unexpected argument '%s'", argv[optind]);
	if (top->is_realtime && !top->replay)
		return verb_usage(&verb_top, "--speed is for a --replay");
	return -1;
}

static int read_budget(struct top *top)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct parse_error error;

	if (!top->policy)
		return EXIT_YES;
	if (compare_policy(top->policy, &policy, &error))
		return verb_refuse(&error);
	top->downtime_ns = policy_downtime_ns(policy);
	return EXIT_YES;
}

static int top_run(int argc, char **argv)
{
	__attribute__((cleanup(top_free))) struct top top = {
		.interval_ns = INTERVAL_NS_DEFAULT,
		.count = 1,
		.ring_bytes = CAPTURE_RING_BYTES,
		.view = {.kinds = NO_KIND},
	};
	int r = parse(argc, argv, &top);

	if (r >= 0)
		return r;
	if (read_budget(&top))
		return EXIT_BAD;
	if (block_signals() || top_model_open(&top.live) || top_model_open(&top.frozen))
		return verb_usage(&verb_top, "out of memory");
	ask_gate(&top);
	r = top.replay ? open_replay(&top) : open_live(&top);
	if (!r && !top.is_batch)
		r = open_screen(&top);
	if (r)
		return r;
	top.head.clock_offset_ns = top.view.clock_offset_ns;
	return run(&top);
}

const struct verb verb_top = {
	.name = "top",
	.summary = "a row for each device that migrates, live",
	.help = "usage: migwarden top [--sort KEY] [--reverse] [--filter TEXT] [--device NAME]...\n"
		"       migwarden top --batch|--json [--count N] [--interval TIME]\n"
		"       migwarden top --replay FILE [--speed max|realtime] [--batch|--json]\n"
		"\n"
		"Shows each device that migrates: its VM, side and state, how long it is in that "
		"state, what\n"
		"goes through its data file now and on the average, what MIG_DATA_SIZE estimates, "
		"what the\n"
		"gate said, and alarms. A device whose migration is over stays until it migrates "
		"again. In\n"
		"the terminal, h tells the keys.\n"
		"\n"
		"  -b, --batch           prints the table and ends, for scripts; needs no "
		"terminal\n"
		"  -j, --json            the same as one JSON object a line\n"
		"  -n, --count N         so many times (1)\n"
		"  -i, --interval TIME   between two looks (1s, 100ms at least)\n"
		"  -d, --device NAME     only this device (mdev UUID or PCI address); may be "
		"repeated\n"
		"  -s, --sort KEY        begin, device, vm, state, phase, now, average, bytes, "
		"alarms\n"
		"  -r, --reverse         the other way round\n"
		"  -f, --filter TEXT     only where device, VM, state or side have this in them\n"
		"  -p, --policy PATH     a blackout over its limit of the downtime is an alarm\n"
		"      --replay FILE     of a recording: needs no root, no kernel\n"
		"      --speed SPEED     with --replay: max (its end at once), or realtime\n"
		"      --ring-size N     bytes of the ring, a power of two (4194304)\n"
		"  -h, --help            this text\n"
		"\n"
		"Needs root, or CAP_BPF and CAP_PERFMON, and a kernel with BTF, but for --replay.\n"
		"Exit status: 0 ended by q, Ctrl-C, TERM or --count, 1 the recording is damaged, 2 "
		"bad usage,\n"
		"no terminal, or watching is not possible here.\n",
	.run = top_run,
};
