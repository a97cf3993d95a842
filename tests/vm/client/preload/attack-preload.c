// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comes into another program by LD_PRELOAD and reaches for the gate in its name: says what became
 * of it, and ends the program before its own first line.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PINS "/sys/fs/bpf/migwarden/"

__attribute__((constructor)) static void attack(void)
{
	union bpf_attr request = {.pathname = (uintptr_t)PINS "map_control"};
	long map = syscall(SYS_bpf, BPF_OBJ_GET, &request, sizeof(request));

	printf("map: %s\n", map < 0 ? strerrorname_np(errno) : "opened");
	printf("pin: %s\n", unlink(PINS "link_hook_ioctl") ? strerrorname_np(errno) : "removed");
	fflush(stdout);
	_exit(0);
}
