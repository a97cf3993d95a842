// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls whose cost is to be known, in loops, by CLOCK_MONOTONIC. Under QEMU's instruction counting
 * a nanosecond is an instruction, on the one CPU there is. So the result is what the caller waits
 * for: it runs in a real-time class, and a tool that works beside it gets the CPU between the loops
 * alone, while one that makes the caller wait gets it inside and is counted.
 *
 * What such a tool used between the loops is told too, when its process is known.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define KVM_RUN 0xae80
#define REPEATS_MAX 101
#define PAUSE_NS 20000000L
#define PAUSES_MAX 3000
#define REALTIME_PRIORITY 10
#define STREAM_BYTES_MAX (64u << 20)
#define SCRATCH_BYTES (1u << 20)
#define ATTRIBUTE_BYTES 4096

enum state {
	STATE_STOP = 1,
	STATE_RUNNING = 2,
	STATE_STOP_COPY = 3,
	STATE_RESUMING = 4,
	STATE_PRE_COPY = 6,
};

struct device {
	const char *uuid;
	int group_fd;
	int fd;
	int data_fd;
};

struct bench {
	int null_fd;
	int zero_fd;
	int attribute_fd;
	int container_fd;
	struct device device;      /* with a small state */
	struct device data_device; /* with a large one */
	uint8_t *stream;           /* its state, as it was read */
	uint8_t *scratch;          /* where other reads go */
	size_t stream_bytes;
	size_t position;
	pid_t tool; /* 0: none, or none that is known */
	unsigned int repeats;
	bool is_stopped;      /* by its tool, at each call */
	unsigned int divisor; /* of the calls of a loop, for slow tools */
	unsigned int calls;   /* of a loop; 0: as the work says */
};

struct work {
	const char *name;
	unsigned int calls; /* of a loop */
	unsigned int units; /* what one call below is divided by */
	size_t bytes;       /* that a call moves */
	/* Before each loop, not measured; NULL: nothing to do. Both give 0 or -errno. */
	int (*prepare)(struct bench *bench, const struct work *work, unsigned int calls);
	int (*once)(struct bench *bench, const struct work *work);
};

static int error_of(long result)
{
	return result < 0 ? -errno : 0;
}

/* --- devices ---------------------------------------------------------------------------------- */

static int set_state(struct device *device, uint32_t state)
{
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_mig_state payload;
	} set = {
		.head.argsz = sizeof(set),
		.head.flags = VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		.payload = {.device_state = state, .data_fd = -1},
	};

	if (ioctl(device->fd, VFIO_DEVICE_FEATURE, &set) < 0)
		return -errno;
	if (set.payload.data_fd >= 0) {
		if (device->data_fd >= 0)
			close(device->data_fd);
		device->data_fd = set.payload.data_fd;
	}
	return 0;
}

static int close_data(struct device *device)
{
	int r = device->data_fd < 0 ? 0 : error_of(close(device->data_fd));

	device->data_fd = -1;
	return r;
}

static int device_open(struct bench *bench, struct device *device, bool is_first)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", device->uuid);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return -errno;
	link[length] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", basename(link));
	device->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->group_fd < 0 ||
	    ioctl(device->group_fd, VFIO_GROUP_SET_CONTAINER, &bench->container_fd) < 0)
		return -errno;
	if (is_first && ioctl(bench->container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return -errno;
	device->fd = ioctl(device->group_fd, VFIO_GROUP_GET_DEVICE_FD, device->uuid);
	return error_of(device->fd);
}

/* What there is to read until the end, or until the next state. */
static int read_all(struct device *device, uint8_t *to, size_t space, size_t *length)
{
	ssize_t n;

	*length = 0;
	while ((n = read(device->data_fd, to + *length, space - *length)) > 0)
		*length += (size_t)n;
	return n < 0 && errno != ENOMSG ? -errno : 0;
}

/* --- works ------------------------------------------------------------------------------------ */

static int nothing(struct bench *bench, const struct work *work)
{
	(void)bench;
	(void)work;
	return 0;
}

static int ioctl_unrelated(struct bench *bench, const struct work *work)
{
	(void)work;
	ioctl(bench->null_fd, KVM_RUN, 0);
	return 0;
}

static int read_unrelated(struct bench *bench, const struct work *work)
{
	uint8_t byte;

	(void)work;
	return error_of(read(bench->zero_fd, &byte, 1));
}

static int write_unrelated(struct bench *bench, const struct work *work)
{
	(void)work;
	return error_of(write(bench->null_fd, "", 1));
}

static int open_close(struct bench *bench, const struct work *work)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)bench;
	(void)work;
	return fd < 0 ? -errno : error_of(close(fd));
}

