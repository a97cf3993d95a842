// SPDX-License-Identifier: GPL-2.0-only
/* Opening the database for writing: what is there, whether it is as we left it, what to do if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "sinks/audit_schema.h"
#include "sinks/audit_store.h"

#define INSERT                                                                           \
	"INSERT INTO record (seq, wall_ns, monotonic_ns, boot_id, kind, refers, device," \
	" direction, vm, vm_uuid, pid, comm, exe, verdict, reason, rule, rule_name,"     \
	" policy, generation, admission, pair, detail, hash)"                            \
	" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define SIGN "INSERT INTO checkpoint (seq, key_id, signature) VALUES (?, ?, ?)"
#define KEEP_TALLY \
	"INSERT OR REPLACE INTO tally VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define NS_PER_S 1000000000

/* What a signature or the head says of a row that is, or should be, there. */
struct finding {
	const char *what; /* NULL: all is as it was left */
	uint64_t expected;
	uint64_t found;
};

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	}
	return -EIO;
}

int audit_fail(struct audit *audit, int code, const char *what)
{
	int r = errno_of(code);

	snprintf(audit->error, sizeof(audit->error), "%s: %s", what,
		 audit->db ? sqlite3_errmsg(audit->db) : sqlite3_errstr(code));
	audit->damaged = audit->damaged || r == -EUCLEAN;
	return r;
}

static int fail(struct audit *audit, int r, const char *what)
{
	snprintf(audit->error, sizeof(audit->error), "%s: %s", what, strerror(-r));
	return r;
}

void audit_file_close(struct audit *audit)
{
	sqlite3_finalize(audit->insert);
	sqlite3_finalize(audit->sign);
	sqlite3_finalize(audit->keep_tally);
	sqlite3_close(audit->db);
	audit->insert = NULL;
	audit->sign = NULL;
	audit->keep_tally = NULL;
	audit->db = NULL;
}

static int set_aside(const char *file, const char *suffix, const char *mark)
{
	char from[4096], to[4096];

	snprintf(from, sizeof(from), "%s%s", file, suffix);
	snprintf(to, sizeof(to), "%s%s%s", file, mark, suffix);
	return rename(from, to) && errno != ENOENT ? -errno : 0;
}

/* Evidence is kept: under another name, with the time of the finding. */
static int set_all_aside(struct audit *audit, bool only_head)
{
	static const char *const suffixes[] = {AUDIT_HEAD_SUFFIX, "-wal", "-shm", ""};
	char mark[64];
	int r = 0;

	snprintf(mark, sizeof(mark), ".damaged-%llu",
		 (unsigned long long)(clock_ns(CLOCK_REALTIME) / NS_PER_S));
	for (size_t i = 0; i < (only_head ? 1 : ARRAY_SIZE(suffixes)) && !r; i++)
		r = set_aside(audit->options.file, suffixes[i], mark);
	return r ? fail(audit, r, "cannot set the damaged database aside") : 0;
}

