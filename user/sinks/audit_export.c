// SPDX-License-Identifier: GPL-2.0-only
/* Rows of the audit for scripts and spreadsheets: nothing is left out. */
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "sinks/audit_text.h"

/* In the database it is text, so that a row is hashed as it is; here it is what it stands for. */
static bool is_json(const char *column)
{
	return text_equal(column, "pair") || text_equal(column, "detail");
}

static json_t *value_to_json(const char *column, const struct audit_value *value)
{
	json_t *json = NULL;

	switch (value->type) {
	case AUDIT_NUMBER:
		return json_integer(value->number);
	case AUDIT_TEXT:
		if (is_json(column))
			json = json_loadb(value->text, value->length, 0, NULL);
		if (!json)
			json = json_stringn(value->text, value->length);
		/* Somebody put it there: it is not UTF-8. */
		return json ? json : json_string("?");
	case AUDIT_NULL:
	case AUDIT_FOREIGN:
		break;
	}
	return json_null();
}

json_t *audit_record_to_json(const struct audit_record *record)
{
	char clock[UNITS_TEXT_BYTES], hex[AUDIT_HASH_HEX_BYTES];
	json_t *object = json_object();
	int r = 0;

	for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
		const char *name = audit_column_name(i);

		r |= json_object_set_new(object, name, value_to_json(name, &record->values[i]));
		if (i == AUDIT_AT_SEQ)
			r |= json_object_set_new(
				object, "time",
				json_string(format_clock((uint64_t)record->row.wall_ns, 0, clock)));
	}
	if (*record->answer)
		r |= json_object_set_new(object, "answer", json_string(record->answer));
	r |= json_object_set_new(object, "hash",
				 record->hash ? json_string(audit_hash_hex(record->hash, hex))
					      : json_null());
	if (!r)
		return object;
	json_decref(object);
	return NULL;
}

/*
 * Quoted wherever it could be read otherwise. A spreadsheet takes a cell that begins with one of
 * = + - @ for a formula, and the name of a VM is not ours: such a cell gets an apostrophe in front.
 */
static void print_cell(FILE *out, const char *text, size_t length)
{
	fputc('"', out);
	if (length && strchr("=+-@\t\r", text[0]))
		fputc('\'', out);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			fputc('"', out);
		fputc(text[i], out);
	}
	fputc('"', out);
}

void audit_csv_head(FILE *out)
{
	for (size_t i = 0; i < AUDIT_COLUMNS; i++)
		fprintf(out, "%s,%s", audit_column_name(i), i == 0 ? "time," : "");
	fprintf(out, "hash\r\n");
}

void audit_csv_line(FILE *out, const struct audit_record *record)
{
	char clock[UNITS_TEXT_BYTES], hex[AUDIT_HASH_HEX_BYTES];

	for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
		const struct audit_value *value = &record->values[i];

		if (value->type == AUDIT_NUMBER)
			fprintf(out, "%lld", (long long)value->number);
		else if (value->type == AUDIT_TEXT)
			print_cell(out, value->text, value->length);
		fputc(',', out);
		if (i == 0)
			fprintf(out, "%s,", format_clock((uint64_t)record->row.wall_ns, 0, clock));
	}
	fprintf(out, "%s\r\n", record->hash ? audit_hash_hex(record->hash, hex) : "");
}
