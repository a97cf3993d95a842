/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to the daemon's control socket. */
#ifndef CLI_CONTROL_CLIENT_H
#define CLI_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct control_request {
	const char *verb;   /* of migwarden, for messages */
	const char *socket; /* NULL: as the host's settings have it */
	const char *method;
	const char *path;
	/* Name and value, in turn; ends with NULL. Values are encoded here. */
	const char *const *arguments;
	const char *body; /* NULL: none */
	size_t body_size;
	int timeout_ms; /* 0: ten seconds */
	bool is_quiet;  /* what goes wrong is the answer alone, and not on stderr */
	bool may_end;   /* a daemon that ends before it answers is no error: -ESHUTDOWN */
};

/*
 * control_call - asks and waits. Gives 0 and *out, the answer's object or list (a new reference),
 * when the daemon did what it was asked; -EREMOTEIO when it refused; -ENOLINK when there is no
 * daemon, or it does not answer in time; -ESHUTDOWN when it ended meanwhile, and the request says
 * that it may: what it had done by then is not known. What it said, or the way to it, is on stderr
 * else, if the request is not quiet.
 */
int control_call(const struct control_request *request, json_t **out);

/* control_answers - whether somebody listens on that socket; NULL as in a request. */
bool control_answers(const char *named);

#endif
