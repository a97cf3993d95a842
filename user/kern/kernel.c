// SPDX-License-Identifier: GPL-2.0-only
#include "kern/kernel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define KERNEL_WORD_BYTES 16
/* How long a module's own init may take before we go on without it. */
#define MODULE_COMING_MS 2000

static char first_message[KERNEL_TEXT_BYTES];
static bool print_all;

static int keep_message(enum libbpf_print_level level, const char *format, va_list args)
{
	va_list again;

	/* The first warning names the program; the ones after it only say that loading failed. */
	if (level == LIBBPF_WARN && !first_message[0]) {
		va_copy(again, args);
		vsnprintf(first_message, sizeof(first_message), format, again);
		va_end(again);
		first_message[strcspn(first_message, "\n")] = '\0';
	}
	return print_all ? vfprintf(stderr, format, args) : 0;
}

void kernel_quiet(void)
{
	print_all = getenv("MIGWARDEN_DEBUG") != NULL;
	first_message[0] = '\0';
	libbpf_set_print(keep_message);
}

const char *kernel_message(void)
{
	return first_message;
}

bool kernel_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

static bool module_has_btf(const char *module)
{
	char path[KERNEL_TEXT_BYTES];

	snprintf(path, sizeof(path), "/sys/kernel/btf/%s", module);
	return access(path, R_OK) == 0;
}

bool kernel_has_module(const char *module)
{
	char path[KERNEL_TEXT_BYTES];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return access(path, F_OK) == 0;
}

/* "live", "coming", "going"; "" where the module has no such word: it is built in, or not there. */
static void read_initstate(const char *module, char out[static KERNEL_WORD_BYTES])
{
	char path[KERNEL_TEXT_BYTES];
	AUTO_FD int fd = -1;
	ssize_t length = 0;

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		length = read(fd, out, KERNEL_WORD_BYTES - 1);
	out[length > 0 ? length : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

bool kernel_can_attach(const char *module)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	char state[KERNEL_WORD_BYTES];

	/* Its BTF is there before its init has run, and until then nothing can be attached. */
	read_initstate(module, state);
	for (int tries = 0; strcmp(state, "coming") == 0 && tries < MODULE_COMING_MS; tries++) {
		nanosleep(&pause, NULL);
		read_initstate(module, state);
	}
	if (module_has_btf(module))
		return strcmp(state, "live") == 0 || !*state;
	return kernel_has_module(module) && !*state;
}

int kernel_active_lsms(char out[static KERNEL_TEXT_BYTES])
{
	AUTO_FD int fd = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, out, KERNEL_TEXT_BYTES - 1);
	if (length < 0)
		return -errno;
	out[length] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

bool kernel_lsm_is_active(const char *lsm)
{
	char list[KERNEL_TEXT_BYTES], *rest = list, *name;

	if (kernel_active_lsms(list))
		return false;
	while ((name = strsep(&rest, ",")))
		if (strcmp(name, lsm) == 0)
			return true;
	return false;
}

void kernel_release(char out[static KERNEL_TEXT_BYTES])
{
	struct utsname names;

	snprintf(out, KERNEL_TEXT_BYTES, "%s", uname(&names) == 0 ? names.release : "unknown");
}
