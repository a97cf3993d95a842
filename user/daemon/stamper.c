// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/stamper.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* It ends by a mistake only; a second one at once would be the same. */
#define PAUSE_S 10

struct stamper_child {
	const char *uri;
	const char *socket;
	int64_t refresh_s;
	sd_event *loop;
	sd_event_source *child;
	sd_event_source *again;
	pid_t pid; /* 0: it does not run */
};

/* In the child; whatever the daemon has open is O_CLOEXEC. */
__attribute__((noreturn)) static void become(const struct stamper_child *stamper, pid_t parent)
{
	const char *arguments[12] = {"migwarden", "stamp", "--all", "--follow"};
	char refresh[32];
	size_t count = 4;
	sigset_t none;

	snprintf(refresh, sizeof(refresh), "%" PRId64 "s", stamper->refresh_s);
	arguments[count++] = "--refresh";
	arguments[count++] = refresh;
	arguments[count++] = "--socket";
	arguments[count++] = stamper->socket;
	if (stamper->uri) {
		arguments[count++] = "--connect";
		arguments[count++] = stamper->uri;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* Standard output is the decisions'. */
	if (getppid() == parent && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execv("/proc/self/exe", (char *const *)arguments);
	_exit(127);
}

static int spawn(struct stamper_child *stamper);

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	spawn(userdata);
	return 0;
}

static void try_again(struct stamper_child *stamper)
{
	uint64_t at_us = clock_ns(CLOCK_MONOTONIC) / 1000 + PAUSE_S * 1000000ull;

	stamper->again = sd_event_source_unref(stamper->again);
	sd_event_add_time(stamper->loop, &stamper->again, CLOCK_MONOTONIC, at_us, 0, on_again,
			  stamper);
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct stamper_child *stamper = userdata;

	(void)source;
	stamper->pid = 0;
	fprintf(stderr, "migwarden run: what stamps the domains ended (%s %d); again in %d s\n",
		info->si_code == CLD_EXITED ? "status" : "signal", info->si_status, PAUSE_S);
	try_again(stamper);
	return 0;
}

static int spawn(struct stamper_child *stamper)
{
	pid_t parent = getpid(), pid = fork();
	int r;

	if (pid == 0)
		become(stamper, parent);
	if (pid < 0) {
		r = -errno;
		try_again(stamper);
		return r;
	}
	stamper->pid = pid;
	stamper->child = sd_event_source_unref(stamper->child);
	r = sd_event_add_child(stamper->loop, &stamper->child, pid, WEXITED, on_end, stamper);
	return r < 0 ? r : 0;
}

int stamper_start(sd_event *loop, const char *uri, const char *socket, int64_t refresh_s,
		  struct stamper_child **out)
{
	struct stamper_child *stamper = calloc(1, sizeof(*stamper));
	int r;

	if (!stamper)
		return -ENOMEM;
	stamper->loop = sd_event_ref(loop);
	stamper->uri = uri;
	stamper->socket = socket;
	stamper->refresh_s = refresh_s;
	r = spawn(stamper);
	if (r) {
		stamper_stop(stamper);
		return r;
	}
	*out = stamper;
	return 0;
}

void stamper_stop(struct stamper_child *stamper)
{
	if (!stamper)
		return;
	sd_event_source_unref(stamper->child);
	sd_event_source_unref(stamper->again);
	if (stamper->pid) {
		kill(stamper->pid, SIGTERM);
		while (waitpid(stamper->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	sd_event_unref(stamper->loop);
	free(stamper);
}
