/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of the audit for people, for scripts, and for spreadsheets. */
#ifndef SINKS_AUDIT_TEXT_H
#define SINKS_AUDIT_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "sinks/audit_query.h"

/* audit_line_head - the names over the lines of audit_line. */
void audit_line_head(FILE *out);

/* audit_line - one line: number, time, kind, verdict, direction, device, VM, why. */
void audit_line(FILE *out, const struct audit_record *record);

/* audit_summarise - what the row tells and why, in a sentence, into @out (cut). Not escaped. */
void audit_summarise(const struct audit_row *row, char *out, size_t size);

/* audit_count - how many events an AUDIT_TALLY tells of; 0 for any other row. */
uint64_t audit_count(const struct audit_row *row);

/*
 * audit_tell_row - one row as one tells it to somebody, over several lines. @answer is the
 * AUDIT_ANSWER to it (NULL: none), @admission the row of the admission that it used (NULL: none).
 */
void audit_tell_row(FILE *out, const struct audit_record *record, const struct audit_row *answer,
		    const struct audit_row *admission);

/*
 * audit_record_to_json - every column by its name, the JSON ones as objects; "time" in RFC 3339 and
 * the hash in hex. A new reference, or NULL (no memory).
 */
json_t *audit_record_to_json(const struct audit_record *record);

/* audit_csv_head, audit_csv_line - RFC 4180; the columns of the database, with "time" and "hash".
 */
void audit_csv_head(FILE *out);
void audit_csv_line(FILE *out, const struct audit_record *record);

#endif
