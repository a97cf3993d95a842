// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO user without a virtual machine: opens mediated devices by UUID and drives their migration
 * state as a VMM would, one ioctl at a time or a thousand migrations in a row.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "transfer.h"

#define DEVICES_MAX 2
#define STEPS_MAX 256
#define STATE_BYTES_MAX (4U << 20)
#define CHUNK_BYTES (1U << 20)
#define LOG_PAGE_SIZE 4096

/* The headers of Debian 12 are older than PRE_COPY and the data size; the numbers are the uAPI's.
 */
#define FEATURE_MIG_DATA_SIZE 9
#define DATA_GET_PRECOPY_INFO _IO(VFIO_TYPE, VFIO_BASE + 21)

enum exit_status {
	EXIT_OK = 0,
	EXIT_REFUSED = 1, /* a command failed; its errno was printed */
	EXIT_USAGE = 2,
	EXIT_NO_DEVICE = 3,
};

static const char *const state_names[] = {
	"ERROR",    "STOP",        "RUNNING",  "STOP_COPY",
	"RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P",
};

enum state {
	STATE_STOP = 1,
	STATE_RUNNING = 2,
	STATE_STOP_COPY = 3,
	STATE_RESUMING = 4,
	STATE_PRE_COPY = 6,
};

struct precopy_info {
	uint32_t argsz;
	uint32_t flags;
	uint64_t initial_bytes;
	uint64_t dirty_bytes;
};

struct device {
	const char *uuid;
	int group_fd;
	int fd;
	int data_fd; /* of the migration in progress, or -1 */
};

/* What a command is given, and what it has to say besides its result. */
struct exchange {
	uint64_t argument;
	struct {
		const char *key;
		const char *text; /* NULL: the number counts */
		uint64_t number;
	} field[4];
	unsigned int field_count;
};

struct client {
	bool json;
	int container_fd;
	struct device device[DEVICES_MAX];
	unsigned int device_count;
	unsigned int selected;
	enum transfer_way way;
	uint8_t state_bytes[STATE_BYTES_MAX]; /* device state on its way from read to write */
	size_t state_length;
};

enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_STATE,
	ARGUMENT_NUMBER,
	ARGUMENT_CHUNK,
	ARGUMENT_WAY
};

struct command {
	const char *name;
	enum argument_kind argument;
	/* Returns 0 or -errno. */
	int (*run)(struct client *client, struct exchange *x);
	const char *help;
};

struct step {
	const struct command *command;
	const char *text; /* the argument as it was given, or NULL */
	uint64_t argument;
	bool may_fail;
};

static void answer_number(struct exchange *x, const char *key, uint64_t number)
{
	x->field[x->field_count].key = key;
	x->field[x->field_count].text = NULL;
	x->field[x->field_count++].number = number;
}

static void answer_text(struct exchange *x, const char *key, const char *text)
{
	x->field[x->field_count].key = key;
	x->field[x->field_count++].text = text;
}

