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
	int64_t tally; /* that it closes; 0: none */
};

struct audit_gap {
	uint64_t count;
	int64_t first_ns; /* wall clock */
	int64_t last_ns;
	char why[AUDIT_ERROR_BYTES];
};

#define AUDIT_LIKE_BYTES 384
/* And some for the rest of each kind, which always finds a place. */
#define AUDIT_TALLY_SLOTS (AUDIT_TALLIES_MAX + 8)

/* What is alike, in its window. */
struct audit_tally {
	char like[AUDIT_LIKE_BYTES]; /* "": the place is free */
	struct audit_waiting model;  /* the first row of it */
	bool is_rest;                /* of what found no place of its own: has no rows */
	uint64_t begin_ns;           /* of what is counted now */
	uint64_t window_ns;          /* and how long it is */
	unsigned int rows;           /* of the place: also those of what was there before */
	int64_t id;                  /* in the database */
	bool is_changed;
	uint64_t count;
	int64_t first_wall_ns;
	int64_t last_wall_ns;
	uint64_t last_monotonic_ns;
	uint64_t last_ns; /* when it was last, CLOCK_MONOTONIC */
	uint64_t total;
	bool many_processes;
	bool many_admissions;
};

/* Up to where, and when, the rows tell of what a ring held. */
struct audit_settled {
	uint64_t position;
	uint64_t monotonic_ns;
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
	bool is_failing; /* the last transaction */
	sqlite3_stmt *keep_tally;
	struct audit_tally *tallies; /* AUDIT_TALLY_SLOTS of them, made with the first */
	bool tallies_changed;
	uint64_t tallied;
	struct audit_settled settled; /* by us */
	bool settled_is_ours;         /* what the database has of it: we have saved it */
	struct audit_settled found;   /* by an earlier process of this boot */
	char error[AUDIT_ERROR_BYTES];
};

/* audit_copy_values - the row with texts of its own, as it is stored. 0 or -ENOMEM. */
int audit_copy_values(const struct audit_value from[AUDIT_COLUMNS], struct audit_waiting *out);

/* audit_keep - lets it wait, or counts it as lost. Takes it over. */
void audit_keep(struct audit *audit, struct audit_waiting *row);

/* audit_bind_value - as the parameter @at. An error of SQLite, or SQLITE_OK. */
int audit_bind_value(sqlite3_stmt *statement, int at, const struct audit_value *value);

/* audit_run - gives SQLITE_OK when the statement has run to its end; it can run again. */
int audit_run(sqlite3_stmt *statement);

/*
 * audit_tallies_save - the changed ones, as the rows that would close them now, and how far the
 * ring is settled; within a transaction. An error of SQLite, or SQLITE_OK. audit_tallies_saved - it
 * was committed. audit_tallies_load - after opening: what an earlier process left open is closed,
 * by rows that wait. 0 or -errno.
 */
int audit_tallies_save(struct audit *audit);
void audit_tallies_saved(struct audit *audit);
int audit_tallies_load(struct audit *audit);
void audit_tallies_free(struct audit *audit);

/* audit_note_like - such a row was queued. */
void audit_note_like(struct audit *audit, const struct audit_like *like,
		     const struct audit_waiting *row, uint64_t now_ns);

/* audit_tallies_open - how many have counted something that no row tells of yet. */
size_t audit_tallies_open(const struct audit *audit);

/* audit_fail - keeps SQLite's words for @code; gives the -errno that stands for it. */
int audit_fail(struct audit *audit, int code, const char *what);

/* audit_file_open, audit_file_close - the connection, its statements, the tail of the chain. */
int audit_file_open(struct audit *audit);
void audit_file_close(struct audit *audit);

/* What belongs to the same transaction as some rows. */
struct audit_also {
	const char *sql; /* NULL: none */
	bool tallies;    /* those that have changed: nothing waits behind these rows */
};

/*
 * audit_write - adds rows, none or more, in one transaction, the last of them signed. Their seq is
 * set here. 0 with *first the number of the first (NULL: not asked), or -errno and nothing is
 * changed.
 */
int audit_write(struct audit *audit, struct audit_value (*rows)[AUDIT_COLUMNS], size_t count,
		const struct audit_also *also, uint64_t *first);

/*
 * audit_tell - a row of the store's own: now, of that kind. Takes @detail (malloc'ed) over; @also
 * is SQL of the same transaction, or NULL.
 */
int audit_tell(struct audit *audit, const char *kind, const char *reason, char *detail,
	       const char *also);

/* audit_hash_of_row - false when there is no such row. */
bool audit_hash_of_row(struct audit *audit, uint64_t seq,
		       unsigned char out[static AUDIT_HASH_BYTES]);

/* audit_retain - removes what is too old or too much, now and then. 0 or -errno. */
int audit_retain(struct audit *audit);

#endif