static int open_database(struct audit *audit)
{
	int r = file_make_folder(audit->options.file, 0700);
	AUTO_FD int fd = -1;

	if (r)
		return fail(audit, r, "cannot make its folder");
	/* SQLite would make it readable for all, but for the umask. */
	fd = open(audit->options.file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(audit, -errno, "cannot open it");
	r = sqlite3_open_v2(audit->options.file, &audit->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (!r)
		r = audit_schema_configure(audit->db, audit->options.busy_ms);
	if (!r)
		r = sqlite3_exec(audit->db,
				 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				 "PRAGMA journal_size_limit = 4194304;",
				 NULL, NULL, NULL);
	return r ? audit_fail(audit, r, "cannot open it") : 0;
}

/* A new database has a name of its own, so that no other one can stand in for it. */
static int name_database(struct audit *audit)
{
	unsigned char name[(AUDIT_DATABASE_BYTES - 1) / 2], hash[AUDIT_HASH_BYTES];
	char sql[512], hex[AUDIT_HASH_HEX_BYTES];

	randombytes_buf(name, sizeof(name));
	sodium_bin2hex(audit->database, sizeof(audit->database), name, sizeof(name));
	audit_hash_begin(audit->database, hash);
	snprintf(sql, sizeof(sql), "INSERT INTO meta VALUES ('database', '%s'), ('anchor', '0 %s')",
		 audit->database, audit_hash_hex(hash, hex));
	return sqlite3_exec(audit->db, sql, NULL, NULL, NULL);
}

/* Gives 1 when the database is a new one. */
static int bring_up_to_date(struct audit *audit)
{
	int version = audit_schema_version(audit->db);
	int r;

	if (version > AUDIT_SCHEMA_VERSION)
		return fail(audit, -ENOTSUP, "it was made by a newer migwarden");
	if (version == AUDIT_SCHEMA_VERSION)
		return 0;
	r = sqlite3_exec(audit->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (!r)
		r = audit_schema_migrate(audit->db, AUDIT_SCHEMA_VERSION);
	if (!r && version == 0)
		r = name_database(audit);
	if (!r)
		r = sqlite3_exec(audit->db, "COMMIT", NULL, NULL, NULL);
	if (r)
		return audit_fail(audit, r, "cannot bring it up to date");
	r = version == 0 ? file_sync_folder(audit->options.file) : 0;
	return r ? fail(audit, r, "cannot sync its folder") : version == 0;
}

static int read_meta(struct audit *audit, const char *name, char *out, size_t size)
{
	sqlite3_stmt *statement;
	int r = sqlite3_prepare_v2(audit->db, "SELECT value FROM meta WHERE name = ?", -1,
				   &statement, NULL);

	if (r)
		return audit_fail(audit, r, "cannot read it");
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0) ?: "");
	sqlite3_finalize(statement);
	if (r == SQLITE_ROW)
		return 0;
	return audit_fail(audit, r == SQLITE_DONE ? SQLITE_CORRUPT : r, "cannot read it");
}

bool audit_hash_of_row(struct audit *audit, uint64_t seq,
		       unsigned char out[static AUDIT_HASH_BYTES])
{
	sqlite3_stmt *statement;
	bool found = false;

	if (sqlite3_prepare_v2(audit->db, "SELECT hash FROM record WHERE seq = ?", -1, &statement,
			       NULL))
		return false;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
	if (sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_bytes(statement, 0) == AUDIT_HASH_BYTES) {
		memcpy(out, sqlite3_column_blob(statement, 0), AUDIT_HASH_BYTES);
		found = true;
	}
	sqlite3_finalize(statement);
	return found;
}

/* Where the chain goes on: behind the last row, or where retention left off. */
static int read_tail(struct audit *audit, uint64_t *seq, unsigned char hash[AUDIT_HASH_BYTES])
{
	char anchor[AUDIT_HASH_HEX_BYTES + 32];
	struct slice rest, number;
	sqlite3_stmt *statement;
	int r = read_meta(audit, "database", audit->database, sizeof(audit->database));

	if (!r)
		r = read_meta(audit, "anchor", anchor, sizeof(anchor));
	if (r)
		return r;
	rest = slice_of(anchor);
	if (!slice_cut(&rest, " ", &number) || !slice_to_u64(number, seq) || !rest.text ||
	    !audit_hash_from_hex(rest.text, hash))
		return audit_fail(audit, SQLITE_CORRUPT, "its anchor is none");
	r = sqlite3_prepare_v2(audit->db, "SELECT max(seq) FROM record", -1, &statement, NULL);
	if (r)
		return audit_fail(audit, r, "cannot read it");
	r = sqlite3_step(statement);
	if (r == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
		*seq = (uint64_t)sqlite3_column_int64(statement, 0);
		r = audit_hash_of_row(audit, *seq, hash) ? SQLITE_ROW : SQLITE_CORRUPT;
	}
	sqlite3_finalize(statement);
	return r == SQLITE_ROW ? 0 : audit_fail(audit, r, "cannot read its end");
}

/* 0, -EBADMSG, -ENOKEY; -ENOENT: not signed. */
static int verify_signature(struct audit *audit, uint64_t seq,
			    const unsigned char hash[static AUDIT_HASH_BYTES])
{
	const struct audit_verifier *verifier = &audit->options.verifier;
	char text[AUDIT_STATEMENT_BYTES];
	size_t length = audit_statement(audit->database, seq, hash, text);
	sqlite3_stmt *statement;
	int r = -ENOENT;

	if (sqlite3_prepare_v2(audit->db, "SELECT key_id, signature FROM checkpoint WHERE seq = ?",
			       -1, &statement, NULL))
		return -EIO;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)seq);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(statement, 0);

		r = key && sqlite3_column_bytes(statement, 1) == AUDIT_SIGNATURE_BYTES
			    ? verifier->verify(verifier->context, key, text, length,
					       sqlite3_column_blob(statement, 1))
			    : -EBADMSG;
	}
	sqlite3_finalize(statement);
	return r;
}

/* What we, or the head, know of a row, against what is there. */
static bool is_there(struct audit *audit, uint64_t seq,
		     const unsigned char hash[static AUDIT_HASH_BYTES])
{
	unsigned char found[AUDIT_HASH_BYTES];

	return audit_hash_of_row(audit, seq, found) && !memcmp(found, hash, sizeof(found));
}