static int get_info(struct bench *bench, const struct work *work)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};

	(void)work;
	return error_of(ioctl(bench->device.fd, VFIO_DEVICE_GET_INFO, &info));
}

static int stop_and_run(struct bench *bench, const struct work *work)
{
	int r = set_state(&bench->device, STATE_STOP);

	(void)work;
	return r ? r : set_state(&bench->device, STATE_RUNNING);
}

/* Where a gate stands that refuses it. */
static int load_refused(struct bench *bench, const struct work *work)
{
	int r = set_state(&bench->device, STATE_RESUMING);

	(void)work;
	return r == -EPERM ? 0 : -ENOTSUP;
}

static int save(struct bench *bench, const struct work *work)
{
	struct device *device = &bench->device;
	size_t length;
	int r = set_state(device, STATE_PRE_COPY);

	(void)work;
	if (!r)
		r = read_all(device, bench->scratch, SCRATCH_BYTES, &length);
	if (!r)
		r = set_state(device, STATE_STOP_COPY);
	if (!r)
		r = read_all(device, bench->scratch, SCRATCH_BYTES, &length);
	if (!r)
		r = set_state(device, STATE_STOP);
	if (!r)
		r = close_data(device);
	return r ? r : set_state(device, STATE_RUNNING);
}

/* A fresh data file where the one that is open has too little left. */
static int prepare_read(struct bench *bench, const struct work *work, unsigned int calls)
{
	struct device *device = &bench->data_device;
	int r;

	if (device->data_fd >= 0 && bench->stream_bytes - bench->position >= calls * work->bytes)
		return 0;
	r = close_data(device);
	if (!r)
		r = set_state(device, STATE_RUNNING);
	bench->position = 0;
	return r ? r : set_state(device, STATE_STOP_COPY);
}

static int data_read(struct bench *bench, const struct work *work)
{
	bench->position += work->bytes;
	return error_of(read(bench->data_device.data_fd, bench->scratch, work->bytes));
}

/* The driver takes nothing but its own stream, from the begin. */
static int prepare_write(struct bench *bench, const struct work *work, unsigned int calls)
{
	struct device *device = &bench->data_device;
	int r;

	(void)work;
	(void)calls;
	r = close_data(device);
	if (!r)
		r = error_of(ioctl(device->fd, VFIO_DEVICE_RESET));
	bench->position = 0;
	return r ? r : set_state(device, STATE_RESUMING);
}

static int data_write(struct bench *bench, const struct work *work)
{
	const uint8_t *from = bench->stream + bench->position;

	bench->position += work->bytes;
	return error_of(write(bench->data_device.data_fd, from, work->bytes));
}

static int attribute(struct bench *bench, const struct work *work)
{
	char text[ATTRIBUTE_BYTES];

	(void)work;
	return error_of(pread(bench->attribute_fd, text, sizeof(text), 0));
}

static const struct work works[] = {
	{"ioctl-unrelated", 1000, 1, 0, NULL, ioctl_unrelated},
	{"read-unrelated", 1000, 1, 0, NULL, read_unrelated},
	{"write-unrelated", 1000, 1, 0, NULL, write_unrelated},
	{"open-close", 300, 1, 0, NULL, open_close},
	{"get-info", 1000, 1, 0, NULL, get_info},
	{"set-state", 200, 2, 0, NULL, stop_and_run},
	{"save", 30, 1, 0, NULL, save},
	{"mdev-attr", 300, 1, 0, NULL, attribute},
	{"refused", 300, 1, 0, NULL, load_refused},
	/* One call while the tool sleeps: it is woken by it. */
	{"get-info-first", 1, 1, 0, NULL, get_info},
	{"data-read-24", 1000, 1, 24, prepare_read, data_read},
	{"data-read-4k", 300, 1, 4 << 10, prepare_read, data_read},
	{"data-read-64k", 30, 1, 64 << 10, prepare_read, data_read},
	{"data-read-1m", 3, 1, 1 << 20, prepare_read, data_read},
	{"data-write-24", 1000, 1, 24, prepare_write, data_write},
	{"data-write-4k", 300, 1, 4 << 10, prepare_write, data_write},
	{"data-write-64k", 30, 1, 64 << 10, prepare_write, data_write},
	{"data-write-1m", 3, 1, 1 << 20, prepare_write, data_write},
};

