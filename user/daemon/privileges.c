// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BIT(capability) (UINT64_C(1) << (capability))

static const struct {
	unsigned int capability;
	const char *name;
} names[] = {
	{CAP_BPF, "bpf"},
	{CAP_PERFMON, "perfmon"},
	{CAP_SYS_ADMIN, "sys_admin"},
	{CAP_SYSLOG, "syslog"},
};

const char *privileges_name(unsigned int capability)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].capability == capability)
			return names[i].name;
	return NULL;
}

capability_set privileges_for(enum privilege_need need)
{
	switch (need) {
	case NEED_RELOAD:
		return BIT(CAP_BPF);
	case NEED_LOAD:
		return BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYSLOG);
	}
	return 0;
}

static int get(struct __user_cap_data_struct data[static 2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

capability_set privileges_held(void)
{
	struct __user_cap_data_struct data[2] = {0};

	return get(data) ? 0 : data[0].effective | (capability_set)data[1].effective << 32;
}

/* The bounding set takes CAP_SETPCAP to shrink, so it shrinks first, and only once. */
static int shrink_bounding_set(capability_set keep)
{
	for (unsigned int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
		if (keep & BIT(capability) || !prctl(PR_CAPBSET_READ, capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability))
			return -errno;
	}
	return 0;
}

int privileges_keep(capability_set keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	int r = get(data);

	if (r)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (data[0].effective & BIT(CAP_SETPCAP)) {
		r = shrink_bounding_set(keep);
		if (r)
			return r;
	}
	for (unsigned int half = 0; half < 2; half++) {
		data[half].permitted &= (__u32)(keep >> (32 * half));
		data[half].effective = data[half].permitted;
		data[half].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}