static struct device *selected(struct client *client)
{
	return &client->device[client->selected];
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

/* One VFIO_DEVICE_FEATURE call; the payload is copied in and, on success, out again. */
static int feature(const struct device *device, uint32_t flags, void *payload, size_t size)
{
	union {
		struct vfio_device_feature head;
		uint8_t bytes[sizeof(struct vfio_device_feature) + 64];
	} buffer = {0};
	int r;

	if (size > sizeof(buffer) - sizeof(buffer.head))
		return -EMSGSIZE;

	buffer.head.argsz = (uint32_t)(sizeof(buffer.head) + size);
	buffer.head.flags = flags;
	memcpy(buffer.bytes + sizeof(buffer.head), payload, size);
	r = call(device->fd, VFIO_DEVICE_FEATURE, &buffer);
	if (r)
		return r;

	memcpy(payload, buffer.bytes + sizeof(buffer.head), size);
	return 0;
}

static int state_feature(const struct device *device, uint32_t flags,
			 struct vfio_device_feature_mig_state *state)
{
	return feature(device, flags | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, state, sizeof(*state));
}

/* Moves a device; a new data fd, where the kernel gives one, takes the place of the old. */
static int set_state(struct device *device, uint32_t state)
{
	struct vfio_device_feature_mig_state payload = {.device_state = state, .data_fd = -1};
	int r = state_feature(device, VFIO_DEVICE_FEATURE_SET, &payload);

	if (!r && payload.data_fd >= 0) {
		close_fd(&device->data_fd);
		device->data_fd = payload.data_fd;
	}
	return r;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Reads what the device has to say for now, behind what was read before. */
static int read_state(struct client *client, struct device *device, size_t chunk, uint64_t *length)
{
	*length = 0;
	for (;;) {
		size_t space = sizeof(client->state_bytes) - client->state_length;
		ssize_t n;

		if (space == 0)
			return -ENOSPC;
		n = transfer(client->way, false, device->data_fd,
			     client->state_bytes + client->state_length, smaller(chunk, space));
		/* ENOMSG: nothing more before the next state. */
		if (n == 0 || n == -ENOMSG)
			return 0;
		if (n < 0)
			return (int)n;
		client->state_length += (size_t)n;
		*length += (uint64_t)n;
	}
}

static int write_state(struct client *client, struct device *device, size_t chunk, uint64_t *length)
{
	*length = 0;
	while (*length < client->state_length) {
		ssize_t n =
			transfer(client->way, true, device->data_fd, client->state_bytes + *length,
				 smaller(chunk, client->state_length - *length));

		if (n < 0)
			return (int)n;
		*length += (uint64_t)n;
	}
	return 0;
}

static int migrate_out(struct client *client, struct device *source, uint64_t *bytes)
{
	uint64_t length;
	int r;

	client->state_length = 0;
	r = set_state(source, STATE_PRE_COPY);
	if (!r)
		r = read_state(client, source, CHUNK_BYTES, &length);
	if (!r)
		r = set_state(source, STATE_STOP_COPY);
	if (!r)
		r = read_state(client, source, CHUNK_BYTES, &length);
	if (!r)
		r = set_state(source, STATE_STOP);
	close_fd(&source->data_fd);
	*bytes += client->state_length;
	return r ? r : set_state(source, STATE_RUNNING);
}

static int migrate_in(struct client *client, struct device *destination, uint64_t *bytes)
{
	uint64_t length;
	int r;

	r = set_state(destination, STATE_RESUMING);
	if (!r)
		r = write_state(client, destination, CHUNK_BYTES, &length);
	if (!r)
		r = set_state(destination, STATE_STOP);
	if (!r)
		*bytes += length;
	close_fd(&destination->data_fd);
	return r ? r : set_state(destination, STATE_RUNNING);
}

static int run_loop(struct client *client, struct exchange *x)
{
	struct device *source = &client->device[0];
	struct device *destination = &client->device[client->device_count - 1];
	uint64_t done = 0, out = 0, in = 0;
	int r = 0;

	while (!r && done < x->argument) {
		r = migrate_out(client, source, &out);
		if (!r)
			r = migrate_in(client, destination, &in);
		if (!r)
			done++;
	}
	answer_number(x, "migrations", done);
	answer_number(x, "bytes_read", out);
	answer_number(x, "bytes_written", in);
	return r;
}

static int run_set(struct client *client, struct exchange *x)
{
	struct device *device = selected(client);
	int r = set_state(device, (uint32_t)x->argument);

	if (!r && device->data_fd >= 0)
		answer_number(x, "data_fd", (uint64_t)device->data_fd);
	return r;
}

static int run_probe_set(struct client *client, struct exchange *x)
{
	struct vfio_device_feature_mig_state payload = {.device_state = (uint32_t)x->argument};

	return state_feature(selected(client), VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_PROBE,
			     &payload);
}

static int run_get(struct client *client, struct exchange *x)
{
	struct vfio_device_feature_mig_state payload = {0};
	int r = state_feature(selected(client), VFIO_DEVICE_FEATURE_GET, &payload);
	size_t known = sizeof(state_names) / sizeof(state_names[0]);

	if (r)
		return r;

	if (payload.device_state < known)
		answer_text(x, "state", state_names[payload.device_state]);
	else
		answer_number(x, "state", payload.device_state);
	return 0;
}

static int run_flags(struct client *client, struct exchange *x)
{
	struct vfio_device_feature_migration payload = {0};
	int r = feature(selected(client), VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION,
			&payload, sizeof(payload));

	if (!r)
		answer_number(x, "flags", payload.flags);
	return r;
}

static int run_size(struct client *client, struct exchange *x)
{
	uint64_t length = 0;
	int r = feature(selected(client), VFIO_DEVICE_FEATURE_GET | FEATURE_MIG_DATA_SIZE, &length,
			sizeof(length));

	if (!r)
		answer_number(x, "stop_copy_bytes", length);
	return r;
}

static int run_info(struct client *client, struct exchange *x)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int r = call(selected(client)->fd, VFIO_DEVICE_GET_INFO, &info);

	if (r)
		return r;

	answer_number(x, "flags", info.flags);
	answer_number(x, "regions", info.num_regions);
	answer_number(x, "irqs", info.num_irqs);
	return 0;
}

static int run_reset(struct client *client, struct exchange *x)
{
	(void)x;
	return call(selected(client)->fd, VFIO_DEVICE_RESET, NULL);
}

static int dma_log_start(struct client *client, uint32_t flags)
{
	struct vfio_device_feature_dma_logging_range range = {.length = LOG_PAGE_SIZE};
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = LOG_PAGE_SIZE,
		.num_ranges = 1,
		.ranges = (uintptr_t)&range,
	};

