/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How rows of the audit are written down for hashing, and what a signature covers. The form is
 * fixed for ever (docs/audit.md): a database outlives the program that wrote it.
 */
#ifndef SINKS_AUDIT_CHAIN_H
#define SINKS_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sinks/audit.h"

#define AUDIT_COLUMNS 22
#define AUDIT_HASH_HEX_BYTES (2 * AUDIT_HASH_BYTES + 1)
#define AUDIT_DATABASE_BYTES 33 /* 16 random bytes in hex */
/* Room for what is signed. */
#define AUDIT_STATEMENT_BYTES 256

/* Places of some of them. */
enum audit_place {
	AUDIT_AT_SEQ = 0,
	AUDIT_AT_KIND = 4,
	AUDIT_AT_PID = 10,
	AUDIT_AT_ADMISSION = 19,
	AUDIT_AT_DETAIL = 21,
};

enum audit_value_type {
	AUDIT_NULL,
	AUDIT_NUMBER,
	AUDIT_TEXT,
	AUDIT_FOREIGN, /* a type that no row of ours has */
};

struct audit_value {
	enum audit_value_type type;
	int64_t number;
	const char *text;
	size_t length;
};

/* audit_column_name - of the columns in order, without the hash. Static. */
const char *audit_column_name(size_t index);

/* audit_values_of_row - what is bound and hashed; borrows the row's texts. */
void audit_values_of_row(const struct audit_row *row, struct audit_value values[AUDIT_COLUMNS]);

/* audit_row_of_values - the other way. Foreign values are "not known". */
void audit_row_of_values(const struct audit_value values[AUDIT_COLUMNS], struct audit_row *row);

/*
 * audit_hash - BLAKE2b-256 over the hash of the row before and this one. @out may be @before.
 * Gives false for a value of a foreign type: no such row was ever hashed.
 */
bool audit_hash(const unsigned char before[static AUDIT_HASH_BYTES],
		const struct audit_value values[AUDIT_COLUMNS],
		unsigned char out[static AUDIT_HASH_BYTES]);

/* audit_hash_begin - what stands before row 1 of a database. */
void audit_hash_begin(const char *database, unsigned char out[static AUDIT_HASH_BYTES]);

/* audit_hash_hex - gives @out. */
const char *audit_hash_hex(const unsigned char hash[static AUDIT_HASH_BYTES],
			   char out[static AUDIT_HASH_HEX_BYTES]);

/* audit_hash_from_hex - false for anything but 64 hex digits. */
bool audit_hash_from_hex(const char *text, unsigned char out[static AUDIT_HASH_BYTES]);

/*
 * audit_statement - what a checkpoint signs: "database D, row N has hash H". Gives its length; with
 * its NUL it fits into @out.
 */
size_t audit_statement(const char *database, uint64_t seq,
		       const unsigned char hash[static AUDIT_HASH_BYTES],
		       char out[static AUDIT_STATEMENT_BYTES]);

#endif
