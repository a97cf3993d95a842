// SPDX-License-Identifier: GPL-2.0-only
#include "cli/capture.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/settings.h"
#include "core/decode.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "kern/observe.h"

#define DRAIN_LIMIT_MS 1000
#define MESSAGE_BYTES 1024

struct capture {
	struct capture_options options;
	struct observe *observe;
	struct dataflow *dataflow;
	sd_event *loop;
	uint64_t malformed;
	/* When a module comes, groups are attached after the batch that told of it. */
	bool attach_wanted;
};

__attribute__((format(printf, 2, 3))) static void say(const struct capture *capture,
						      const char *format, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (capture->options.on_message)
		capture->options.on_message(capture->options.context, text);
	else
		fprintf(stderr, "migwarden %s: %s\n", capture->options.verb->name, text);
}

/* At once: the sooner we are attached, the fewer bytes are missed. */
static void discover(struct capture *capture, const struct mw_event_data_file *file)
{
	int r = dataflow_discover(capture->dataflow, file);

	if (r > 0)
		say(capture, "a driver that we did not know makes %s files: watching their data",
		    file->name);
	else if (r < 0)
		say(capture, "cannot watch the data of %s files: %s (%s)", file->name, strerror(-r),
		    kernel_message());
}

static void on_record(void *context, const void *data, size_t size)
{
	struct capture *capture = context;
	union mw_event event;

	if (decode(data, size, &event) != DECODE_OK) {
		capture->malformed++;
		return;
	}
	if (event.head.kind == MW_EVENT_MODULE && event.module.op == MW_MODULE_LOAD)
		capture->attach_wanted = true;
	if (event.head.kind == MW_EVENT_DATA_FILE)
		discover(capture, &event.data_file);
	capture->options.on_event(capture->options.context, &event, data);
}

static void attach_dataflow(struct capture *capture)
{
	int r = dataflow_attach(capture->dataflow);

	if (r)
		say(capture, "cannot watch the data of every driver: %s (%s)", strerror(-r),
		    kernel_message());
}

static void attach_late(struct capture *capture)
{
	bool had[OBSERVE_GROUP_COUNT_];
	int r;

	capture->attach_wanted = false;
	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
		had[group] = observe_has(capture->observe, group);
	attach_dataflow(capture);
	r = observe_attach(capture->observe);
	if (r)
		say(capture, "cannot attach to a module that was loaded: %s (%s)", strerror(-r),
		    kernel_message());
	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
		if (!had[group] && observe_has(capture->observe, group))
			say(capture, "module %s is there: watching it", observe_group_name(group));
}

static int on_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct capture *capture = userdata;
	struct ring_counts counts;

	(void)source;
	(void)fd;
	(void)events;
	ring_consume(observe_ring(capture->observe));
	if (capture->attach_wanted)
		attach_late(capture);
	if (!capture->options.on_batch)
		return 0;
	if (capture_counts(capture, &counts))
		counts = (struct ring_counts){0};
	if (capture->options.on_batch(capture->options.context, &counts))
		return sd_event_exit(capture->loop, 0);
	return 0;
}

static int attach(struct capture *capture)
{
	/* Once for all that is loaded here. Where there are none, who needs them says so. */
	AUTO_TYPES struct kernel_types *types = kernel_types_open();
	int r = observe_load(capture->options.ring_bytes, on_record, capture, &capture->observe);

	if (!r)
		r = dataflow_open(capture->observe, &capture->dataflow);
	if (r)
		return r;
	attach_dataflow(capture);
	return observe_start(capture->observe);
}

static int attach_failed(const struct capture *capture, int r)
{
	if ((r == -EPERM || r == -EACCES) && geteuid() != 0)
		say(capture, "not permitted: watching needs root, or CAP_BPF and CAP_PERFMON; "
			     "'check', 'policy' and 'describe' work without");
	else if (r == -ENOTSUP)
		say(capture, "the kernel has no BTF (/sys/kernel/btf/vmlinux); 'check', 'policy' "
			     "and 'describe' work without");
	else
		say(capture, "cannot load the observers: %s (%s)", strerror(-r), kernel_message());
	return EXIT_BAD;
}

static int loop_open(struct capture *capture)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	r = sd_event_new(&capture->loop);
	if (r >= 0)
		r = sd_event_add_signal(capture->loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(capture->loop, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_io(capture->loop, NULL, ring_fd(observe_ring(capture->observe)),
				    EPOLLIN, on_ring, capture);
	return r < 0 ? r : 0;
}

/* So that a script knows from when on nothing is missed. */
static void report_start(const struct capture *capture)
{
	say(capture, "watching; Ctrl-C ends it");
	for (enum observe_group group = OBSERVE_VFIO; group < OBSERVE_GROUP_COUNT_; group++)
		if (!observe_has(capture->observe, group))
			say(capture, "module %s is not loaded: watching begins with it",
			    observe_group_name(group));
}

int capture_ring_bytes(const struct verb *verb, const char *text, size_t *out)
{
	char *end;
	unsigned long bytes;

	errno = 0;
	bytes = strtoul(text, &end, 10);
	if (errno || end == text || *end || bytes < RING_BYTES_MIN || bytes > RING_BYTES_MAX ||
	    (bytes & (bytes - 1)))
		return verb_usage(verb,
				  "--ring-size: expected a power of two from 4096 to 268435456, "
				  "got '%s'",
				  text);
	*out = bytes;
	return EXIT_YES;
}

int capture_open(const struct capture_options *options, struct capture **out)
{
	AUTO_CAPTURE struct capture *capture = calloc(1, sizeof(*capture));
	int r;

	if (!capture)
		return verb_usage(options->verb, "out of memory");
	capture->options = *options;
	kernel_quiet();
	r = attach(capture);
	if (r)
		return attach_failed(capture, r);
	r = loop_open(capture);
	if (r) {
		say(capture, "%s", strerror(-r));
		return EXIT_BAD;
	}
	report_start(capture);
	*out = TAKE_PTR(capture);
	return EXIT_YES;
}

sd_event *capture_loop(const struct capture *capture)
{
	return capture->loop;
}

const struct dataflow *capture_dataflow(const struct capture *capture)
{
	return capture->dataflow;
}

int capture_run(struct capture *capture)
{
	int r = sd_event_loop(capture->loop);

	if (r >= 0)
		return EXIT_YES;
	say(capture, "%s", strerror(-r));
	return EXIT_BAD;
}

/* Everything that was produced is read before the sums are made. */
int capture_finish(struct capture *capture, struct ring_counts *out)
{
	int r;

	observe_stop(capture->observe);
	dataflow_stop(capture->dataflow);
	r = ring_drain(observe_ring(capture->observe), DRAIN_LIMIT_MS);
	if (r == -ETIMEDOUT)
		say(capture, "some records are missing from these sums");
	r = capture_counts(capture, out);
	if (!r)
		return EXIT_YES;
	say(capture, "cannot read the counters: %s", strerror(-r));
	return EXIT_BAD;
}

int capture_counts(const struct capture *capture, struct ring_counts *out)
{
	return ring_counts(observe_ring(capture->observe), out);
}

uint64_t capture_malformed(const struct capture *capture)
{
	return capture->malformed;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	dataflow_close(capture->dataflow); /* before the ring that it writes to */
	observe_close(capture->observe);
	sd_event_unref(capture->loop);
	free(capture);
}
