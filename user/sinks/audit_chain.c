// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_chain.h"

#include <endian.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Which bytes of a row's hash are told apart from all other hashes of BLAKE2b by this. */
#define ROW_PREFIX "migwarden.audit.row/1"
#define BEGIN_PREFIX "migwarden.audit.begin/1"

#define TEXT_COLUMN(name)                                              \
	{                                                              \
#name, AUDIT_TEXT, offsetof(struct audit_row, name), 0 \
	}
#define NUMBER_COLUMN(name, kept)                                           \
	{                                                                   \
#name, AUDIT_NUMBER, offsetof(struct audit_row, name), kept \
	}

/* A column that a later schema adds comes at the end: where it is NULL, no hash changes. */
static const struct column {
	const char *name;
	enum audit_value_type type;
	size_t offset;
	bool keeps_zero;
} columns[] = {
	NUMBER_COLUMN(seq, true),
	NUMBER_COLUMN(wall_ns, true),
	NUMBER_COLUMN(monotonic_ns, false),
	TEXT_COLUMN(boot_id),
	TEXT_COLUMN(kind),
	NUMBER_COLUMN(refers, false),
	TEXT_COLUMN(device),
	TEXT_COLUMN(direction),
	TEXT_COLUMN(vm),
	TEXT_COLUMN(vm_uuid),
	NUMBER_COLUMN(pid, false),
	TEXT_COLUMN(comm),
	TEXT_COLUMN(exe),
	TEXT_COLUMN(verdict),
	TEXT_COLUMN(reason),
	TEXT_COLUMN(rule),
	TEXT_COLUMN(rule_name),
	TEXT_COLUMN(policy),
	NUMBER_COLUMN(generation, false),
	NUMBER_COLUMN(admission, false),
	TEXT_COLUMN(pair),
	TEXT_COLUMN(detail),
};
_Static_assert(sizeof(columns) / sizeof(columns[0]) == AUDIT_COLUMNS, "a name for each");

const char *audit_column_name(size_t index)
{
	return columns[index].name;
}

void audit_values_of_row(const struct audit_row *row, struct audit_value values[AUDIT_COLUMNS])
{
	for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
		const void *field = (const char *)row + columns[i].offset;
		struct audit_value *value = &values[i];

		*value = (struct audit_value){.type = columns[i].type};
		if (value->type == AUDIT_NUMBER) {
			memcpy(&value->number, field, sizeof(value->number));
			if (!value->number && !columns[i].keeps_zero)
				value->type = AUDIT_NULL;
		} else {
			memcpy(&value->text, field, sizeof(value->text));
			if (value->text)
				value->length = strlen(value->text);
			else
				value->type = AUDIT_NULL;
		}
	}
}

void audit_row_of_values(const struct audit_value values[AUDIT_COLUMNS], struct audit_row *row)
{
	*row = (struct audit_row){0};
	for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
		void *field = (char *)row + columns[i].offset;

		if (values[i].type != columns[i].type)
			continue;
		if (values[i].type == AUDIT_NUMBER)
			memcpy(field, &values[i].number, sizeof(values[i].number));
		else
			memcpy(field, &values[i].text, sizeof(values[i].text));
	}
}

static void add_length(crypto_generichash_state *state, uint64_t length)
{
	uint64_t big = htobe64(length);

	crypto_generichash_update(state, (const unsigned char *)&big, sizeof(big));
}

static void add_text(crypto_generichash_state *state, const char *text, size_t length)
{
	add_length(state, length);
	crypto_generichash_update(state, (const unsigned char *)text, length);
}

/* Name, type, value, each of a length that is told: no two rows have the same bytes. */
static bool add_value(crypto_generichash_state *state, const char *name,
		      const struct audit_value *value)
{
	switch (value->type) {
	case AUDIT_NULL:
		return true;
	case AUDIT_NUMBER:
		add_text(state, name, strlen(name));
		crypto_generichash_update(state, (const unsigned char *)"N", 1);
		add_length(state, (uint64_t)value->number);
		return true;
	case AUDIT_TEXT:
		add_text(state, name, strlen(name));
		crypto_generichash_update(state, (const unsigned char *)"T", 1);
		add_text(state, value->text, value->length);
		return true;
	case AUDIT_FOREIGN:
		break;
	}
	return false;
}

bool audit_hash(const unsigned char before[static AUDIT_HASH_BYTES],
		const struct audit_value values[AUDIT_COLUMNS],
		unsigned char out[static AUDIT_HASH_BYTES])
{
	crypto_generichash_state state;
	bool ours = true;

	crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)ROW_PREFIX, sizeof(ROW_PREFIX));
	crypto_generichash_update(&state, before, AUDIT_HASH_BYTES);
	for (size_t i = 0; i < AUDIT_COLUMNS; i++)
		ours = add_value(&state, columns[i].name, &values[i]) && ours;
	crypto_generichash_final(&state, out, AUDIT_HASH_BYTES);
	return ours;
}

void audit_hash_begin(const char *database, unsigned char out[static AUDIT_HASH_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)BEGIN_PREFIX,
				  sizeof(BEGIN_PREFIX));
	crypto_generichash_update(&state, (const unsigned char *)database, strlen(database));
	crypto_generichash_final(&state, out, AUDIT_HASH_BYTES);
}

const char *audit_hash_hex(const unsigned char hash[static AUDIT_HASH_BYTES],
			   char out[static AUDIT_HASH_HEX_BYTES])
{
	return sodium_bin2hex(out, AUDIT_HASH_HEX_BYTES, hash, AUDIT_HASH_BYTES);
}

bool audit_hash_from_hex(const char *text, unsigned char out[static AUDIT_HASH_BYTES])
{
	size_t length = strlen(text), size;
	const char *end;

	return length == 2 * AUDIT_HASH_BYTES &&
	       !sodium_hex2bin(out, AUDIT_HASH_BYTES, text, length, NULL, &size, &end) &&
	       size == AUDIT_HASH_BYTES && end == text + length;
}

size_t audit_statement(const char *database, uint64_t seq,
		       const unsigned char hash[static AUDIT_HASH_BYTES],
		       char out[static AUDIT_STATEMENT_BYTES])
{
	char hex[AUDIT_HASH_HEX_BYTES];
	int length = snprintf(out, AUDIT_STATEMENT_BYTES, "database %s\nrow %llu\nhash %s\n",
			      database, (unsigned long long)seq, audit_hash_hex(hash, hex));

	return (size_t)length;
}
