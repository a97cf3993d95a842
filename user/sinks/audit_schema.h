/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of the audit, by version. */
#ifndef SINKS_AUDIT_SCHEMA_H
#define SINKS_AUDIT_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#define AUDIT_SCHEMA_VERSION 4
/* From this one on there is a table of tallies. */
#define AUDIT_SCHEMA_TALLIES 4

/*
 * audit_schema_configure - what every connection needs before anything is read: a database may have
 * been made by an enemy. Gives SQLITE_OK or an error of SQLite.
 */
int audit_schema_configure(sqlite3 *db, int busy_ms);

/* audit_schema_version - 0 for an empty database; -1 when it is no audit or cannot be read. */
int audit_schema_version(sqlite3 *db);

/*
 * audit_schema_migrate - from the version that is there to @version, step by step, within the
 * caller's transaction. SQLITE_OK, or an error.
 */
int audit_schema_migrate(sqlite3 *db, int version);

/*
 * audit_schema_is_ours - whether the tables, indices, triggers and views are those of the
 * database's version and nothing else. A trigger could change what is written.
 */
bool audit_schema_is_ours(sqlite3 *db);

#endif
