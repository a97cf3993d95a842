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
#include "daemon/server.h"

#define PEER_GROUPS_MAX 1024

struct api {
	struct server *server;
	const struct api_route *routes;
	void *context;
	struct sockaddr_un address;
	bool has_socket;
};

enum peer {
	PEER_NOBODY,
	PEER_READER,
	PEER_ROOT,
};

const char *api_argument(const struct api_request *request, const char *name)
{
	return server_argument(request->http, name);
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

static enum peer peer_of(struct MHD_Connection *connection, struct ucred *peer)
{
	int fd = server_peer(connection, peer);

	if (fd < 0)
		return PEER_NOBODY;
	if (peer->uid == 0)
		return PEER_ROOT;
	return is_in_group(fd, peer->gid) ? PEER_READER : PEER_NOBODY;
}

static bool is_path_of(const struct api_route *route, const char *path)
{
	size_t length = strlen(route->path);

	if (route->path[length - 1] == '/')
		return !strncmp(route->path, path, length);
	return !strcmp(route->path, path);
}

static const struct api_route *find_route(const struct api *api, const char *method,
					  const char *path, struct api_answer *refusal)
{
	bool path_exists = false;

	for (const struct api_route *route = api->routes; route->method; route++) {
		if (!is_path_of(route, path))
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

static void answer_request(const struct api *api, const struct server_request *http,
			   struct api_answer *answer)
{
	struct api_request request = {
		.http = http,
		.body = http->body,
		.body_size = http->body_size,
	};
	enum peer peer = peer_of(http->connection, &request.peer);
	const struct api_route *route;

	if (peer == PEER_NOBODY) {
		api_refuse(answer, MHD_HTTP_FORBIDDEN, "only for root and the group " API_GROUP);
		return;
	}
	route = find_route(api, http->method, http->path, answer);
	if (!route)
		return;
	if (route->changes && peer != PEER_ROOT) {
		api_refuse(answer, MHD_HTTP_FORBIDDEN, "only for root");
		return;
	}
	if (http->is_too_large) {
		api_refuse(answer, MHD_HTTP_CONTENT_TOO_LARGE,
			   "expected a body of at most %u bytes", API_BODY_MAX);
		return;
	}
	route->handle(api->context, &request, answer);
}

static void on_request(void *context, const struct server_request *request,
		       struct server_answer *answer)
{
	struct api_answer ours = {.status = MHD_HTTP_OK};

	answer_request(context, request, &ours);
	answer->status = ours.status;
	answer->type = "application/json";
	answer->body = ours.body ? json_dumps(ours.body, JSON_COMPACT) : NULL;
	answer->size = answer->body ? strlen(answer->body) : 0;
	json_decref(ours.body);
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

int api_open(sd_event *loop, const char *path, const struct api_route *routes, void *context,
	     struct api **out)
{
	struct api *api = calloc(1, sizeof(*api));
	const struct server_options options = {
		.handle = on_request,
		.context = api,
		.body_max = API_BODY_MAX,
		.connections_max = API_CONNECTIONS_MAX,
		.others_max = API_CONNECTIONS_OF_OTHERS_MAX,
		.idle_s = API_TIMEOUT_S,
	};
	int r;

	if (!api)
		return -ENOMEM;
	api->routes = routes;
	api->context = context;
	r = listen_on(api, path);
	if (r >= 0)
		r = server_open(loop, r, &options, &api->server);
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
	server_close(api->server);
	if (api->has_socket)
		unlink(api->address.sun_path);
	free(api);
}