	return feature(selected(client),
		       flags | VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
		       &control, sizeof(control));
}

static int run_dma_log_start(struct client *client, struct exchange *x)
{
	(void)x;
	return dma_log_start(client, 0);
}

static int run_probe_dma_log_start(struct client *client, struct exchange *x)
{
	(void)x;
	return dma_log_start(client, VFIO_DEVICE_FEATURE_PROBE);
}

static int run_dma_log_stop(struct client *client, struct exchange *x)
{
	uint8_t nothing = 0;

	(void)x;
	return feature(selected(client),
		       VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, &nothing, 0);
}

/* Of the range that is logged. */
static int run_dma_log_report(struct client *client, struct exchange *x)
{
	uint64_t bitmap = 0;
	struct vfio_device_feature_dma_logging_report report = {
		.length = LOG_PAGE_SIZE,
		.page_size = LOG_PAGE_SIZE,
		.bitmap = (uintptr_t)&bitmap,
	};

	(void)x;
	return feature(selected(client),
		       VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, &report,
		       sizeof(report));
}

static int run_precopy_info(struct client *client, struct exchange *x)
{
	struct precopy_info info = {.argsz = sizeof(info)};
	int r = call(selected(client)->data_fd, DATA_GET_PRECOPY_INFO, &info);

	if (r)
		return r;

	answer_number(x, "initial_bytes", info.initial_bytes);
	answer_number(x, "dirty_bytes", info.dirty_bytes);
	return 0;
}

static int run_read(struct client *client, struct exchange *x)
{
	uint64_t length;
	int r = read_state(client, selected(client), x->argument, &length);

	answer_number(x, "bytes", length);
	return r;
}

static int run_write(struct client *client, struct exchange *x)
{
	uint64_t length;
	int r = write_state(client, selected(client), x->argument, &length);

	answer_number(x, "bytes", length);
	return r;
}

/* From the first device's data fd to the last one's until there is no more, through one chunk. */
static int run_pump(struct client *client, struct exchange *x)
{
	const struct device *source = &client->device[0];
	struct device *destination = &client->device[client->device_count - 1];
	size_t chunk = smaller(x->argument, STATE_BYTES_MAX);
	uint64_t total = 0, length;
	int r = 0;

	while (!r) {
		ssize_t n =
			transfer(client->way, false, source->data_fd, client->state_bytes, chunk);

		if (n == 0 || n == -ENOMSG)
			break;
		client->state_length = n > 0 ? (size_t)n : 0;
		r = n < 0 ? (int)n : write_state(client, destination, chunk, &length);
		total += client->state_length;
	}
	client->state_length = 0;
	answer_number(x, "bytes", total);
	return r;
}

