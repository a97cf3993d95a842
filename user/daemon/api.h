/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: HTTP and JSON over a Unix socket, on the daemon's own event loop. Reading is
 * for root and the group `migwarden`, changing for root (DESIGN 4); sizes, times and the number of
 * connections are bounded.
 */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#define API_GROUP "migwarden"
#define API_BODY_MAX (1u << 20)
#define API_CONNECTIONS_MAX 32
#define API_CONNECTIONS_OF_OTHERS_MAX 24 /* root always gets in */
#define API_TIMEOUT_S 5

struct api;
struct server_request;

struct api_request {
	const struct server_request *http;
	const char *body; /* NUL-terminated; "" when there is none */
	size_t body_size;
	struct ucred peer;
};

struct api_answer {
	unsigned int status; /* of HTTP */
	json_t *body;        /* taken over */
};

struct api_route {
	const char *method;
	const char *path; /* one that ends with a slash stands for all that is below it */
	bool changes;     /* for root only */
	/* Fills @answer; the status is 200 where it sets none. */
	void (*handle)(void *context, const struct api_request *request, struct api_answer *answer);
};

/*
 * api_open - listens on @path (made anew; its folder must exist) and serves @routes, an array that
 * ends with a NULL method and must outlive the api. Gives 0 and *out, or -errno; -EADDRINUSE when
 * somebody answers on @path already.
 */
int api_open(sd_event *loop, const char *path, const struct api_route *routes, void *context,
	     struct api **out);

/* api_close - ends every connection and removes the socket; NULL is fine. */
void api_close(struct api *api);

/* api_argument - a parameter of the query ("?device=…"), or NULL. Lives as long as the request. */
const char *api_argument(const struct api_request *request, const char *name);

/* api_refuse - an answer with that status and {"error": TEXT}. */
void api_refuse(struct api_answer *answer, unsigned int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
