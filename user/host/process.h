/* SPDX-License-Identifier: GPL-2.0-only */
/* Who a process is: its name, its cgroup, and the VM it runs if it is a QEMU. */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/host.h"

#define PROCESS_COMM_BYTES 64
#define PROCESS_UUID_BYTES 37

/* All text is valid UTF-8 without control characters ('?' stands for them); "" is not known. */
struct process {
	pid_t pid;
	char comm[PROCESS_COMM_BYTES];
	char exe[HOST_PATH_BYTES]; /* what it runs */
	bool exe_is_claimed;       /* that is the first word of its command line: no link to read */
	char cgroup[HOST_PATH_BYTES]; /* of the unified hierarchy, else of systemd's own */
	char vm_name[HOST_NAME_BYTES];
	char vm_uuid[PROCESS_UUID_BYTES]; /* lower case */
};

/*
 * process_read - reads /proc/@pid. The VM's name is what QEMU's -name says, else what libvirt put
 * into the name of the machine's scope; its UUID is that of -uuid. Of the command line the first
 * 128 KiB are looked at. All of it is of one process, also when @pid is used anew meanwhile.
 * Gives 0 and @out; -ESRCH when there is no such process (any more), @out is empty then but for the
 * pid; -ENOMEM; else -errno of opening it.
 */
int process_read(const struct host *host, pid_t pid, struct process *out);

#endif