static int run_via(struct client *client, struct exchange *x)
{
	client->way = (enum transfer_way)x->argument;
	return 0;
}

static int run_forget(struct client *client, struct exchange *x)
{
	(void)x;
	client->state_length = 0;
	return 0;
}

static int run_close_data(struct client *client, struct exchange *x)
{
	(void)x;
	if (selected(client)->data_fd < 0)
		return -EBADF;

	close_fd(&selected(client)->data_fd);
	return 0;
}

/* The same ioctl number as VFIO_DEVICE_FEATURE, on the container, as QEMU sends it. */
static int run_container_dirty(struct client *client, struct exchange *x)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = {
		.argsz = sizeof(dirty),
		.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
	};
	int r = call(client->container_fd, VFIO_IOMMU_DIRTY_PAGES, &dirty);

	(void)x;
	if (r)
		return r;

	dirty.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP;
	return call(client->container_fd, VFIO_IOMMU_DIRTY_PAGES, &dirty);
}

static int run_device(struct client *client, struct exchange *x)
{
	if (x->argument >= client->device_count)
		return -ENODEV;

	client->selected = (unsigned int)x->argument;
	answer_text(x, "uuid", selected(client)->uuid);
	return 0;
}

static int run_sleep(struct client *client, struct exchange *x)
{
	struct timespec left = {
		.tv_sec = (time_t)(x->argument / 1000),
		.tv_nsec = (long)(x->argument % 1000) * 1000000,
	};

	(void)client;
	return nanosleep(&left, &left) ? -errno : 0;
}

static int run_hold(struct client *client, struct exchange *x)
{
	(void)client;
	answer_number(x, "pid", (uint64_t)getpid());
	return 0; /* the rest is done after the answer was printed */
}

static const struct command commands[] = {
	{"loop", ARGUMENT_NUMBER, run_loop, "N migrations, from the first device to the last"},
	{"set", ARGUMENT_STATE, run_set, "SET the migration state"},
	{"probe-set", ARGUMENT_STATE, run_probe_set, "SET|PROBE, which performs nothing"},
	{"get", ARGUMENT_NONE, run_get, "GET the migration state"},
	{"flags", ARGUMENT_NONE, run_flags, "GET the migration capabilities"},
	{"size", ARGUMENT_NONE, run_size, "GET the estimated length of the state"},
	{"info", ARGUMENT_NONE, run_info, "VFIO_DEVICE_GET_INFO"},
	{"reset", ARGUMENT_NONE, run_reset, "VFIO_DEVICE_RESET"},
	{"read", ARGUMENT_CHUNK, run_read,
	 "read the state there is, N bytes at a time, behind what was read"},
	{"write", ARGUMENT_CHUNK, run_write, "write the state that was read, N bytes at a time"},
	{"pump", ARGUMENT_CHUNK, run_pump,
	 "move the state from the first device to the last, N bytes at a time"},
	{"via", ARGUMENT_WAY, run_via, "plain, vector (readv, writev) or uring, from here on"},
	{"forget", ARGUMENT_NONE, run_forget, "drop the state that was read"},
	{"close-data", ARGUMENT_NONE, run_close_data, "close the data fd"},
	{"precopy-info", ARGUMENT_NONE, run_precopy_info,
	 "VFIO_MIG_GET_PRECOPY_INFO on the data fd"},
	{"dma-log-start", ARGUMENT_NONE, run_dma_log_start, "SET DMA_LOGGING_START"},
	{"probe-dma-log-start", ARGUMENT_NONE, run_probe_dma_log_start, "the same with PROBE"},
	{"dma-log-report", ARGUMENT_NONE, run_dma_log_report, "GET DMA_LOGGING_REPORT"},
	{"dma-log-stop", ARGUMENT_NONE, run_dma_log_stop, "SET DMA_LOGGING_STOP"},
	{"container-dirty", ARGUMENT_NONE, run_container_dirty,
	 "VFIO_IOMMU_DIRTY_PAGES start and stop: same number as the features, other fd"},
	{"device", ARGUMENT_NUMBER, run_device, "device 0 or 1 for the commands that follow"},
	{"sleep", ARGUMENT_NUMBER, run_sleep, "milliseconds"},
	{"hold", ARGUMENT_NONE, run_hold, "keep everything open until killed"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fputs("usage: vfio-client [--json] -d UUID [-d UUID] COMMAND [ARGUMENT]\n"
	      "       vfio-client [--json] -d UUID [-d UUID] script 'COMMAND; COMMAND; ...'\n\n"
	      "Opens mediated devices through group and container, and runs the commands in order. "
	      "The\n"
	      "first that fails ends it, unless a - stands before it. Each prints a line:\n"
	      "COMMAND [ARGUMENT]: ok or the errno's name, then KEY=VALUE.\n\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-20s %s\n", commands[i].name, commands[i].help);
	fputs("\nExit status: 0 all done, 1 a command failed, 2 wrong usage, 3 a device cannot be "
	      "opened.\n",
	      out);
}

/* Prints what a command did, on one line. */
static void report(const struct client *client, const struct step *step, int r,
		   const struct exchange *x)
{
	const char *result = r ? strerrorname_np(-r) : "ok";
	const char *open = client->json ? ",\"" : " ";
	const char *is = client->json ? "\":" : "=";
	const char *quote = client->json ? "\"" : "";

	if (client->json) {
		printf("{\"command\":\"%s\"", step->command->name);
		if (step->text)
			printf(",\"argument\":\"%s\"", step->text);
		printf(",\"result\":\"%s\"", result);
	} else {
		printf("%s%s%s: %s", step->command->name, step->text ? " " : "",
		       step->text ? step->text : "", result);
	}
	for (unsigned int i = 0; i < x->field_count; i++) {
		printf("%s%s%s", open, x->field[i].key, is);
		if (x->field[i].text)
			printf("%s%s%s", quote, x->field[i].text, quote);
		else
			printf("%" PRIu64, x->field[i].number);
	}
	puts(client->json ? "}" : "");
	fflush(stdout);
}

static bool parse_state(const char *text, uint64_t *value)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
		if (strcmp(text, state_names[i]) == 0) {
			*value = i;
			return true;
		}
	}
	return false;
}

