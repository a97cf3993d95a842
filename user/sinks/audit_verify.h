/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the audit is what the daemon wrote: nothing edited, removed, added, moved or cut off. */
#ifndef SINKS_AUDIT_VERIFY_H
#define SINKS_AUDIT_VERIFY_H

#include "sinks/audit.h"
#include "sinks/audit_chain.h"

enum audit_soundness {
	AUDIT_SOUND,
	AUDIT_BROKEN,
};

struct audit_report {
	enum audit_soundness soundness;
	uint64_t bad_row; /* the first that is not as it was; 0: not one row but the whole */
	char why[AUDIT_ERROR_BYTES];
	char database[AUDIT_DATABASE_BYTES];
	uint64_t first; /* rows that were looked at, to the first bad one */
	uint64_t last;
	uint64_t rows;
	uint64_t signatures; /* that hold */
	uint64_t head;       /* the last row that the head vouches for; 0: there is none */
	char key_id[AUDIT_KEY_ID_BYTES];
};

/*
 * audit_verify - reads all of @file and checks it against itself, its signatures and the head in
 * @head, which may be a copy that was kept elsewhere; NULL: the one beside it. Gives 0 and @out;
 * -errno when it cannot be read, with @out->why.
 */
int audit_verify(const char *file, const char *head, const struct audit_verifier *verifier,
		 struct audit_report *out);

#endif
