// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/api.h"

#include <errno.h>
#include <grp.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define PEER_GROUPS_MAX 1024

struct api {
	struct MHD_Daemon *server;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event *loop;
	const struct api_route *routes;
	void *context;
	struct sockaddr_un address;
	bool has_socket;
};

/* One request while its body arrives. */
struct exchange {
	char *body;
	size_t size;
	bool too_large;
};

enum peer {
	PEER_NOBODY,
	PEER_READER,
	PEER_ROOT,
};

const char *api_argument(const struct api_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void api_refuse(struct api_answer *answer, unsigned int status, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_decref(answer->body);
	answer->status = status;
	answer->body = json_pack("{s:s}", "error", text);
	/* It quotes the request, which need not be UTF-8. */
	if (!answer->body)
		answer->body = json_pack("{s:s}", "error", "expected a request in UTF-8");
}

/* Whether one of the peer's groups is ours; no group of that name on the host: nobody's is. */
static bool is_in_group(int fd, gid_t primary)
{
	const struct group *group = getgrnam(API_GROUP);
	gid_t groups[PEER_GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (!group)
		return false;
	if (primary == group->gr_gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (groups[i] == group->gr_gid)
			return true;
	return false;
}

static enum peer peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return PEER_NOBODY;
	if (peer.uid == 0)
		return PEER_ROOT;
	return is_in_group(info->connect_fd, peer.gid) ? PEER_READER : PEER_NOBODY;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct api_answer *answer)
{
	char *text = answer->body ? json_dumps(answer->body, JSON_COMPACT) : NULL;
	struct MHD_Response *response;
	enum MHD_Result result;

	json_decref(answer->body);
	if (!text)
		return MHD_NO;
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(connection, answer->status ? answer->status : MHD_HTTP_OK,
				    response);
	MHD_destroy_response(response);
	return result;
}

static const struct api_route *find_route(const struct api *api, const char *method,
					  const char *path, struct api_answer *refusal)
{
	bool path_exists = false;

	for (const struct api_route *route = api->routes; route->method; route++) {
		if (strcmp(route->path, path) != 0)
			continue;
		if (strcmp(route->method, method) == 0)
			return route;
		path_exists = true;
	}
	if (path_exists)
		api_refuse(refusal, MHD_HTTP_METHOD_NOT_ALLOWED, "%s does not take %.16s", path,
			   method);
	else
		api_refuse(refusal, MHD_HTTP_NOT_FOUND, "no such path");
	return NULL;
}

static void answer_request(const struct api *api, struct MHD_Connection *connection,
			   const char *method, const char *path, const struct exchange *exchange,
			   struct api_answer *answer)
{
	const struct api_request request = {
		.connection = connection,
		.body = exchange->body ? exchange->body : "",
		.body_size = exchange->size,
	};
	enum peer peer = peer_of(connection);
	const struct api_route *route;

	if (peer == PEER_NOBODY) {
		api_refuse(answer, MHD_HTTP_FORBIDDEN, "only for root and the group " API_GROUP);
		return;
	}
	route = find_route(api, method, path, answer);
	if (!route)
		return;
	if (route->changes && peer != PEER_ROOT) {
		api_refuse(answer, MHD_HTTP_FORBIDDEN, "only for root");
		return;
	}
	if (exchange->too_large) {
		api_refuse(answer, MHD_HTTP_CONTENT_TOO_LARGE,
			   "expected a body of at most %u bytes", API_BODY_MAX);
		return;
	}
	route->handle(api->context, &request, answer);
}

/* What does not fit is read and dropped, so that the peer gets to hear why. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t size)
{
	char *body;

	if (exchange->too_large || size > API_BODY_MAX - exchange->size) {
		exchange->too_large = true;
		return MHD_YES;
	}
	body = realloc(exchange->body, exchange->size + size + 1);
	if (!body)
		return MHD_NO;
	memcpy(body + exchange->size, data, size);
	exchange->body = body;
	exchange->size += size;
	body[exchange->size] = '\0';
	return MHD_YES;
}

/* Told by the head: refused before it comes. What is not announced is counted as it arrives. */
static bool is_announced_too_large(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > API_BODY_MAX;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *size, void **state)
{
	struct exchange *exchange = *state;
	struct api_answer answer = {0};

	(void)version;
	/* libmicrohttpd calls first with the head alone, then for each piece of body, then to end.
	 */
	if (!exchange) {
		exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return MHD_NO;
		*state = exchange;
		exchange->too_large = is_announced_too_large(connection);
		if (!exchange->too_large)
			return MHD_YES;
	}
	if (*size) {
		size_t length = *size;

		*size = 0;
		return take_body(exchange, data, length);
	}
	answer_request(userdata, connection, method, path, exchange, &answer);
	return send_answer(connection, &answer);
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)userdata;
	(void)connection;
	(void)code;
	if (exchange)
		free(exchange->body);
	free(exchange);
	*state = NULL;
}

static unsigned int connection_count(const struct api *api)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(api->server, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/*
 * At its limit libmicrohttpd stops listening, and listens again only in the run after the one that
 * ended a connection; nothing would wake us for that one.
 */
static void run_server(struct api *api)
{
	unsigned int before;

	do {
		before = connection_count(api);
		MHD_run(api->server);
	} while (connection_count(api) < before);
}

/* libmicrohttpd asks to be run again after a time, to end idle connections. */
static void serve(struct api *api)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	run_server(api);
	if (MHD_get_timeout(api->server, &timeout_ms) != MHD_YES) {
		sd_event_source_set_enabled(api->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(api->timer, clock_ns(CLOCK_MONOTONIC) / 1000 + timeout_ms * 1000);
	sd_event_source_set_enabled(api->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	serve(userdata);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	serve(userdata);
	return 0;
}

/* A socket that a dead daemon left is removed; one that somebody serves is not taken over. */
static int remove_stale(const struct sockaddr_un *address)
{
	AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return -EADDRINUSE;
	return unlink(address->sun_path) ? -errno : 0;
}

/* Readable by the group where the host has it; for root alone otherwise. */
static int restrict_socket(const char *path)
{
	const struct group *group = getgrnam(API_GROUP);

	if (group && chown(path, 0, group->gr_gid) == 0)
		return chmod(path, 0660) ? -errno : 0;
	return chmod(path, 0600) ? -errno : 0;
}

static int listen_on(struct api *api, const char *path)
{
	AUTO_FD int fd = -1;
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(api->address.sun_path))
		return -ENAMETOOLONG;
	api->address.sun_family = AF_UNIX;
	strcpy(api->address.sun_path, path);
	r = remove_stale(&api->address);
	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&api->address, sizeof(api->address)) ? -errno : 0;
	umask(mask);
	if (r)
		return r;
	api->has_socket = true;
	r = restrict_socket(path);
	if (r)
		return r;
	if (listen(fd, API_CONNECTIONS_MAX))
		return -errno;
	return TAKE_FD(fd);
}

static int start_server(struct api *api, int fd)
{
	api->server =
		MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, api,
				 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				 API_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, API_TIMEOUT_S,
				 MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	return api->server ? 0 : -EIO;
}

static int join_loop(struct api *api)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(api->server, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(api->loop, &api->io, info->epoll_fd, EPOLLIN, on_io, api);
	if (r < 0)
		return r;
	/* To the microsecond: a body comes in pieces, and the next may be waiting already. */
	r = sd_event_add_time(api->loop, &api->timer, CLOCK_MONOTONIC, 0, 1, on_timer, api);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(api->timer, SD_EVENT_OFF);
}

int api_open(sd_event *loop, const char *path, const struct api_route *routes, void *context,
	     struct api **out)
{
	struct api *api = calloc(1, sizeof(*api));
	int fd, r;

	if (!api)
		return -ENOMEM;
	api->loop = sd_event_ref(loop);
	api->routes = routes;
	api->context = context;
	fd = listen_on(api, path);
	r = fd < 0 ? fd : start_server(api, fd);
	if (r && fd >= 0)
		close(fd);
	if (!r)
		r = join_loop(api);
	if (r < 0) {
		api_close(api);
		return r;
	}
	*out = api;
	return 0;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	sd_event_source_unref(api->io);
	sd_event_source_unref(api->timer);
	if (api->server) {
		/* The answer to the request that ended us is on its way out. */
		MHD_run(api->server);
		MHD_stop_daemon(api->server);
	}
	if (api->has_socket)
		unlink(api->address.sun_path);
	sd_event_unref(api->loop);
	free(api);
}
