/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions for `migwarden report`: from recordings, from JSON of sessions, from the daemon. */
#ifndef CLI_REPORT_INPUT_H
#define CLI_REPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/verb.h"
#include "core/session.h"

/* What does not fit is said on stderr; each session takes some 24 KiB. */
#define REPORT_SESSIONS_MAX 4096

struct report_input {
	const struct verb *verb;
	struct session **sessions;
	size_t count;
	size_t left_out;
	bool is_damaged; /* a recording was read up to its damage, which was said */
};

/*
 * report_input_file - adds what is in @path: a recording (config/recording.h), a session or a list
 * of them (SESSION_SCHEMA), or lines of JSON of which those with "event": "session" are taken; "-"
 * is standard input, and no recording. A session that is there already is replaced. Gives EXIT_YES,
 * or EXIT_BAD and has said why.
 */
int report_input_file(struct report_input *input, const char *path);

/*
 * report_input_daemon - adds what the daemon has, @socket NULL for the default. Gives EXIT_YES, or
 * EXIT_BAD and has said why.
 */
int report_input_daemon(struct report_input *input, const char *socket);

/* report_input_sort - by wall clock, then id. */
void report_input_sort(struct report_input *input);

/* report_input_free - leaves an empty one. */
void report_input_free(struct report_input *input);

#define AUTO_REPORT_INPUT __attribute__((cleanup(report_input_free)))

#endif
