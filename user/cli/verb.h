/* SPDX-License-Identifier: GPL-2.0-only */
/* One verb of `migwarden`: user/cli/main.c has the table, each verb has a file of its own. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "base/parse_error.h"

/* Exit codes that scripts depend on (SEMANTICS 5). */
enum exit_code {
	EXIT_YES = 0,
	EXIT_NO = 1,  /* not compatible, refused, found a defect */
	EXIT_BAD = 2, /* bad usage or input */
};

struct verb {
	const char *name;
	/* One line for `migwarden --help`. */
	const char *summary;
	/* The whole text of `migwarden VERB --help`, ends with a newline. */
	const char *help;
	/* argv[0] is the verb. Gives an enum exit_code. */
	int (*run)(int argc, char **argv);
};

extern const struct verb verb_admit;
extern const struct verb verb_audit;
extern const struct verb verb_check;
extern const struct verb verb_describe;
extern const struct verb verb_hook;
extern const struct verb verb_key;
extern const struct verb verb_match;
extern const struct verb verb_policy;
extern const struct verb verb_probe;
extern const struct verb verb_record;
extern const struct verb verb_release;
extern const struct verb verb_report;
extern const struct verb verb_reload;
extern const struct verb verb_replay;
extern const struct verb verb_revoke;
extern const struct verb verb_run;
extern const struct verb verb_stamp;
extern const struct verb verb_status;
extern const struct verb verb_top;
extern const struct verb verb_watch;

/* verb_help - prints the verb's help to stdout. Gives EXIT_YES. */
int verb_help(const struct verb *verb);

/*
 * verb_usage - prints "migwarden VERB: MESSAGE" and where to find help, to stderr. Gives EXIT_BAD.
 */
int verb_usage(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* verb_refuse - prints the error, with its position, to stderr. Gives EXIT_BAD. */
int verb_refuse(const struct parse_error *error);

/* verb_flush - whether all of stdout was written; else says so. Gives @code or EXIT_BAD. */
int verb_flush(const struct verb *verb, int code);

#endif