static struct finding look_at_tail(struct audit *audit, uint64_t seq,
				   const unsigned char hash[static AUDIT_HASH_BYTES],
				   const char *known_database)
{
	bool same = text_equal(known_database, audit->database);
	struct audit_head head;
	int r = audit_head_read(audit->head_file, &head);

	if (r == -EINVAL)
		return (struct finding){"the head is none", 0, seq};
	/* It is written with the first row. */
	if (r == -ENOENT && seq > 1)
		return (struct finding){"the head is missing", 0, seq};
	if (!r && !text_equal(head.database, audit->database))
		return (struct finding){"the head is of another database", head.seq, seq};
	if (!r && !is_there(audit, head.seq, head.hash))
		return (struct finding){"the head vouches for a row that is not there", head.seq,
					seq};
	if (!r)
		audit->head_seq = head.seq;
	if (same && audit->last_seq && !is_there(audit, audit->last_seq, audit->last_hash))
		return (struct finding){"the last row that was written is not there",
					audit->last_seq, seq};
	if (same && audit->last_seq && seq > audit->last_seq)
		return (struct finding){"there are rows that were not written here",
					audit->last_seq, seq};
	r = seq ? verify_signature(audit, seq, hash) : 0;
	if (r == -ENOKEY)
		return (struct finding){"the last row is signed by an unknown key", seq, seq};
	return (struct finding){r ? "the last row is not signed" : NULL, seq, seq};
}

static int tell_finding(struct audit *audit, const struct finding *finding)
{
	AUTO_FREE char *detail = NULL;
	json_t *object;

	if (!finding->what)
		return 0;
	object = json_pack("{s:s, s:I, s:I}", "what", finding->what, "expected",
			   (json_int_t)finding->expected, "found", (json_int_t)finding->found);
	detail = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return audit_tell(audit, AUDIT_INCIDENT, AUDIT_TAMPERED, TAKE_PTR(detail), NULL);
}

static int tell_begin(struct audit *audit)
{
	json_t *object = json_pack("{s:s, s:i}", "database", audit->database, "schema",
				   AUDIT_SCHEMA_VERSION);
	AUTO_FREE char *detail = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	return audit_tell(audit, AUDIT_BEGIN, NULL, TAKE_PTR(detail), NULL);
}

static int prepare(struct audit *audit)
{
	int r = sqlite3_prepare_v3(audit->db, INSERT, -1, SQLITE_PREPARE_PERSISTENT, &audit->insert,
				   NULL);

	if (!r)
		r = sqlite3_prepare_v3(audit->db, SIGN, -1, SQLITE_PREPARE_PERSISTENT, &audit->sign,
				       NULL);
	if (!r)
		r = sqlite3_prepare_v3(audit->db, KEEP_TALLY, -1, SQLITE_PREPARE_PERSISTENT,
				       &audit->keep_tally, NULL);
	return r ? audit_fail(audit, r, "cannot prepare it") : 0;
}

/* A new one although the head knows of another: that one was taken away. */
static int begin(struct audit *audit)
{
	struct finding missing = {.what = "the database was taken away"};
	struct audit_head head;
	int found = audit_head_read(audit->head_file, &head);
	int r = found == -ENOENT ? 0 : set_all_aside(audit, true);

	missing.expected = found ? 0 : head.seq;
	audit->head_seq = 0;
	if (!r)
		r = tell_begin(audit);
	/* From the first row on there is a head to miss. */
	if (!r)
		r = audit_settle(audit);
	return r || found == -ENOENT ? r : tell_finding(audit, &missing);
}

static int take_up(struct audit *audit, bool is_new)
{
	char known[AUDIT_DATABASE_BYTES];
	unsigned char hash[AUDIT_HASH_BYTES];
	struct finding finding;
	uint64_t seq;
	int r;

	snprintf(known, sizeof(known), "%s", is_new ? "" : audit->database);
	r = read_tail(audit, &seq, hash);
	if (r)
		return r;
	/* Made, but nothing could be signed yet. */
	is_new = is_new || seq == 0;
	finding = is_new ? (struct finding){0} : look_at_tail(audit, seq, hash, known);
	audit->last_seq = seq;
	memcpy(audit->last_hash, hash, sizeof(hash));
	return is_new ? begin(audit) : tell_finding(audit, &finding);
}

static int try_open(struct audit *audit)
{
	int is_new, r = open_database(audit);

	if (r)
		return r;
	is_new = bring_up_to_date(audit);
	if (is_new < 0)
		return is_new;
	if (!audit_schema_is_ours(audit->db))
		return audit_fail(audit, SQLITE_CORRUPT, "its tables are not ours");
	r = prepare(audit);
	return r ? r : take_up(audit, is_new);
}

/* A damaged one is evidence, and a new one takes its place, and says so. */
static int replace(struct audit *audit)
{
	struct finding damage = {"the database was damaged and set aside", audit->last_seq, 0};
	int r = set_all_aside(audit, false);

	if (r)
		return r;
	audit->damaged = false;
	r = try_open(audit);
	return r ? r : tell_finding(audit, &damage);
}

int audit_file_open(struct audit *audit)
{
	int r = audit->damaged ? -EUCLEAN : try_open(audit);

	if (r == -EUCLEAN) {
		audit_file_close(audit);
		r = replace(audit);
	}
	if (!r)
		r = audit_tallies_load(audit);
	if (r)
		audit_file_close(audit);
	return r;
}
