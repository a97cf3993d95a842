// SPDX-License-Identifier: GPL-2.0-only
/*
 * Old rows go by rule, oldest first. What remains is still a chain: the anchor says which hash
 * stands before its first row, and a row of the chain itself says the same.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sinks/audit_store.h"

/* Looked for every so many rows, and removed at most so many at a time: the loop goes on. */
#define LOOK_ROWS 128
#define REMOVE_ROWS_MAX 4096
/* By size: a tenth goes, so that it is not looked for at each row. */
#define KEEP_PART 9 / 10

static int64_t number(struct audit *audit, const char *sql, int64_t argument)
{
	sqlite3_stmt *statement;
	int64_t value = -1;

	if (sqlite3_prepare_v2(audit->db, sql, -1, &statement, NULL))
		return -1;
	if (sqlite3_bind_parameter_count(statement))
		sqlite3_bind_int64(statement, 1, argument);
	if (sqlite3_step(statement) == SQLITE_ROW &&
	    sqlite3_column_type(statement, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* The last row that is too old, with all before it; 0: none. A clock that was set back keeps rows.
 */
static int64_t too_old(struct audit *audit)
{
	int64_t limit = (int64_t)clock_ns(CLOCK_REALTIME) - audit->options.age_max_ns;
	int64_t first_young;

	if (!audit->options.age_max_ns)
		return 0;
	first_young = number(
		audit, "SELECT seq FROM record WHERE wall_ns >= ? ORDER BY seq LIMIT 1", limit);
	return first_young < 0 ? 0 : first_young - 1;
}

static int64_t too_much(struct audit *audit, int64_t first)
{
	int64_t pages =
		number(audit, "PRAGMA page_count", 0) - number(audit, "PRAGMA freelist_count", 0);
	int64_t bytes = pages * number(audit, "PRAGMA page_size", 0);
	int64_t count = (int64_t)audit->last_seq - first + 1;
	int64_t keep;

	if (!audit->options.bytes_max || bytes <= 0 || (uint64_t)bytes <= audit->options.bytes_max)
		return 0;
	keep = (int64_t)((double)count * (double)audit->options.bytes_max / (double)bytes) *
	       KEEP_PART;
	return (int64_t)audit->last_seq - keep;
}

static int64_t bounded(int64_t first, int64_t last, uint64_t end)
{
	if (last >= first + REMOVE_ROWS_MAX)
		last = first + REMOVE_ROWS_MAX - 1;
	/* The newest row always stays. */
	return last >= (int64_t)end ? (int64_t)end - 1 : last;
}

/* Removes them, moves the anchor and says so in the chain, all in one transaction. */
static int remove_rows(struct audit *audit, int64_t first, int64_t last, const char *why)
{
	unsigned char hash[AUDIT_HASH_BYTES];
	char hex[AUDIT_HASH_HEX_BYTES], sql[512];
	json_t *object;
	char *detail;

	if (!audit_hash_of_row(audit, (uint64_t)last, hash))
		return audit_fail(audit, SQLITE_CORRUPT, "a row is missing");
	audit_hash_hex(hash, hex);
	snprintf(sql, sizeof(sql),
		 "DELETE FROM record WHERE seq <= %lld; DELETE FROM checkpoint WHERE seq <= %lld;"
		 "UPDATE meta SET value = '%lld %s' WHERE name = 'anchor'",
		 (long long)last, (long long)last, (long long)last, hex);
	object = json_pack("{s:I, s:I, s:s, s:s}", "first", (json_int_t)first, "last",
			   (json_int_t)last, "hash", hex, "why", why);
	detail = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return audit_tell(audit, AUDIT_RETENTION, NULL, detail, sql);
}

int audit_retain(struct audit *audit)
{
	int64_t first, age, size, last;
	int r;

	if (!audit->db ||
	    (audit->retention_seq && audit->last_seq < audit->retention_seq + LOOK_ROWS))
		return 0;
	audit->retention_seq = audit->last_seq;
	first = number(audit, "SELECT min(seq) FROM record", 0);
	if (first < 0)
		return 0;
	age = too_old(audit);
	size = too_much(audit, first);
	last = bounded(first, age > size ? age : size, audit->last_seq);
	if (last < first)
		return 0;
	r = remove_rows(audit, first, last, age > size ? "age" : "size");
	return r ? r : audit_settle(audit);
}
