// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_schema.h"

#include <stdio.h>
#include <string.h>

#include "sinks/audit.h"

/* "MWau", so that file(1) and we can tell it from any other database. */
#define APPLICATION_ID 0x4d576175
#define VALUE_BYTES_MAX (16 << 20)

/* The step to version n + 1 is at n. What has been released is never changed. */
static const char *const steps[AUDIT_SCHEMA_VERSION] = {
	"PRAGMA application_id = 0x4d576175;"
	"CREATE TABLE record (seq INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL,"
	" monotonic_ns INTEGER, boot_id TEXT, kind TEXT NOT NULL, refers INTEGER, device TEXT,"
	" direction TEXT, vm TEXT, vm_uuid TEXT, pid INTEGER, comm TEXT, exe TEXT, verdict TEXT,"
	" reason TEXT, rule TEXT, rule_name TEXT, policy TEXT, generation INTEGER,"
	" admission INTEGER, pair TEXT, detail TEXT, hash BLOB NOT NULL);"
	"CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, key_id TEXT NOT NULL,"
	" signature BLOB NOT NULL);"
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
	/* To look up the admission of a decision, and the answer to an intent. */
	"CREATE INDEX record_admission ON record (admission) WHERE admission IS NOT NULL;"
	"CREATE INDEX record_refers ON record (refers) WHERE refers IS NOT NULL;",
	/* One admission may have thousands of decisions, and each looks up its one row. */
	"DROP INDEX record_admission;"
	"CREATE INDEX record_admission ON record (admission) WHERE kind = '" AUDIT_ADMISSION "';",
	/* What is being counted: the row that would close it now, so that a crash loses none. */
	"CREATE TABLE tally (id INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL,"
	" monotonic_ns INTEGER, boot_id TEXT, kind TEXT NOT NULL, refers INTEGER, device TEXT,"
	" direction TEXT, vm TEXT, vm_uuid TEXT, pid INTEGER, comm TEXT, exe TEXT, verdict TEXT,"
	" reason TEXT, rule TEXT, rule_name TEXT, policy TEXT, generation INTEGER,"
	" admission INTEGER, pair TEXT, detail TEXT);",
};

int audit_schema_configure(sqlite3 *db, int busy_ms)
{
	sqlite3_busy_timeout(db, busy_ms);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	return sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;", NULL, NULL,
			    NULL);
}

static int pragma(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *statement;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (r)
		return r;
	r = sqlite3_step(statement);
	if (r == SQLITE_ROW)
		*out = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return r == SQLITE_ROW ? SQLITE_OK : r;
}

int audit_schema_version(sqlite3 *db)
{
	int version, application, tables;

	if (pragma(db, "PRAGMA user_version", &version) ||
	    pragma(db, "PRAGMA application_id", &application) ||
	    pragma(db, "SELECT count(*) FROM sqlite_master", &tables))
		return -1;
	if (version == 0 && application == 0 && tables == 0)
		return 0;
	return application == APPLICATION_ID && version > 0 ? version : -1;
}

int audit_schema_migrate(sqlite3 *db, int version)
{
	int at = audit_schema_version(db);
	char sql[64];
	int r = 0;

	if (at < 0)
		return SQLITE_NOTADB;
	for (; !r && at < version; at++) {
		r = sqlite3_exec(db, steps[at], NULL, NULL, NULL);
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", at + 1);
		if (!r)
			r = sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	return r;
}

#define OBJECTS "SELECT coalesce(sql, name) FROM sqlite_master ORDER BY type, name"

static bool same_text(sqlite3_stmt *a, sqlite3_stmt *b)
{
	const char *left = (const char *)sqlite3_column_text(a, 0);
	const char *right = (const char *)sqlite3_column_text(b, 0);

	return left && right && strcmp(left, right) == 0;
}

static bool same_objects(sqlite3_stmt *a, sqlite3_stmt *b)
{
	for (;;) {
		int left = sqlite3_step(a);
		int right = sqlite3_step(b);

		if (left != right || (left != SQLITE_ROW && left != SQLITE_DONE))
			return false;
		if (left == SQLITE_DONE)
			return true;
		if (!same_text(a, b))
			return false;
	}
}

bool audit_schema_is_ours(sqlite3 *db)
{
	int version = audit_schema_version(db);
	sqlite3_stmt *there = NULL, *wanted = NULL;
	sqlite3 *model = NULL;
	bool same = false;

	if (version >= 1 && version <= AUDIT_SCHEMA_VERSION && !sqlite3_open(":memory:", &model) &&
	    !audit_schema_migrate(model, version) &&
	    !sqlite3_prepare_v2(db, OBJECTS, -1, &there, NULL) &&
	    !sqlite3_prepare_v2(model, OBJECTS, -1, &wanted, NULL))
		same = same_objects(there, wanted);
	sqlite3_finalize(there);
	sqlite3_finalize(wanted);
	sqlite3_close(model);
	return same;
}