static bool parse_way(const char *text, uint64_t *value)
{
	for (size_t i = 0; i < TRANSFER_WAYS; i++) {
		if (strcmp(text, transfer_names[i]) == 0) {
			*value = i;
			return true;
		}
	}
	return false;
}

static bool parse_number(const char *text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && *end == '\0';
}

static bool parse_argument(enum argument_kind kind, const char *text, uint64_t *value)
{
	*value = 0;
	switch (kind) {
	case ARGUMENT_NONE:
		return !text;
	case ARGUMENT_CHUNK:
		*value = CHUNK_BYTES;
		return !text || (parse_number(text, value) && *value > 0);
	case ARGUMENT_STATE:
		/* A number is for states that do not exist. */
		return text && (parse_state(text, value) || parse_number(text, value));
	case ARGUMENT_WAY:
		return text && parse_way(text, value);
	case ARGUMENT_NUMBER:
		return text && parse_number(text, value);
	}
	return false;
}

/* Cuts "[-]COMMAND [ARGUMENT]" in place. */
static bool parse_step(char *text, struct step *step)
{
	char *rest, *name = strtok_r(text, " \t\n", &rest);

	if (!name)
		return false;
	step->may_fail = *name == '-';
	if (step->may_fail)
		name++;
	step->text = strtok_r(NULL, " \t\n", &rest);
	if (strtok_r(NULL, " \t\n", &rest))
		return false;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(name, commands[i].name) == 0) {
			step->command = &commands[i];
			return parse_argument(commands[i].argument, step->text, &step->argument);
		}
	}
	return false;
}

