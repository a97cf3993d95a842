// SPDX-License-Identifier: GPL-2.0-only
#include "kern/gate_self_test.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "migwarden/reason.h"

#define TICKET_NS 60000000000ull

/* The argument of VFIO_DEVICE_FEATURE with a struct vfio_device_feature_mig_state behind it. */
struct probe_call {
	uint32_t argsz;
	uint32_t flags;
	uint32_t state;
	int32_t data_fd;
};

struct self_test {
	const struct self_test_maps *maps;
	int file;
	char *error;
};

/* The kernel's answer to the SET of a state: 0 where nobody refused, and the file knew no such
 * call. */
static int ask(const struct self_test *test, uint32_t flags, uint32_t state)
{
	struct probe_call call = {
		.argsz = sizeof(call),
		.flags = flags | MW_FEATURE_MIG_DEVICE_STATE,
		.state = state,
		.data_fd = -1,
	};

	if (ioctl(test->file, MW_VFIO_DEVICE_FEATURE, &call) == 0 || errno == ENOTTY)
		return 0;
	return -errno;
}

static int expect(const struct self_test *test, uint32_t flags, uint32_t state, int wanted,
		  const char *what)
{
	int answer = ask(test, flags, state);

	if (answer == wanted)
		return 0;
	snprintf(test->error, GATE_ERROR_BYTES, "%s: expected %s, got %s", what,
		 wanted ? "a refusal" : "that it passes",
		 answer ? strerror(-answer) : "that it passed");
	return -EPROTO;
}

/* Under the key that no device has: its name is empty. */
static int admit(const struct self_test *test, bool allow)
{
	const struct mw_admission_key key = {.direction = MW_INCOMING};
	const struct mw_admission admission = {
		.expires_ns = clock_ns(CLOCK_MONOTONIC) + TICKET_NS,
		.uses = 1,
		.allow = allow,
		.reason = allow ? MW_REASON_OK : MW_REASON_POLICY_DENY,
	};

	return bpf_map_update_elem(test->maps->admissions, &key, &admission, BPF_ANY) ? -errno : 0;
}

static int judge(const struct self_test *test, bool default_denies)
{
	int r = admit(test, false);

	if (!r)
		r = expect(test, MW_FEATURE_SET, MW_STATE_RESUMING, -EPERM,
			   "RESUMING under a refused admission");
	if (!r)
		r = expect(test, MW_FEATURE_SET, MW_STATE_RUNNING, 0,
			   "RUNNING under a refused admission");
	if (!r)
		r = expect(test, MW_FEATURE_SET | MW_FEATURE_PROBE, MW_STATE_RESUMING, 0,
			   "a probe of RESUMING under a refused admission");
	if (!r)
		r = admit(test, true);
	if (!r)
		r = expect(test, MW_FEATURE_SET, MW_STATE_RESUMING, 0,
			   "RESUMING under an admission");
	/* That used it up: from here on the policy's default decides. */
	return r ? r
		 : expect(test, MW_FEATURE_SET, MW_STATE_RESUMING, default_denies ? -EPERM : 0,
			  "RESUMING without an admission");
}

static int judge_this_thread(const struct self_test *test, uint32_t tid)
{
	struct mw_gate_control control;
	__u32 slot = 0;

	if (bpf_map_lookup_elem(test->maps->control, &slot, &control))
		return -errno;
	control.self_test_tid = tid;
	return bpf_map_update_elem(test->maps->control, &slot, &control, BPF_ANY) ? -errno : 0;
}

int self_test_run(const struct self_test_maps *maps, bool default_denies,
		  char error[static GATE_ERROR_BYTES])
{
	const struct mw_admission_key key = {.direction = MW_INCOMING};
	AUTO_FD int file = memfd_create("migwarden self-test", MFD_CLOEXEC);
	const struct self_test test = {.maps = maps, .file = file, .error = error};
	int r, ended;

	error[0] = '\0';
	if (file < 0)
		return -errno;
	r = judge_this_thread(&test, (uint32_t)gettid());
	if (!r)
		r = judge(&test, default_denies);
	ended = judge_this_thread(&test, 0);
	bpf_map_delete_elem(maps->admissions, &key);
	return r ? r : ended;
}
