/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the attackers share: a mediated device opened through its group, the ways into the kernel
 * for one ioctl, and words for states and answers.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ATTACK_PAGE 4096u
#define COMPAT_SYS_IOCTL 54

#define FLAG_GET VFIO_DEVICE_FEATURE_GET
#define FLAG_SET VFIO_DEVICE_FEATURE_SET
#define FLAG_PROBE VFIO_DEVICE_FEATURE_PROBE
#define FEATURE_STATE VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE
#define FEATURE_LOG_START VFIO_DEVICE_FEATURE_DMA_LOGGING_START

static const char *const state_names[] = {
	"ERROR",    "STOP",        "RUNNING",  "STOP_COPY",
	"RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P",
};

#define STATE_NAMES (sizeof(state_names) / sizeof(state_names[0]))

/* The argument of VFIO_DEVICE_FEATURE for a state, as the kernel reads it. */
struct state_call {
	uint32_t argsz;
	uint32_t flags;
	uint32_t state;
	int32_t data_fd;
};

/* How a call comes into the kernel, and from where it reads its argument. */
enum entry {
	ENTRY_NORMAL,
	ENTRY_COMPAT, /* int $0x80, from 64-bit code */
	ENTRY_ABSENT, /* the argument is in a page that nobody has touched */
	ENTRY_COMPAT_ABSENT,
	ENTRIES,
};

static const char *const entry_names[ENTRIES] = {"normal", "compat", "absent", "compat-absent"};

/*
 * One page of a file, mapped twice: through `page` it is written, through `fresh` the kernel reads
 * it. Both are shared with children, and below 4 GiB, where a compat call can reach them.
 */
struct argument {
	int file;
	void *page;
	void *fresh;
};

struct target {
	int container_fd;
	int group_fd;
	int fd;
};

static inline bool find_name(const char *const *names, size_t count, const char *text,
			     uint32_t *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = (uint32_t)i;
			return true;
		}
	}
	return false;
}

static inline bool parse_state(const char *text, uint32_t *out)
{
	return find_name(state_names, STATE_NAMES, text, out);
}

static inline bool parse_entry(const char *text, enum entry *out)
{
	uint32_t found;

	if (!find_name(entry_names, ENTRIES, text, &found))
		return false;
	*out = (enum entry)found;
	return true;
}

static inline const char *answer_name(int error)
{
	return error ? strerrorname_np(-error) : "ok";
}

static inline uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Gives 0 or -errno. */
static inline int argument_open(struct argument *argument)
{
	const int rights = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_32BIT;

	argument->file = memfd_create("argument", MFD_CLOEXEC);
	if (argument->file < 0 || ftruncate(argument->file, ATTACK_PAGE))
		return -errno;
	argument->page = mmap(NULL, ATTACK_PAGE, rights, how, argument->file, 0);
	argument->fresh = mmap(NULL, ATTACK_PAGE, rights, how, argument->file, 0);
	return argument->page == MAP_FAILED || argument->fresh == MAP_FAILED ? -errno : 0;
}

/* In the place of the old mapping a new one, which the kernel has no page for yet. */
static inline void *argument_refresh(const struct argument *argument)
{
	return mmap(argument->fresh, ATTACK_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    argument->file, 0);
}

/* Without errno, which a cloned process shares with us. */
static inline int plain_ioctl(int fd, unsigned long cmd, const void *argument)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_ioctl), "D"(fd), "S"(cmd), "d"(argument)
			 : "memory", "rcx", "r11");
	return result < 0 ? (int)result : 0;
}

/* The ioctl table of 32-bit programs, which any 64-bit one can call. */
static inline int compat_ioctl(int fd, unsigned int cmd, const void *argument)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(COMPAT_SYS_IOCTL), "b"(fd), "c"(cmd),
			   "d"((uint32_t)(uintptr_t)argument)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result < 0 ? (int)result : 0;
}

/* One call with what stands in argument->page. Gives 0 or -errno. */
static inline int enter(enum entry entry, int fd, unsigned long cmd,
			const struct argument *argument)
{
	void *at = argument->page;

	if (entry == ENTRY_ABSENT || entry == ENTRY_COMPAT_ABSENT) {
		at = argument_refresh(argument);
		if (at == MAP_FAILED)
			return -errno;
	}
	if (entry == ENTRY_COMPAT || entry == ENTRY_COMPAT_ABSENT)
		return compat_ioctl(fd, (unsigned int)cmd, at);
	return plain_ioctl(fd, cmd, at);
}

static inline int group_of(const char *uuid)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	return atoi(basename(link));
}

/* Opens a mediated device by its UUID. Gives 0 or -errno. */
static inline int target_open(struct target *target, const char *uuid)
{
	int group = group_of(uuid);
	char path[64];

	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	target->container_fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	target->group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (target->container_fd < 0 || target->group_fd < 0 ||
	    ioctl(target->group_fd, VFIO_GROUP_SET_CONTAINER, &target->container_fd) ||
	    ioctl(target->container_fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	target->fd = ioctl(target->group_fd, VFIO_GROUP_GET_DEVICE_FD, uuid);
	return target->fd < 0 ? -errno : 0;
}

/* A device whose data fd was taken from it is not driven on: mtty would fall over. */
static inline void reset(int fd)
{
	plain_ioctl(fd, VFIO_DEVICE_RESET, NULL);
}

#endif