#define WORKS (sizeof(works) / sizeof(works[0]))

/* --- measuring -------------------------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t own_cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void pause_ns(long ns)
{
	const struct timespec pause = {.tv_nsec = ns};

	nanosleep(&pause, NULL);
}

/* What the tool has used of the CPU, by the scheduler's own exact account; 0 if there is none. */
static uint64_t tool_ns(const struct bench *bench)
{
	unsigned long long used = 0;
	char path[64];
	FILE *file;

	if (!bench->tool)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)bench->tool);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &used) != 1)
		used = 0;
	fclose(file);
	return used;
}

/* The clock of a loop: where the tool stops us, what both of us have used, without the waiting. */
static uint64_t loop_clock_ns(const struct bench *bench)
{
	return bench->is_stopped ? own_cpu_ns() + tool_ns(bench) : now_ns();
}

/* Until the tool has done what it has to do; one that stops us has, and works on our pauses too. */
static void let_the_tool_work(const struct bench *bench)
{
	uint64_t before, after = tool_ns(bench);

	for (unsigned int i = 0; i < PAUSES_MAX && !bench->is_stopped; i++) {
		before = after;
		pause_ns(PAUSE_NS);
		after = tool_ns(bench);
		if (after == before)
			break;
	}
}

static int one_loop(struct bench *bench, const struct work *work, unsigned int calls, uint64_t *ns)
{
	uint64_t start = loop_clock_ns(bench);
	int r = 0;

	for (unsigned int i = 0; i < calls && !r; i++)
		r = work->once(bench, work);
	*ns = loop_clock_ns(bench) - start;
	return r;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* The median of all loops but the first, which warms up. */
static int measure(struct bench *bench, const struct work *work, unsigned int calls,
		   uint64_t *median)
{
	uint64_t ns[REPEATS_MAX];

	for (unsigned int i = 0; i <= bench->repeats; i++) {
		int r = work->prepare ? work->prepare(bench, work, calls) : 0;

		if (r)
			return r;
		let_the_tool_work(bench);
		r = one_loop(bench, work, calls, &ns[i ? i - 1 : 0]);
		if (r)
			return r;
	}
	qsort(ns, bench->repeats, sizeof(ns[0]), compare);
	*median = ns[bench->repeats / 2];
	return 0;
}

static double per_call(const struct work *work, unsigned int calls, double ns)
{
	return ns / calls / work->units;
}

static int run(struct bench *bench, const struct work *work)
{
	const struct work idle = {.name = "nothing", .once = nothing};
	unsigned int calls = bench->calls ? bench->calls : work->calls / bench->divisor;
	uint64_t busy, loop, used;
	int r;

	if (!calls)
		calls = 1;
	r = measure(bench, &idle, calls, &loop);
	if (r)
		return r;
	let_the_tool_work(bench);
	used = tool_ns(bench);
	r = measure(bench, work, calls, &busy);
	if (r)
		return r;
	let_the_tool_work(bench);
	used = tool_ns(bench) - used;
	printf("%s insn %.1f\n", work->name, per_call(work, calls, (double)busy - (double)loop));
	if (bench->tool && !bench->is_stopped)
		printf("%s tool-insn %.0f\n", work->name,
		       per_call(work, calls * (bench->repeats + 1), (double)used));
	fflush(stdout);
	return 0;
}

/* --- the program ------------------------------------------------------------------------------ */

static int open_devices(struct bench *bench)
{
	int r;

	bench->container_fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (bench->container_fd < 0)
		return -errno;
	r = device_open(bench, &bench->device, true);
	if (!r)
		r = device_open(bench, &bench->data_device, false);
	if (!r)
		r = set_state(&bench->data_device, STATE_STOP_COPY);
	if (!r)
		r = read_all(&bench->data_device, bench->stream, STREAM_BYTES_MAX,
			     &bench->stream_bytes);
	bench->position = bench->stream_bytes;
	return r;
}

/* @attribute_path is NULL where there is no VFIO: then calls that have nothing to do with it are
 * all that can be measured. */
static int open_all(struct bench *bench, const char *attribute_path)
{
	bench->stream = malloc(STREAM_BYTES_MAX);
	bench->scratch = malloc(SCRATCH_BYTES);
	if (!bench->stream || !bench->scratch)
		return -ENOMEM;
	/* Page faults are not what is measured. */
	memset(bench->scratch, 1, SCRATCH_BYTES);
	bench->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bench->zero_fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	if (bench->null_fd < 0 || bench->zero_fd < 0)
		return -errno;
	if (!attribute_path)
		return 0;
	bench->attribute_fd = open(attribute_path, O_RDONLY | O_CLOEXEC);
	return bench->attribute_fd < 0 ? -errno : open_devices(bench);
}

static bool is_wanted(const struct work *work, char *const *names)
{
	/* Without names everything but what needs a gate that refuses. */
	if (!*names)
		return work->once != load_refused;
	for (; *names; names++)
		if (strcmp(*names, work->name) == 0)
			return true;
	return false;
}

static int run_all(struct bench *bench, char *const *names)
{
	const struct sched_param realtime = {.sched_priority = REALTIME_PRIORITY};

	if (!bench->is_stopped && sched_setscheduler(0, SCHED_FIFO, &realtime))
		return -errno;
	for (size_t i = 0; i < WORKS; i++) {
		int r = is_wanted(&works[i], names) ? run(bench, &works[i]) : 0;

		if (r) {
			fprintf(stderr, "cost-client: %s: %s\n", works[i].name, strerror(-r));
			return r;
		}
	}
	return 0;
}

static unsigned int number(const char *text)
{
	long value = strtol(text, NULL, 10);

	return value > 0 && value < INT_MAX ? (unsigned int)value : 0;
}

static int usage(void)
{
	fputs("usage: cost-client -d UUID -D UUID -a PATH [-p PID] [-r N] [-s N | -c N] [WORK...]\n"
	      "       cost-client [-p PID] WORK...            of no device\n"
	      "  -d  mdev with a small state    -D  mdev with a large one    -a  mdev attribute\n"
	      "  -p  process of the tool        -r  loops of each work (11)  -s  shorter loops by\n"
	      "  -n  the tool is our parent and stops us        -c  calls of each loop\n"
	      "Prints WORK UNIT VALUE lines: insn, what the caller waits for in a call; "
	      "tool-insn,\n"
	      "what the tool's process used for it besides. Works:\n",
	      stderr);
	for (size_t i = 0; i < WORKS; i++)
		fprintf(stderr, "  %s\n", works[i].name);
	return 2;
}

/* All that names a device, or nothing that does and the works that need none. */
static bool is_complete(const struct bench *bench, const char *attribute_path, char *const *names)
{
	bool has_all = bench->device.uuid && bench->data_device.uuid && attribute_path;
	bool has_any = bench->device.uuid || bench->data_device.uuid || attribute_path;

	return (has_all || (!has_any && *names)) && bench->divisor && bench->repeats &&
	       bench->repeats <= REPEATS_MAX;
}

int main(int argc, char **argv)
{
	static struct bench bench = {
		.repeats = 11,
		.divisor = 1,
		.device.data_fd = -1,
		.data_device.data_fd = -1,
		.attribute_fd = -1,
	};
	const char *attribute_path = NULL;
	int option, r;

	while ((option = getopt(argc, argv, "d:D:a:p:r:s:c:n")) != -1) {
		switch (option) {
		case 'd':
			bench.device.uuid = optarg;
			break;
		case 'D':
			bench.data_device.uuid = optarg;
			break;
		case 'a':
			attribute_path = optarg;
			break;
		case 'p':
			bench.tool = (pid_t)number(optarg);
			break;
		case 'r':
			bench.repeats = number(optarg);
			break;
		case 'c':
			bench.calls = number(optarg);
			break;
		case 'n':
			bench.is_stopped = true;
			bench.tool = getppid();
			break;
		case 's':
			bench.divisor = number(optarg);
			break;
		default:
			return usage();
		}
	}
	if (!is_complete(&bench, attribute_path, argv + optind))
		return usage();
	r = open_all(&bench, attribute_path);
	if (r) {
		fprintf(stderr, "cost-client: cannot open what is to be measured: %s\n",
			strerror(-r));
		return 1;
	}
	return run_all(&bench, argv + optind) ? 1 : 0;
}
