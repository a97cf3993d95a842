/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the audit, also while the daemon writes it, and from a copy on another machine. */
#ifndef SINKS_AUDIT_QUERY_H
#define SINKS_AUDIT_QUERY_H

#include <sqlite3.h>

#include "sinks/audit.h"
#include "sinks/audit_chain.h"

/* Which rows; what is NULL or 0 does not restrict. */
struct audit_filter {
	int64_t since_ns; /* wall clock, this and later */
	int64_t until_ns; /* before this */
	const char *kind;
	const char *device;  /* letter case aside */
	const char *vm;      /* name or UUID */
	const char *verdict; /* "allow", "deny", "audit" */
	const char *reason;
	const char *rule; /* a shell pattern for file:line, its last part, or the rule's name */
	uint64_t seq;     /* this row alone */
	uint64_t after;   /* rows behind this one */
	uint64_t refers;  /* answers to this one */
	uint64_t admission;
	const char *boot_id;
	uint64_t limit; /* the newest so many */
};

/* A row as it lies in the database. */
struct audit_record {
	struct audit_row row;
	struct audit_value values[AUDIT_COLUMNS];
	const unsigned char *hash; /* AUDIT_HASH_BYTES, or NULL: it is none */
	/* Of the AUDIT_ANSWER to it, where one was looked for; "" when there is none. */
	const char *answer;
};

/*
 * audit_read_open - for reading only; never changes the file. Gives 0 and *out, to be closed with
 * sqlite3_close; -ENOENT; -EUCLEAN when it is no audit of ours; -ENOTSUP when it is of a newer
 * schema; else -errno. @error says it in words on each failure.
 */
int audit_read_open(const char *file, sqlite3 **out, char error[static AUDIT_ERROR_BYTES]);

/* Gives 0 to go on; anything else ends the reading and is given to its caller. */
typedef int (*audit_handler)(void *context, const struct audit_record *record);

/*
 * audit_read_begin - what is read from now on is of one moment, until audit_read_end. 0, or -errno
 * with @error.
 */
int audit_read_begin(sqlite3 *db, char error[static AUDIT_ERROR_BYTES]);
void audit_read_end(sqlite3 *db);

/*
 * audit_read - calls @handler for the rows that @filter lets pass, in the order of the chain; the
 * record is gone after the call. Gives 0, what @handler gave, or -errno with @error.
 */
int audit_read(sqlite3 *db, const struct audit_filter *filter, audit_handler handler, void *context,
	       char error[static AUDIT_ERROR_BYTES]);

/*
 * audit_read_open_tallies - the same for what is being counted and no row tells of yet: records
 * without a number (seq 0) and without a hash. @filter: by time, by what a row says.
 */
int audit_read_open_tallies(sqlite3 *db, const struct audit_filter *filter, audit_handler handler,
			    void *context, char error[static AUDIT_ERROR_BYTES]);

/* audit_read_last - the number of the newest row, 0 when there is none; -errno. */
int64_t audit_read_last(sqlite3 *db);

/* audit_record_read - the record that @statement stands on: the columns in order, then the hash. */
void audit_record_read(sqlite3_stmt *statement, struct audit_record *out);

/* The columns for it: "seq, wall_ns, …, hash". */
extern const char audit_record_columns[];

#endif
