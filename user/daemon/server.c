// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/library.h"

#define US_PER_S 1000000ull
/* How late a connection may be ended; the loop joins such wake-ups. */
#define LIFE_ACCURACY_US 250000

#define CALLS(CALL)                           \
	CALL(MHD_add_response_header)         \
	CALL(MHD_create_response_from_buffer) \
	CALL(MHD_destroy_response)            \
	CALL(MHD_get_connection_info)         \
	CALL(MHD_get_daemon_info)             \
	CALL(MHD_get_timeout)                 \
	CALL(MHD_lookup_connection_value)     \
	CALL(MHD_queue_response)              \
	CALL(MHD_run)                         \
	CALL(MHD_start_daemon)                \
	CALL(MHD_stop_daemon)

static LIBRARY_CALLS(mhd_calls, CALLS) mhd;
LIBRARY(static, library, mhd, CALLS, SONAME_MICROHTTPD, "required", "the daemon answers by it");

struct server {
	struct MHD_Daemon *http;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event *loop;
	unsigned int others; /* connections of peers that are not root */
	struct server_options options;
};

/* One connection, where its life is bounded or the number of such is. */
struct peer {
	struct server *server;
	struct MHD_Connection *connection;
	sd_event_source *end; /* NULL: its life is not bounded */
	bool is_other;
};

/* One request while its body arrives. */
struct exchange {
	char *body;
	size_t size;
	bool is_too_large;
};

