// SPDX-License-Identifier: GPL-2.0-only
/* migwarden watch: what happens to VFIO devices, live, a line each. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/text_list.h"
#include "cli/verb.h"
#include "core/decode.h"
#include "core/names.h"
#include "kern/dataflow.h"
#include "kern/kernel.h"
#include "kern/observe.h"
#include "sinks/event_json.h"
#include "sinks/event_text.h"

#define RING_BYTES_DEFAULT (4u << 20)
#define DRAIN_LIMIT_MS 1000

struct watch {
	struct observe *observe;
	struct dataflow *dataflow;
	sd_event *loop;
	bool json;
	struct text_list devices; /* empty: all */
	uint32_t kinds;           /* bit per enum mw_event_kind */
	uint64_t shown;
	uint64_t malformed;
	int64_t clock_offset_ns;
	/* When a module comes, groups are attached after the batch that told of it. */
	bool attach_wanted;
};

static void watch_free(struct watch *watch)
{
	dataflow_close(watch->dataflow); /* before the ring that it writes to */
	observe_close(watch->observe);
	sd_event_unref(watch->loop);
	text_list_free(&watch->devices);
}

static bool is_wanted(const struct watch *watch, const union mw_event *event)
{
	if (!(watch->kinds & (1u << event->head.kind)))
		return false;
	return !watch->devices.count || text_list_has(&watch->devices, event->head.device);
}

static void show(struct watch *watch, const union mw_event *event)
{
	watch->shown++;
	if (watch->json) {
		json_t *object = event_to_json(event, watch->clock_offset_ns);

		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
	} else {
		event_text(stdout, event, watch->clock_offset_ns);
	}
}

/* At once: the sooner we are attached, the fewer bytes are missed. */
static void discover(struct watch *watch, const struct mw_event_data_file *file)
{
	int r = dataflow_discover(watch->dataflow, file);

	if (r > 0)
		fprintf(stderr,
			"migwarden watch: a driver that we did not know makes %s files: watching "
			"their data\n",
			file->name);
	else if (r < 0)
		fprintf(stderr, "migwarden watch: cannot watch the data of %s files: %s (%s)\n",
			file->name, strerror(-r), kernel_message());
}

static void on_record(void *context, const void *data, size_t size)
{
	struct watch *watch = context;
	union mw_event event;

	if (decode(data, size, &event) != DECODE_OK) {
		watch->malformed++;
		return;
	}
	if (event.head.kind == MW_EVENT_MODULE && event.module.op == MW_MODULE_LOAD)
		watch->attach_wanted = true;
	if (event.head.kind == MW_EVENT_DATA_FILE)
		discover(watch, &event.data_file);
	if (is_wanted(watch, &event))
		show(watch, &event);
}

/* On stderr, so that a script knows from when on nothing is missed. */
static void report_start(const struct watch *watch)
{
	fprintf(stderr, "migwarden watch: watching; Ctrl-C ends it\n");
	for (enum observe_group group = OBSERVE_VFIO; group < OBSERVE_GROUP_COUNT_; group++)
		if (!observe_has(watch->observe, group))
			fprintf(stderr,
				"migwarden watch: module %s is not loaded: watching begins with "
				"it\n",
				observe_group_name(group));
}

static void attach_dataflow(struct watch *watch)
{
	int r = dataflow_attach(watch->dataflow);

	if (r)
		fprintf(stderr, "migwarden watch: cannot watch the data of every driver: %s (%s)\n",
			strerror(-r), kernel_message());
}

static void attach_late(struct watch *watch)
{
	bool had[OBSERVE_GROUP_COUNT_];
	int r;

	watch->attach_wanted = false;
	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
		had[group] = observe_has(watch->observe, group);
	attach_dataflow(watch);
	r = observe_attach(watch->observe);
	if (r)
		fprintf(stderr,
			"migwarden watch: cannot attach to a module that was loaded: %s (%s)\n",
			strerror(-r), kernel_message());
	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
		if (!had[group] && observe_has(watch->observe, group))
			fprintf(stderr, "migwarden watch: module %s is there: watching it\n",
				observe_group_name(group));
}

