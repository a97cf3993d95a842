/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loopback port: read-only, for every process of this host and for nobody else. A page of
 * another site that a browser of this host shows cannot read it: the name it would use is refused.
 */
#ifndef DAEMON_WEB_H
#define DAEMON_WEB_H

#include "base/loopback.h"
#include "daemon/server.h"

#define WEB_CONNECTIONS_MAX 32
#define WEB_IDLE_S 5
#define WEB_LIFE_S 15

struct web;

struct web_route {
	const char *path;
	/* Fills type and body of @answer; without a body the answer is a 500. */
	server_handler handle;
};

/*
 * web_open - serves GET and HEAD of @routes, an array that ends with a NULL path and must outlive
 * the web, at @address. Gives 0 and *out, or -errno: -EADDRINUSE when somebody listens there.
 */
int web_open(sd_event *loop, const struct loopback *address, const struct web_route *routes,
	     void *context, struct web **out);

/* web_refuse - an answer of one line of text, with that HTTP status. */
void web_refuse(struct server_answer *answer, unsigned int status, const char *why);

/*
 * web_headers_with_style - the headers of every answer, for a page that carries the one style sheet
 * with that hash ("sha256-…") in itself and nothing else. Until the next call.
 */
const struct server_header *web_headers_with_style(const char *hash);

/* web_close - ends every connection; NULL is fine. */
void web_close(struct web *web);

#endif
