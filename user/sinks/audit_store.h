/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the audit's writing side share. */
#ifndef SINKS_AUDIT_STORE_H
#define SINKS_AUDIT_STORE_H

#include <sqlite3.h>

#include "sinks/audit.h"
#include "sinks/audit_chain.h"
#include "sinks/audit_head.h"

/* A row that waits, with texts of its own. */
struct audit_waiting {
	struct audit_value values[AUDIT_COLUMNS];
	char *texts;
};

struct audit_gap {
	uint64_t count;
	int64_t first_ns; /* wall clock */
	int64_t last_ns;
	char why[AUDIT_ERROR_BYTES];
};

struct audit {
	struct audit_options options; /* its texts are owned */
	char *head_file;
	sqlite3 *db; /* NULL: could not be opened */
	sqlite3_stmt *insert;
	sqlite3_stmt *sign;
	char database[AUDIT_DATABASE_BYTES];
	char key_id[AUDIT_KEY_ID_BYTES];
	int sign_error; /* of the last transaction */
	uint64_t last_seq;
	unsigned char last_hash[AUDIT_HASH_BYTES];
	uint64_t head_seq;
	bool damaged;                  /* seen by SQLite: the next opening sets it aside */
	uint64_t retention_seq;        /* of the last row when old ones were looked for */
	struct audit_waiting *waiting; /* AUDIT_PENDING_MAX of them, made with the first */
	size_t waiting_count;
	struct audit_gap gap; /* not recorded yet */
	uint64_t lost;
	char error[AUDIT_ERROR_BYTES];
};

/* audit_fail - keeps SQLite's words for @code; gives the -errno that stands for it. */
int audit_fail(struct audit *audit, int code, const char *what);

/* audit_file_open, audit_file_close - the connection, its statements, the tail of the chain. */
int audit_file_open(struct audit *audit);
void audit_file_close(struct audit *audit);

/*
 * audit_write - adds rows in one transaction, the last of them signed. Their seq is set here. @also
 * is SQL that belongs to the same transaction, or NULL. 0 with *first the number of the first
 * (NULL: not asked), or -errno and nothing is changed.
 */
int audit_write(struct audit *audit, struct audit_value (*rows)[AUDIT_COLUMNS], size_t count,
		const char *also, uint64_t *first);

/*
 * audit_tell - a row of the store's own: now, of that kind. Takes @detail (malloc'ed) over; @also
 * as in audit_write.
 */
int audit_tell(struct audit *audit, const char *kind, const char *reason, char *detail,
	       const char *also);

/* audit_hash_of_row - false when there is no such row. */
bool audit_hash_of_row(struct audit *audit, uint64_t seq,
		       unsigned char out[static AUDIT_HASH_BYTES]);

/* audit_retain - removes what is too old or too much, now and then. 0 or -errno. */
int audit_retain(struct audit *audit);

#endif