static int on_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct watch *watch = userdata;

	(void)source;
	(void)fd;
	(void)events;
	ring_consume(observe_ring(watch->observe));
	if (watch->attach_wanted)
		attach_late(watch);
	fflush(stdout);
	/* A reader that went away ends the watch, as Ctrl-C does. */
	return ferror(stdout) ? sd_event_exit(watch->loop, 0) : 0;
}

static int loop_run(struct watch *watch)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	r = sd_event_new(&watch->loop);
	if (r >= 0)
		r = sd_event_add_signal(watch->loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(watch->loop, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_io(watch->loop, NULL, ring_fd(observe_ring(watch->observe)),
				    EPOLLIN, on_ring, watch);
	if (r >= 0)
		r = sd_event_loop(watch->loop);
	return r < 0 ? r : 0;
}

static void summary_text(const struct watch *watch, const struct ring_counts *counts)
{
	fprintf(stderr, "\n%-10s %12s %12s %12s\n", "EVENT", "PRODUCED", "DELIVERED", "LOST");
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		fprintf(stderr, "%-10s %12llu %12llu %12llu\n", event_kind_name(kind),
			(unsigned long long)counts->kind[kind].produced,
			(unsigned long long)counts->kind[kind].delivered,
			(unsigned long long)counts->kind[kind].lost);
	fprintf(stderr, "%llu shown, %llu malformed\n", (unsigned long long)watch->shown,
		(unsigned long long)watch->malformed);
}

static void summary_json(const struct watch *watch, const struct ring_counts *counts)
{
	json_t *kinds = json_object();
	json_t *object;

	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		json_object_set_new(kinds, event_kind_name(kind),
				    json_pack("{s:I, s:I, s:I}", "produced",
					      (json_int_t)counts->kind[kind].produced, "delivered",
					      (json_int_t)counts->kind[kind].delivered, "lost",
					      (json_int_t)counts->kind[kind].lost));
	object = json_pack("{s:s, s:o, s:I, s:I}", "event", "summary", "kinds", kinds, "shown",
			   (json_int_t)watch->shown, "malformed", (json_int_t)watch->malformed);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* Everything that was produced is read before the sums are made. */
static int finish(struct watch *watch)
{
	struct ring_counts counts;
	int r;

	observe_stop(watch->observe);
	dataflow_stop(watch->dataflow);
	r = ring_drain(observe_ring(watch->observe), DRAIN_LIMIT_MS);
	if (r == -ETIMEDOUT)
		fprintf(stderr, "migwarden watch: some records are missing from these sums\n");
	r = ring_counts(observe_ring(watch->observe), &counts);
	if (r) {
		fprintf(stderr, "migwarden watch: cannot read the counters: %s\n", strerror(-r));
		return EXIT_BAD;
	}
	if (watch->json)
		summary_json(watch, &counts);
	else
		summary_text(watch, &counts);
	return EXIT_YES;
}

static int open_failed(int r)
{
	if (r == -EPERM || r == -EACCES)
		fprintf(stderr, "migwarden watch: not permitted: watching needs root, or CAP_BPF "
				"and CAP_PERFMON; "
				"'check', 'policy' and 'describe' work without\n");
	else if (r == -ENOTSUP)
		fprintf(stderr, "migwarden watch: the kernel has no BTF (/sys/kernel/btf/vmlinux); "
				"'check', 'policy' and 'describe' work without\n");
	else
		fprintf(stderr, "migwarden watch: cannot load the observers: %s (%s)\n",
			strerror(-r), kernel_message());
	return EXIT_BAD;
}

/* A power of two from one page to 1 GiB. */
static int parse_ring_bytes(const char *text, size_t *out)
{
	char *end;
	unsigned long bytes;

	errno = 0;
	bytes = strtoul(text, &end, 10);
	if (errno || end == text || *end || bytes < 4096 || bytes > (1ul << 30) ||
	    (bytes & (bytes - 1)))
		return -EINVAL;
	*out = bytes;
	return 0;
}

static int parse_kinds(const char *list, uint32_t *out)
{
	AUTO_TEXT_LIST struct text_list names = {0};
	uint32_t kinds = 0;

	if (text_list_split(&names, list) || !names.count)
		return -EINVAL;
	for (size_t i = 0; i < names.count; i++) {
		uint32_t kind = event_kind_from_name(names.items[i]);

		if (!kind)
			return -EINVAL;
		kinds |= 1u << kind;
	}
	*out = kinds;
	return 0;
}

/* The observers come last: what runs before them would count as a part of the arcs. */
static int watch_open(struct watch *watch, size_t ring_bytes)
{
	int r = observe_load(ring_bytes, on_record, watch, &watch->observe);

	if (!r)
		r = dataflow_open(observe_ring(watch->observe), &watch->dataflow);
	if (r)
		return r;
	attach_dataflow(watch);
	return observe_start(watch->observe);
}

static int watch_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"device", required_argument, NULL, 'd'},
		{"events", required_argument, NULL, 'e'},
		{"ring-size", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	__attribute__((cleanup(watch_free))) struct watch watch = {.kinds = ~0u};
	size_t ring_bytes = RING_BYTES_DEFAULT;
	int option, r;

	while ((option = getopt_long(argc, argv, "jd:e:h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			watch.json = true;
			break;
		case 'd':
			if (text_list_add(&watch.devices, optarg))
				return verb_usage(&verb_watch, "out of memory");
			break;
		case 'e':
			if (parse_kinds(optarg, &watch.kinds))
				return verb_usage(&verb_watch,
						  "--events: expected a comma list of ioctl, arc, "
						  "close, attribute, mdev, gate, module, shield, "
						  "data-file, precopy, flow, got '%s'",
						  optarg);
			break;
		case 'r':
			if (parse_ring_bytes(optarg, &ring_bytes))
				return verb_usage(&verb_watch,
						  "--ring-size: expected a power of two from 4096 "
						  "to 1073741824, got '%s'",
						  optarg);
			break;
		case 'h':
			return verb_help(&verb_watch);
		default:
			return verb_usage(&verb_watch, "unknown option");
		}
	}
	if (optind < argc)
		return verb_usage(&verb_watch, "unexpected argument '%s'", argv[optind]);

	kernel_quiet();
	watch.clock_offset_ns = clock_wall_offset_ns();
	r = watch_open(&watch, ring_bytes);
	if (r)
		return open_failed(r);
	report_start(&watch);
	if (!watch.json)
		event_text_heading(stdout);
	fflush(stdout);
	r = loop_run(&watch);
	if (r) {
		fprintf(stderr, "migwarden watch: %s\n", strerror(-r));
		return EXIT_BAD;
	}
	return finish(&watch);
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
		"through the data file. Works when vfio is loaded later. Ctrl-C ends it with the "
		"sums of what\n"
		"was produced, delivered and lost.\n"
		"\n"
		"  -d, --device NAME     only this device (mdev UUID or PCI address); may be "
		"repeated\n"
		"  -e, --events KINDS    only these kinds, a comma list of:\n"
		"                        ioctl arc close attribute mdev gate module shield "
		"data-file\n"
		"                        precopy flow\n"
		"  -j, --json            one JSON object a line; the last one has \"event\": "
		"\"summary\"\n"
		"      --ring-size N     bytes of the ring, a power of two (4194304)\n"
		"  -h, --help            this text\n"
		"\n"
		"Needs root, or CAP_BPF and CAP_PERFMON, and a kernel with BTF.\n"
		"Exit status: 0 ended by Ctrl-C or TERM, 2 bad usage, or watching is not possible "
		"here.\n",
	.run = watch_run,
};
