/* SPDX-License-Identifier: GPL-2.0-only */
/* What `migwarden audit` is asked for. */
#ifndef CLI_AUDIT_ARGUMENTS_H
#define CLI_AUDIT_ARGUMENTS_H

#include "cli/verb.h"
#include "sinks/audit_query.h"

enum audit_action {
	AUDIT_DO_LIST,
	AUDIT_DO_SHOW,
	AUDIT_DO_VERIFY,
	AUDIT_DO_EXPORT,
};

enum audit_form {
	AUDIT_LINES,
	AUDIT_JSON,
	AUDIT_CSV,
};

struct audit_arguments {
	enum audit_action action;
	enum audit_form form;
	struct audit_filter filter; /* borrows from the command line */
	const char *file;
	const char *head; /* NULL: the one beside the file */
	const char *key;  /* NULL: the host's own */
	bool follow;
};

/* audit_arguments_parse - gives -1 to go on, or the exit code to end with. */
int audit_arguments_parse(const struct verb *verb, int argc, char **argv,
			  struct audit_arguments *out);

/* audit_complain - "migwarden audit: TEXT" on stderr. Gives EXIT_BAD. */
int audit_complain(const char *text);

/* audit_do_verify - `audit verify`. Gives an exit code. */
int audit_do_verify(const struct audit_arguments *arguments);

#endif
