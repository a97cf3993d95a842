// SPDX-License-Identifier: GPL-2.0-only
#include "cli/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "config/config.h"
#include "config/recording_write.h"
#include "config/scalar.h"
#include "host/describe.h"
#include "host/process.h"
#include "kern/migration.h"

/* What is in memory only is lost when we are killed. */
#define FLUSH_US 1000000u
/* A process may become another one under the same number: looked at again after this. */
#define PROCESS_AGE_NS 1000000000u
#define DEVICES_MAX 65536u

struct known_process {
	uint64_t looked_ns; /* as record times */
	struct recording_process process;
};

struct recorder {
	struct recorder_options options;
	struct recording_writer *writer;
	sd_event *loop; /* NULL until it follows one */
	sd_event_source *flush_timer;
	bool is_timer_on;
	bool is_full;
	int failure; /* -errno of writing */
	uint64_t filtered;
	uint64_t left_out;
	uint64_t malformed;
	/* Of the last batch: who watches beside us is told of a loss at the same place. */
	struct ring_counts sums;
	struct host *host;
	struct sources *sources;
	struct migration *migration; /* opened for the first device */
	struct text_list devices;    /* that were described, or could not be */
	struct known_process *processes[RECORDING_PROCESS_SLOTS]; /* by pid */
};

static void fill_counts(void *context, struct recording_counts *out)
{
	const struct recorder *recorder = context;

	out->filtered = recorder->filtered;
	out->left_out = recorder->left_out;
	out->malformed = recorder->malformed;
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		out->kind[kind] = (struct recording_count){
			.produced = recorder->sums.kind[kind].produced,
			.lost = recorder->sums.kind[kind].lost,
			.delivered = recorder->sums.kind[kind].delivered,
		};
}

static void write_failed(struct recorder *recorder, int r)
{
	if (recorder->failure)
		return;
	recorder->failure = r;
	fprintf(stderr, "migwarden %s: writing %s: %s\n", recorder->options.verb->name,
		recorder->options.path, strerror(-r));
}

static int on_flush(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct recorder *recorder = userdata;
	int r = recording_writer_flush(recorder->writer);

	(void)source;
	(void)time_us;
	recorder->is_timer_on = false;
	if (!r)
		return 0;
	write_failed(recorder, r);
	return recorder->options.is_guest ? 0 : sd_event_exit(recorder->loop, 0);
}

static void start_timer(struct recorder *recorder)
{
	if (recorder->is_timer_on || !recorder->flush_timer)
		return;
	recorder->is_timer_on =
		sd_event_source_set_time_relative(recorder->flush_timer, FLUSH_US) >= 0 &&
		sd_event_source_set_enabled(recorder->flush_timer, SD_EVENT_ONESHOT) >= 0;
}

static void add(struct recorder *recorder, enum recording_item_type type, const void *data,
		size_t size)
{
	int r = recording_writer_add(recorder->writer, type, data, size);

	if (r == -EFBIG)
		recorder->is_full = true;
	else if (r && r != -EMSGSIZE)
		write_failed(recorder, r);
	else
		start_timer(recorder);
}

static void copy_process(const struct process *process, struct recording_process *out)
{
	*out = (struct recording_process){.pid = (uint32_t)process->pid};
	snprintf(out->comm, sizeof(out->comm), "%s", process->comm);
	snprintf(out->vm_uuid, sizeof(out->vm_uuid), "%s", process->vm_uuid);
	snprintf(out->vm_name, sizeof(out->vm_name), "%s", process->vm_name);
	snprintf(out->cgroup, sizeof(out->cgroup), "%s", process->cgroup);
}

/* A process that ends has lost its command line and its cgroup before its number. */
static bool is_ending(const struct recording_process *known, const struct recording_process *seen)
{
	return known->pid == seen->pid && !strcmp(known->comm, seen->comm) &&
	       (*known->vm_name || *known->vm_uuid) && !*seen->vm_name && !*seen->vm_uuid;
}

/* While it is there to be asked. One that is gone stays what it was. */
static void add_process(struct recorder *recorder, uint32_t pid, uint64_t now_ns)
{
	struct known_process **slot = &recorder->processes[pid % RECORDING_PROCESS_SLOTS];
	struct recording_process seen;
	struct process process;

	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot || !pid)
		return;
	if ((*slot)->process.pid == pid && now_ns - (*slot)->looked_ns < PROCESS_AGE_NS)
		return;
	(*slot)->looked_ns = now_ns;
	if (process_read(recorder->host, (pid_t)pid, &process))
		return;
	copy_process(&process, &seen);
	if (!memcmp(&(*slot)->process, &seen, sizeof(seen)) || is_ending(&(*slot)->process, &seen))
		return;
	(*slot)->process = seen;
	add(recorder, RECORDING_PROCESS, &seen, sizeof(seen));
}