const char *server_argument(const struct server_request *request, const char *name)
{
	return mhd.MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *server_field(const struct server_request *request, const char *name)
{
	return mhd.MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static void add_headers(const struct server *server, const struct server_answer *answer,
			struct MHD_Response *response)
{
	mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	for (const struct server_header *header = answer->headers; header && header->name; header++)
		mhd.MHD_add_response_header(response, header->name, header->value);
	if (answer->allow)
		mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	if (server->options.life_s)
		mhd.MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static enum MHD_Result send_answer(const struct server *server, struct MHD_Connection *connection,
				   const struct server_answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!answer->body)
		return MHD_NO;
	response = mhd.MHD_create_response_from_buffer(answer->size, answer->body,
						       MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(answer->body);
		return MHD_NO;
	}
	add_headers(server, answer, response);
	result = mhd.MHD_queue_response(connection, answer->status, response);
	mhd.MHD_destroy_response(response);
	return result;
}

/* What does not fit is read and dropped, so that the peer gets to hear why. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t size,
				 size_t max)
{
	char *body;

	if (exchange->is_too_large || size > max - exchange->size) {
		exchange->is_too_large = true;
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
static bool is_announced_too_large(struct MHD_Connection *connection, size_t max)
{
	const char *length = mhd.MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							     MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > max;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *size, void **state)
{
	const struct server *server = userdata;
	struct exchange *exchange = *state;
	struct server_answer answer = {.status = MHD_HTTP_OK};
	struct server_request request;

	(void)version;
	/* libmicrohttpd calls first with the head alone, then for each piece of body, then to end.
	 */
	if (!exchange) {
		exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return MHD_NO;
		*state = exchange;
		exchange->is_too_large =
			is_announced_too_large(connection, server->options.body_max);
		if (!exchange->is_too_large)
			return MHD_YES;
	}
	if (*size) {
		size_t length = *size;

		*size = 0;
		return take_body(exchange, data, length, server->options.body_max);
	}
	request = (struct server_request){
		.connection = connection,
		.method = method,
		.path = path,
		.body = exchange->body ? exchange->body : "",
		.body_size = exchange->size,
		.is_too_large = exchange->is_too_large,
	};
	server->options.handle(server->options.context, &request, &answer);
	return send_answer(server, connection, &answer);
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

static unsigned int connection_count(const struct server *server)
{
	const union MHD_DaemonInfo *info =
		mhd.MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/*
 * At its limit libmicrohttpd stops listening, and listens again only in the run after the one that
 * ended a connection; nothing would wake us for that one.
 */
static void run_http(struct server *server)
{
	unsigned int before;

	do {
		before = connection_count(server);
		mhd.MHD_run(server->http);
	} while (connection_count(server) < before);
}

/* libmicrohttpd asks to be run again after a time, to end idle connections. */
static void serve(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	run_http(server);
	if (mhd.MHD_get_timeout(server->http, &timeout_ms) != MHD_YES) {
		sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(server->timer,
				 clock_ns(CLOCK_MONOTONIC) / 1000 + timeout_ms * 1000);
	sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
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

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* libmicrohttpd sees the end of its peer, and frees what belongs to it. */
static void end_connection(const struct peer *peer)
{
	int fd = connection_fd(peer->connection);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

static int on_end_of_life(sd_event_source *source, uint64_t usec, void *userdata)
{
	const struct peer *peer = userdata;

	(void)source;
	(void)usec;
	end_connection(peer);
	serve(peer->server);
	return 0;
}

int server_peer(struct MHD_Connection *connection, struct ucred *peer)
{
	int fd = connection_fd(connection);
	socklen_t size = sizeof(*peer);

	return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) ? -1 : fd;
}

static bool is_root(struct MHD_Connection *connection)
{
	struct ucred peer;

	return server_peer(connection, &peer) >= 0 && peer.uid == 0;
}

static struct peer *open_peer(struct server *server, struct MHD_Connection *connection)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->server = server;
	peer->connection = connection;
	peer->is_other = server->options.others_max && !is_root(connection);
	server->others += peer->is_other;
	if (peer->is_other && server->others > server->options.others_max)
		end_connection(peer);
	if (server->options.life_s)
		sd_event_add_time_relative(server->loop, &peer->end, CLOCK_MONOTONIC,
					   server->options.life_s * US_PER_S, LIFE_ACCURACY_US,
					   on_end_of_life, peer);
	return peer;
}

static void close_peer(struct peer *peer)
{
	if (!peer)
		return;
	peer->server->others -= peer->is_other;
	sd_event_source_unref(peer->end);
	free(peer);
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = userdata;

	if (!server->options.life_s && !server->options.others_max)
		return;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = open_peer(server, connection);
	} else {
		close_peer(*state);
		*state = NULL;
	}
}

static int join_loop(struct server *server)
{
	const union MHD_DaemonInfo *info =
		mhd.MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	if (!info)
		return -EIO;
	r = sd_event_add_io(server->loop, &server->io, info->epoll_fd, EPOLLIN, on_io, server);
	if (r < 0)
		return r;
	/* To the microsecond: a body comes in pieces, and the next may be waiting already. */
	r = sd_event_add_time(server->loop, &server->timer, CLOCK_MONOTONIC, 0, 1, on_timer,
			      server);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
}

int server_open(sd_event *loop, int fd, const struct server_options *options, struct server **out)
{
	struct server *server;
	char why[256];
	int r = library_load(&library, why, sizeof(why));

	server = r ? NULL : calloc(1, sizeof(*server));
	if (!server) {
		close(fd);
		return r ? r : -ENOMEM;
	}
	server->loop = sd_event_ref(loop);
	server->options = *options;
	server->http =
		mhd.MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, server,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
				     options->idle_s, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
				     NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
				     MHD_OPTION_END);
	if (!server->http)
		close(fd);
	r = server->http ? join_loop(server) : -EIO;
	if (r < 0) {
		server_close(server);
		return r;
	}
	*out = server;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	sd_event_source_unref(server->io);
	sd_event_source_unref(server->timer);
	if (server->http) {
		/* The answer to the request that ended us is on its way out. */
		mhd.MHD_run(server->http);
		mhd.MHD_stop_daemon(server->http);
	}
	sd_event_unref(server->loop);
	free(server);
}
