// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon looks up in its own audit: things that only an earlier one knew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/audit_store.h"

/* Further back nobody looks at the start, or in the loop. */
#define RECENT "(SELECT * FROM record ORDER BY seq DESC LIMIT 20000)"

#define ADMISSION                                                                         \
	"SELECT pair, rule, rule_name, json_extract(detail, '$.explanation') FROM record" \
	" WHERE admission = ?1 AND kind = '" AUDIT_ADMISSION "' AND device = ?2"          \
	" AND boot_id = ?3 ORDER BY seq DESC LIMIT 1"
#define POLICY                                                                       \
	"SELECT policy FROM " RECENT " WHERE generation = ?1 AND policy IS NOT NULL" \
	" AND kind != '" AUDIT_DECISION "' AND boot_id = ?3 ORDER BY seq DESC LIMIT 1"
#define RING_LOST                                                                           \
	"SELECT json_extract(detail, '$.total') FROM " RECENT " WHERE kind IN ('" AUDIT_GAP \
	"', '" AUDIT_TALLY "') AND boot_id = ?3"                                            \
	" AND json_extract(detail, '$.where') = 'ring' ORDER BY seq DESC LIMIT 1"

/* The one row, or NULL; to be finalized. */
static sqlite3_stmt *look(struct audit *audit, const char *sql, uint64_t number, const char *text)
{
	sqlite3_stmt *statement = NULL;

	if (!audit->db || sqlite3_prepare_v2(audit->db, sql, -1, &statement, NULL))
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)number);
	sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, audit->options.boot_id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		return statement;
	sqlite3_finalize(statement);
	return NULL;
}

static char *copy(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? strdup(text) : NULL;
}

bool audit_admission_find(struct audit *audit, uint64_t admission, const char *device,
			  struct audit_admission *out)
{
	sqlite3_stmt *row = look(audit, ADMISSION, admission, device);

	*out = (struct audit_admission){0};
	if (!row)
		return false;
	out->pair = copy(row, 0);
	out->rule = copy(row, 1);
	out->rule_name = copy(row, 2);
	out->explanation = copy(row, 3);
	sqlite3_finalize(row);
	return true;
}

void audit_admission_free(struct audit_admission *admission)
{
	free(admission->pair);
	free(admission->rule);
	free(admission->rule_name);
	free(admission->explanation);
	*admission = (struct audit_admission){0};
}

bool audit_policy_find(struct audit *audit, uint64_t generation,
		       char out[static AUDIT_POLICY_BYTES])
{
	sqlite3_stmt *row = look(audit, POLICY, generation, NULL);
	const char *text = row ? (const char *)sqlite3_column_text(row, 0) : NULL;

	if (text)
		snprintf(out, AUDIT_POLICY_BYTES, "%s", text);
	sqlite3_finalize(row);
	return text != NULL;
}

uint64_t audit_ring_lost_find(struct audit *audit)
{
	sqlite3_stmt *row = look(audit, RING_LOST, 0, NULL);
	uint64_t lost = row ? (uint64_t)sqlite3_column_int64(row, 0) : 0;

	sqlite3_finalize(row);
	return lost;
}
