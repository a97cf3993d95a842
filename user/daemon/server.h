/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP on the daemon's own event loop, by libmicrohttpd: what the control socket and the loopback
 * port have in common. Sizes, times and the number of connections are bounded.
 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct server;
struct ucred;
struct MHD_Connection;

struct server_request {
	struct MHD_Connection *connection;
	const char *method;
	const char *path;
	const char *body; /* NUL-terminated; "" when there is none */
	size_t body_size;
	bool is_too_large; /* over server_options.body_max, and dropped */
};

struct server_header {
	const char *name;
	const char *value;
};

/* All that is not @body is static, or lives until server_handler returns. */
struct server_answer {
	unsigned int status; /* of HTTP */
	const char *type;    /* Content-Type */
	char *body;          /* malloc'ed and taken over; NULL drops the connection */
	size_t size;
	const struct server_header *headers; /* to a NULL name; NULL: none */
	const char *allow;                   /* of a 405; NULL: none */
};

/* Answers a request whose body is there whole. A HEAD gets the head of what its GET would get. */
typedef void (*server_handler)(void *context, const struct server_request *request,
			       struct server_answer *answer);

struct server_options {
	server_handler handle;
	void *context;
	size_t body_max;              /* bytes; more is read and dropped */
	unsigned int connections_max; /* further ones wait */
	/* Of them, for peers on this host that are not root; further ones are ended. 0: as many. */
	unsigned int others_max;
	unsigned int idle_s; /* without a byte, until a connection is ended */
	/*
	 * From connecting on, until a connection is ended, however busy it is: a byte now and then
	 * holds no place. 0: no limit. With a limit a connection is for one request.
	 */
	unsigned int life_s;
};

/*
 * server_open - serves what connects to @fd, a listening socket that is taken over, also on
 * failure. Gives 0 and *out, or -errno.
 */
int server_open(sd_event *loop, int fd, const struct server_options *options, struct server **out);

/* server_close - ends every connection and closes the socket; NULL is fine. */
void server_close(struct server *server);

/* server_argument - a parameter of the query ("?device=…"), or NULL. Lives as long as the request.
 */
const char *server_argument(const struct server_request *request, const char *name);

/* server_field - a field of the request's head ("Host"), or NULL. Lives as long as the request. */
const char *server_field(const struct server_request *request, const char *name);

/* server_peer - who is at the other end of a Unix socket. Gives its file, libmicrohttpd's; or -1.
 */
int server_peer(struct MHD_Connection *connection, struct ucred *peer);

#endif
