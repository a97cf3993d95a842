// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes on the control socket, from root: whatever they are, what comes back begins as HTTP does,
 * and the next request is answered as ever. The handlers are the daemon's own; of those that need
 * a kernel there are none.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/domains.h"
#include "daemon/state.h"

#define ROUTES_MAX 32
#define ANSWER_BYTES 65536
/* Without a word from the daemon: it waits for more of the request. */
#define QUIET_TURNS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct daemon host_daemon;
static struct api_route routes[ROUTES_MAX];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/fuzz-control-XXXXXX";

static void require(int condition)
{
	if (!condition)
		abort();
}

static void clean_up(void)
{
	char path[sizeof(folder) + 8];

	api_close(host_daemon.api);
	snprintf(path, sizeof(path), "%s/sys", folder);
	rmdir(path);
	rmdir(folder);
}

/* What shows a gate or observers, or reads files, takes nothing from the request. */
static bool is_left_out(const char *path)
{
	return !strcmp(path, "/v1/status") || !strncmp(path, "/v1/sessions", 12) ||
	       !strcmp(path, "/v1/reload") || !strcmp(path, "/v1/release");
}

static void open_daemon(void)
{
	char path[sizeof(folder) + 8];
	size_t count = 0;

	require(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/sys", folder);
	require(mkdir(path, 0700) == 0);
	require(!policy_default(&host_daemon.policy) && !host_open(folder, &host_daemon.host) &&
		!sources_new(&host_daemon.sources) && sd_event_new(&host_daemon.loop) >= 0);
	for (const struct api_route *route = control_routes; route->method; route++)
		if (!is_left_out(route->path))
			routes[count++] = *route;
	require(count && count < ROUTES_MAX);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	require(!api_open(host_daemon.loop, address.sun_path, routes, &host_daemon,
			  &host_daemon.api));
	atexit(clean_up);
}

/* Until the daemon has closed the connection, or waits. Gives the length of what it said. */
static size_t listen_to(int fd, char answer[static ANSWER_BYTES])
{
	size_t length = 0;

	for (int quiet = 0; quiet < QUIET_TURNS;) {
		int events = sd_event_run(host_daemon.loop, 0);
		ssize_t n = recv(fd, answer + length, ANSWER_BYTES - 1 - length, MSG_DONTWAIT);

		require(events >= 0);
		if (n == 0 || (n < 0 && errno != EAGAIN) || length == ANSWER_BYTES - 1)
			break;
		length += n > 0 ? (size_t)n : 0;
		quiet = events || n > 0 ? 0 : quiet + 1;
	}
	answer[length] = '\0';
	return length;
}

static size_t ask(const void *request, size_t size, char answer[static ANSWER_BYTES])
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *rest = request;
	size_t length;

	require(fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)));
	while (size) {
		ssize_t n = send(fd, rest, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			require(sd_event_run(host_daemon.loop, 0) >= 0);
		else if (n <= 0)
			break;
		rest += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	shutdown(fd, SHUT_WR);
	length = listen_to(fd, answer);
	close(fd);
	/* It sees that we have gone. */
	for (int turn = 0; turn < QUIET_TURNS; turn++)
		require(sd_event_run(host_daemon.loop, 0) >= 0);
	return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "GET /v1/describe?device=none HTTP/1.1\r\nHost: localhost\r\n"
				   "Connection: close\r\n\r\n";
	static char answer[ANSWER_BYTES];

	if (!host_daemon.loop)
		open_daemon();
	if (ask(data, size, answer))
		require(!strncmp(answer, "HTTP/1.", 7));
	require(ask(good, strlen(good), answer) && !strncmp(answer, "HTTP/1.1 404 ", 13) &&
		strstr(answer, "no VFIO device 'none'"));
	return 0;
}
