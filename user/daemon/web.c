// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/web.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define HOST_BYTES 32

struct web {
	struct server *server;
	const struct web_route *routes;
	void *context;
	uint16_t port;
};

/*
 * Nothing from anywhere else, no script or style but the files served here, no frame around us, and
 * nothing kept.
 */
#define CSP_AT 0
#define CSP_BYTES 256
static const struct server_header headers[] = {
	[CSP_AT] =
		{"Content-Security-Policy",
		 "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
		 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
	{0},
};

void web_refuse(struct server_answer *answer, unsigned int status, const char *why)
{
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	if (asprintf(&answer->body, "%s\n", why) < 0)
		answer->body = NULL;
	answer->size = answer->body ? strlen(answer->body) : 0;
}

const struct server_header *web_headers_with_style(const char *hash)
{
	static struct server_header styled[ARRAY_SIZE(headers)];
	static char policy[CSP_BYTES];

	snprintf(policy, sizeof(policy),
		 "default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'; "
		 "frame-ancestors 'none'",
		 hash);
	memcpy(styled, headers, sizeof(styled));
	styled[CSP_AT].value = policy;
	return styled;
}

/*
 * Whether the caller means this host. A name that a hostile resolver lets point at 127.0.0.1 would
 * give the pages of its site what is here.
 */
static bool is_host_ours(const struct web *web, const char *host)
{
	static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};
	char whole[HOST_BYTES];

	for (size_t i = 0; host && i < ARRAY_SIZE(names); i++) {
		snprintf(whole, sizeof(whole), "%s:%u", names[i], web->port);
		/* Without a port it is the default one of HTTP. */
		if (strcasecmp(host, whole) == 0 ||
		    (web->port == 80 && strcasecmp(host, names[i]) == 0))
			return true;
	}
	return false;
}

static bool is_reading(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

static void on_request(void *context, const struct server_request *request,
		       struct server_answer *answer)
{
	const struct web *web = context;
	const struct web_route *route = web->routes;

	answer->headers = headers;
	if (!is_host_ours(web, server_field(request, MHD_HTTP_HEADER_HOST))) {
		web_refuse(answer, MHD_HTTP_MISDIRECTED_REQUEST,
			   "expected this host by its loopback address and port");
		return;
	}
	while (route->path && strcmp(route->path, request->path) != 0)
		route++;
	if (!route->path) {
		web_refuse(answer, MHD_HTTP_NOT_FOUND, "no such path");
		return;
	}
	if (!is_reading(request->method)) {
		answer->allow = "GET, HEAD";
		web_refuse(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "expected GET or HEAD");
		return;
	}
	if (request->is_too_large || request->body_size) {
		web_refuse(answer, MHD_HTTP_CONTENT_TOO_LARGE, "expected a request without a body");
		return;
	}
	route->handle(web->context, request, answer);
	if (!answer->body)
		web_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
}

static int listen_at(const struct loopback *address)
{
	const union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} at = address->is_ipv6 ? (__typeof__(at)){.ipv6 = {.sin6_family = AF_INET6,
							    .sin6_port = htons(address->port),
							    .sin6_addr = in6addr_loopback}}
				: (__typeof__(at)){.ipv4 = {.sin_family = AF_INET,
							    .sin_port = htons(address->port),
							    .sin_addr = {htonl(INADDR_LOOPBACK)}}};
	AUTO_FD int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int yes = 1;

	if (fd < 0)
		return -errno;
	/* The connections of the daemon before us may linger. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, &at.any, address->is_ipv6 ? sizeof(at.ipv6) : sizeof(at.ipv4)) ||
	    listen(fd, WEB_CONNECTIONS_MAX))
		return -errno;
	return TAKE_FD(fd);
}

int web_open(sd_event *loop, const struct loopback *address, const struct web_route *routes,
	     void *context, struct web **out)
{
	struct web *web = calloc(1, sizeof(*web));
	const struct server_options options = {
		.handle = on_request,
		.context = web,
		.connections_max = WEB_CONNECTIONS_MAX,
		.idle_s = WEB_IDLE_S,
		.life_s = WEB_LIFE_S,
	};
	int r;

	if (!web)
		return -ENOMEM;
	web->routes = routes;
	web->context = context;
	web->port = address->port;
	r = listen_at(address);
	if (r >= 0)
		r = server_open(loop, r, &options, &web->server);
	if (r < 0) {
		web_close(web);
		return r;
	}
	*out = web;
	return 0;
}

void web_close(struct web *web)
{
	if (!web)
		return;
	server_close(web->server);
	free(web);
}