static int ask_capabilities(void *context, const char *vfio, uint32_t *capabilities)
{
	struct recorder *recorder = context;
	int r = recorder->migration ? 0 : migration_open(&recorder->migration);

	return r ? r : migration_query(recorder->migration, vfio, capabilities);
}

static int describe_device(struct recorder *recorder, const char *name, struct descriptor **out)
{
	const struct describe_options options = {
		.sources = recorder->sources,
		.now_s = time(NULL),
		.migration = ask_capabilities,
		.migration_context = recorder,
		.firmware = devlink_firmware,
	};
	AUTO_INVENTORY struct inventory *inventory = NULL;
	const struct inventory_device *device;
	int r = inventory_read(recorder->host, &inventory);

	if (!r)
		r = inventory_find(recorder->host, inventory, name, &device);
	return r ? r : describe(recorder->host, device, &options, out);
}

/* Once for each device that does something; one that is gone again stays without. */
static void add_device(struct recorder *recorder, const char *name)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	AUTO_FREE char *text = NULL;
	json_t *object;

	if (!*name || recorder->devices.count == DEVICES_MAX ||
	    text_list_has(&recorder->devices, name) || text_list_add(&recorder->devices, name) ||
	    describe_device(recorder, name, &descriptor))
		return;
	object = descriptor_to_json(descriptor);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (text && strlen(text) <= RECORDING_DEVICE_MAX)
		add(recorder, RECORDING_DEVICE, text, strlen(text));
}

void recorder_add(struct recorder *recorder, const union mw_event *event, const void *raw)
{
	const struct text_list *wanted = recorder->options.devices;

	if (wanted->count && !text_list_has(wanted, event->head.device)) {
		recorder->filtered++;
		return;
	}
	if (!recorder_is_over(recorder))
		add_process(recorder, event->head.pid, event->head.time_ns);
	/* A mdev that is just being made, or removed, cannot be described. */
	if (!recorder_is_over(recorder) && event->head.kind != MW_EVENT_MDEV)
		add_device(recorder, event->head.device);
	if (!recorder_is_over(recorder))
		add(recorder, RECORDING_EVENT, raw, event->head.size);
	recorder->left_out += recorder_is_over(recorder);
}

static uint64_t lost(const struct ring_counts *counts)
{
	uint64_t sum = 0;

	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		sum += counts->kind[kind].lost;
	return sum;
}

void recorder_batch(struct recorder *recorder, const struct ring_counts *counts, uint64_t malformed)
{
	bool is_news = lost(counts) != lost(&recorder->sums);
	int r;

	recorder->sums = *counts;
	recorder->malformed = malformed;
	if (!is_news || recorder_is_over(recorder))
		return;
	r = recording_writer_add_counts(recorder->writer);
	if (r == -EFBIG)
		recorder->is_full = true;
	else if (r)
		write_failed(recorder, r);
	else
		start_timer(recorder);
}

void recorder_limits(struct recorder *recorder, uint64_t downtime_ns, const char *policy)
{
	struct recording_limits limits = {.downtime_ns = downtime_ns};

	snprintf(limits.policy, sizeof(limits.policy), "%s", policy);
	if (!recorder_is_over(recorder))
		add(recorder, RECORDING_LIMITS, &limits, sizeof(limits));
}

bool recorder_is_over(const struct recorder *recorder)
{
	return recorder->is_full || recorder->failure;
}

int recorder_follow(struct recorder *recorder, sd_event *loop)
{
	int r = sd_event_add_time_relative(loop, &recorder->flush_timer, CLOCK_MONOTONIC, FLUSH_US,
					   0, on_flush, recorder);

	if (r < 0) {
		fprintf(stderr, "migwarden %s: %s\n", recorder->options.verb->name, strerror(-r));
		return EXIT_BAD;
	}
	/* The beginning is to be in the file soon. */
	recorder->is_timer_on = true;
	recorder->loop = loop;
	/* Who gives up capabilities later could not; without vfio it is tried again. */
	migration_open(&recorder->migration);
	return EXIT_YES;
}

int recorder_end(struct recorder *recorder, struct recorder_result *out)
{
	const struct recording_end end = {
		.time_ns = clock_ns(CLOCK_MONOTONIC),
		.wall_offset_ns = clock_wall_offset_ns(),
		.cause = recorder->is_full ? RECORDING_FULL : RECORDING_ASKED,
	};
	int r;

	r = recorder->failure ? 0 : recording_writer_end(recorder->writer, &end);
	if (r)
		write_failed(recorder, r);
	*out = (struct recorder_result){
		.events = recording_writer_recorded(recorder->writer),
		.bytes = recording_writer_bytes(recorder->writer),
		.left_out = recorder->left_out,
		.end_ns = end.time_ns,
		.lost = lost(&recorder->sums),
		.cause = end.cause,
	};
	return recorder->failure ? EXIT_BAD : EXIT_YES;
}