/* Returns the number of steps, or 0 after it said what is wrong. The steps point into the text. */
static size_t parse_script(char *text, struct step steps[static STEPS_MAX])
{
	size_t count = 0;
	char *rest;

	for (char *part = strtok_r(text, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
		if (part[strspn(part, " \t\n")] == '\0')
			continue;
		if (count == STEPS_MAX || !parse_step(part, &steps[count])) {
			fprintf(stderr, "vfio-client: not a command: %s\n", part);
			return 0;
		}
		count++;
	}
	if (count == 0)
		fputs("vfio-client: no command\n", stderr);
	return count;
}

/* Returns the group number of a device, or -errno. */
static int group_of(const char *uuid)
{
	char path[PATH_MAX], target[PATH_MAX];
	uint64_t number;
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return parse_number(basename(target), &number) && number <= INT_MAX ? (int)number : -EINVAL;
}

static int open_group(struct client *client, struct device *device)
{
	int group = group_of(device->uuid);
	char path[64];

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	device->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->group_fd < 0)
		return -errno;
	return call(device->group_fd, VFIO_GROUP_SET_CONTAINER, &client->container_fd);
}

static int open_device(struct device *device)
{
	device->fd = ioctl(device->group_fd, VFIO_GROUP_GET_DEVICE_FD, device->uuid);
	return device->fd < 0 ? -errno : 0;
}

/* All groups share one container; it takes an IOMMU when it has its first. */
static int open_all(struct client *client)
{
	client->container_fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (client->container_fd < 0)
		return -errno;

	for (unsigned int i = 0; i < client->device_count; i++) {
		int r = open_group(client, &client->device[i]);

		if (r)
			return r;
		if (i == 0 && ioctl(client->container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
			return -errno;
		r = open_device(&client->device[i]);
		if (r)
			return r;
	}
	return 0;
}

static void close_all(struct client *client)
{
	for (unsigned int i = 0; i < client->device_count; i++) {
		close_fd(&client->device[i].data_fd);
		close_fd(&client->device[i].fd);
		close_fd(&client->device[i].group_fd);
	}
	close_fd(&client->container_fd);
}

static enum exit_status run_script(struct client *client, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct exchange x = {.argument = steps[i].argument};
		int r = steps[i].command->run(client, &x);

		report(client, &steps[i], r, &x);
		if (r && !steps[i].may_fail)
			return EXIT_REFUSED;
		while (steps[i].command->run == run_hold)
			pause();
	}
	return EXIT_OK;
}

static bool add_device(struct client *client, const char *uuid)
{
	if (!uuid || client->device_count == DEVICES_MAX)
		return false;

	client->device[client->device_count++] =
		(struct device){.uuid = uuid, .group_fd = -1, .fd = -1, .data_fd = -1};
	return true;
}

/* Takes the options; returns the index of the first word of the command, or 0 on bad usage. */
static int parse_options(struct client *client, char **argv)
{
	int i = 1;

	for (; argv[i] && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--json") == 0)
			client->json = true;
		else if (strcmp(argv[i], "-d") != 0 || !add_device(client, argv[++i]))
			return 0;
	}
	return client->device_count > 0 && argv[i] ? i : 0;
}

/* Joins the words of a single command to a script of one. Returns NULL if they are too many. */
static char *script_text(char **words)
{
	static char single[256];

	if (strcmp(words[0], "script") == 0)
		return words[1] && !words[2] ? words[1] : NULL;
	if (words[1] && words[2])
		return NULL;
	snprintf(single, sizeof(single), "%s %s", words[0], words[1] ? words[1] : "");
	return single;
}

int main(int argc, char **argv)
{
	static struct client client = {.container_fd = -1};
	static struct step steps[STEPS_MAX];
	enum exit_status status;
	size_t count;
	char *text;
	int first, r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EXIT_OK;
	}
	first = parse_options(&client, argv);
	text = first ? script_text(argv + first) : NULL;
	if (!text) {
		usage(stderr);
		return EXIT_USAGE;
	}
	count = parse_script(text, steps);
	if (count == 0)
		return EXIT_USAGE;

	r = open_all(&client);
	if (r) {
		fprintf(stderr, "vfio-client: cannot open the device: %s\n", strerrorname_np(-r));
		status = EXIT_NO_DEVICE;
	} else {
		status = run_script(&client, steps, count);
	}
	close_all(&client);
	return (int)status;
}
