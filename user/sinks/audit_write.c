// SPDX-License-Identifier: GPL-2.0-only
/* One transaction of the audit: rows, chained, the last of them signed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sinks/audit_store.h"

int audit_bind_value(sqlite3_stmt *statement, int at, const struct audit_value *value)
{
	switch (value->type) {
	case AUDIT_NUMBER:
		return sqlite3_bind_int64(statement, at, value->number);
	case AUDIT_TEXT:
		return sqlite3_bind_text64(statement, at, value->text, value->length, SQLITE_STATIC,
					   SQLITE_UTF8);
	case AUDIT_NULL:
	case AUDIT_FOREIGN:
		break;
	}
	return sqlite3_bind_null(statement, at);
}

int audit_run(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

static int add_row(struct audit *audit, const struct audit_value values[AUDIT_COLUMNS],
		   const unsigned char hash[static AUDIT_HASH_BYTES])
{
	int r = 0;

	for (int i = 0; i < AUDIT_COLUMNS && !r; i++)
		r = audit_bind_value(audit->insert, i + 1, &values[i]);
	if (!r)
		r = sqlite3_bind_blob(audit->insert, AUDIT_COLUMNS + 1, hash, AUDIT_HASH_BYTES,
				      SQLITE_STATIC);
	return r ? r : audit_run(audit->insert);
}

/* The last row is always signed; of the older signatures every so many stay. */
static int add_signature(struct audit *audit, uint64_t seq,
			 const unsigned char hash[static AUDIT_HASH_BYTES])
{
	unsigned char signature[AUDIT_SIGNATURE_BYTES];
	const struct audit_signer *signer = &audit->options.signer;
	char text[AUDIT_STATEMENT_BYTES], forget[128];
	size_t length = audit_statement(audit->database, seq, hash, text);

	audit->sign_error = signer->sign(signer->context, text, length, signature, audit->key_id);
	if (audit->sign_error)
		return SQLITE_AUTH;
	sqlite3_bind_int64(audit->sign, 1, (sqlite3_int64)seq);
	sqlite3_bind_text(audit->sign, 2, audit->key_id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(audit->sign, 3, signature, sizeof(signature), SQLITE_STATIC);
	if (audit->last_seq % AUDIT_CHECKPOINT_ROWS) {
		sqlite3_snprintf(sizeof(forget), forget, "DELETE FROM checkpoint WHERE seq = %lld",
				 (sqlite3_int64)audit->last_seq);
		sqlite3_exec(audit->db, forget, NULL, NULL, NULL);
	}
	return audit_run(audit->sign);
}

static int add_rows(struct audit *audit, struct audit_value (*rows)[AUDIT_COLUMNS], size_t count,
		    unsigned char hash[static AUDIT_HASH_BYTES])
{
	int r = 0;

	for (size_t i = 0; i < count && !r; i++) {
		rows[i][0] = (struct audit_value){
			.type = AUDIT_NUMBER,
			.number = (int64_t)(audit->last_seq + 1 + i),
		};
		audit_hash(hash, rows[i], hash);
		r = add_row(audit, rows[i], hash);
	}
	return r || !count ? r : add_signature(audit, audit->last_seq + count, hash);
}

/* The file was moved or removed under us: what we wrote from now on nobody would find. */
static bool has_moved(const struct audit *audit)
{
	int moved = 0;

	return !sqlite3_file_control(audit->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) && moved;
}

static int transact(struct audit *audit, struct audit_value (*rows)[AUDIT_COLUMNS], size_t count,
		    const struct audit_also *also, unsigned char hash[static AUDIT_HASH_BYTES])
{
	int r = sqlite3_exec(audit->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (r)
		return r;
	r = add_rows(audit, rows, count, hash);
	if (!r && also->sql)
		r = sqlite3_exec(audit->db, also->sql, NULL, NULL, NULL);
	if (!r && also->tallies)
		r = audit_tallies_save(audit);
	if (!r)
		r = sqlite3_exec(audit->db, "COMMIT", NULL, NULL, NULL);
	return r;
}

static int give_up(struct audit *audit, int code)
{
	int r = audit_fail(audit, code, "cannot write");

	if (!sqlite3_get_autocommit(audit->db))
		sqlite3_exec(audit->db, "ROLLBACK", NULL, NULL, NULL);
	if (code == SQLITE_AUTH) {
		snprintf(audit->error, sizeof(audit->error), "cannot sign: %s",
			 strerror(-audit->sign_error));
		return audit->sign_error;
	}
	/* A constraint: somebody else has added rows. Opening again finds and tells it. */
	if (r == -EEXIST || r == -EUCLEAN)
		audit_file_close(audit);
	return r;
}

int audit_write(struct audit *audit, struct audit_value (*rows)[AUDIT_COLUMNS], size_t count,
		const struct audit_also *also, uint64_t *first)
{
	unsigned char hash[AUDIT_HASH_BYTES];
	int r;

	if (audit->db && has_moved(audit))
		audit_file_close(audit);
	if (!audit->db) {
		r = audit_file_open(audit);
		if (r)
			return r;
	}
	memcpy(hash, audit->last_hash, sizeof(hash));
	r = transact(audit, rows, count, also, hash);
	audit->is_failing = r != SQLITE_OK;
	if (r)
		return give_up(audit, r);
	if (also->tallies)
		audit_tallies_saved(audit);
	if (first)
		*first = audit->last_seq + 1;
	audit->last_seq += count;
	memcpy(audit->last_hash, hash, sizeof(hash));
	return 0;
}