void recorder_tell(const struct recorder *recorder, const struct recorder_result *result)
{
	char bytes[UNITS_TEXT_BYTES];
	bool is_full = result->cause == RECORDING_FULL;

	fprintf(stderr, "migwarden %s: %s: %" PRIu64 " events in %s, %" PRIu64 " lost%s%s\n",
		recorder->options.verb->name, recorder->options.path, result->events,
		format_bytes(result->bytes, bytes), result->lost, is_full ? "; ended at " : "",
		is_full ? recorder->options.size_option : "");
}

bool recorder_path(const char *folder, char out[static RECORDER_PATH_BYTES])
{
	char host[256] = "";
	time_t now = time(NULL);
	struct tm utc;
	char date[32] = "";

	gethostname(host, sizeof(host) - 1);
	if (gmtime_r(&now, &utc))
		strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
	return snprintf(out, RECORDER_PATH_BYTES, "%s%s%s-%s.mwrec", folder, *folder ? "/" : "",
			host, date) < RECORDER_PATH_BYTES;
}

int recorder_size(const struct verb *verb, const char *option, const char *text, uint64_t *out)
{
	int64_t bytes;

	if (quantity_parse(&quantity_bytes, text, &bytes) || bytes < RECORDING_SIZE_MIN)
		return verb_usage(verb,
				  "%s: expected a size such as 512MiB, 64KiB at least, got '%s'",
				  option, text);
	*out = (uint64_t)bytes;
	return EXIT_YES;
}

static void fill_start(const struct recorder *recorder, struct recording_start *out)
{
	struct utsname names = {0};
	struct host_text boot_id;

	uname(&names);
	*out = (struct recording_start){
		.time_ns = clock_ns(CLOCK_MONOTONIC),
		.wall_offset_ns = recorder->options.wall_offset_ns,
		.ring_bytes = recorder->options.ring_bytes,
	};
	snprintf(out->program, sizeof(out->program), "%s", MW_VERSION);
	snprintf(out->kernel, sizeof(out->kernel), "%s", names.release);
	snprintf(out->host, sizeof(out->host), "%s", names.nodename);
	if (!host_read_line(recorder->host, &boot_id, HOST_BOOT_ID_PATH))
		snprintf(out->boot_id, sizeof(out->boot_id), "%.39s", boot_id.text);
}

static int add_fixed(struct recorder *recorder)
{
	const struct recorder_options *options = &recorder->options;
	int r = 0;

	if (*options->limits.policy)
		r = recording_writer_add(recorder->writer, RECORDING_LIMITS, &options->limits,
					 sizeof(options->limits));
	for (size_t i = 0; !r && i < options->devices->count; i++) {
		struct recording_filter filter = {0};

		snprintf(filter.device, sizeof(filter.device), "%s", options->devices->items[i]);
		r = recording_writer_add(recorder->writer, RECORDING_FILTER, &filter,
					 sizeof(filter));
	}
	return r;
}

static int open_file(struct recorder *recorder)
{
	const struct recorder_options *options = &recorder->options;
	const struct recording_writer_options writing = {
		.replace = options->replace,
		.max_bytes = options->max_bytes,
		.counts = fill_counts,
		.context = recorder,
	};
	struct recording_start start;
	int r;

	fill_start(recorder, &start);
	r = recording_writer_open(options->path, &writing, &start, &recorder->writer);
	if (r == -EEXIST)
		fprintf(stderr, "migwarden %s: %s is there already; %s\n", options->verb->name,
			options->path,
			options->is_guest ? "a folder gets a new file each time"
					  : "--force replaces it");
	else if (r || (r = add_fixed(recorder)))
		write_failed(recorder, r);
	return r;
}

int recorder_open(const struct recorder_options *options, struct recorder **out)
{
	AUTO_RECORDER struct recorder *recorder = calloc(1, sizeof(*recorder));
	int r = recorder ? host_open(NULL, &recorder->host) : -ENOMEM;

	if (!r)
		r = sources_new(&recorder->sources);
	/* What a site says of its vendors; a bad file is `describe`'s to complain about. */
	if (!r && !access(SOURCES_SITE_FILE, F_OK))
		sources_read_file(recorder->sources, SOURCES_SITE_FILE, NULL);
	if (r) {
		fprintf(stderr, "migwarden %s: %s\n", options->verb->name, strerror(-r));
		return EXIT_BAD;
	}
	recorder->options = *options;
	if (open_file(recorder))
		return EXIT_BAD;
	*out = TAKE_PTR(recorder);
	return EXIT_YES;
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return;
	sd_event_source_unref(recorder->flush_timer);
	recording_writer_close(recorder->writer);
	migration_close(recorder->migration);
	for (size_t i = 0; i < RECORDING_PROCESS_SLOTS; i++)
		free(recorder->processes[i]);
	text_list_free(&recorder->devices);
	sources_free(recorder->sources);
	host_close(recorder->host);
	free(recorder);
}
