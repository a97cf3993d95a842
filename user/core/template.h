/* SPDX-License-Identifier: GPL-2.0-only */
/* The SELF/COMPATIBLE template that a vendor publishes (SEMANTICS 2.6). */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "core/descriptor.h"

/* SEMANTICS 2.6. */
#define TEMPLATE_BINDINGS_MAX 4096u
/* Our own bounds, to keep the work on a hostile template small; over them it is malformed. */
#define TEMPLATE_BYTES_MAX 65536u
#define TEMPLATE_BLOCKS_MAX 64u
#define TEMPLATE_FIELDS_MAX 512u /* of all blocks */
#define TEMPLATE_BLOCK_FIELDS_MAX 64u
#define TEMPLATE_PIECES_MAX 1024u   /* of all values */
#define TEMPLATE_VARIABLES_MAX 128u /* of all blocks */
#define TEMPLATE_BLOCK_VARIABLES_MAX 16u
#define TEMPLATE_FIELD_PIECES_MAX 64u
#define TEMPLATE_LITERAL_MAX 1024u
/* A longer fact of the source matches nothing. */
#define TEMPLATE_VALUE_MAX 4096u
/* Pieces of values tried in one match; over it the template is held for malformed. */
#define TEMPLATE_STEPS_MAX 262144u

/* "{name:int:1,2,4}" */
struct template_variable {
	struct slice name;
	struct slice items; /* as written, every one of them checked */
	bool is_int;
	uint32_t item_count;
};

/* A part of a value: text, or what a variable is bound to. */
struct template_piece {
	struct slice text; /* the literal; for a variable its name */
	int variable;      /* index in template.variables; -1 for a literal */
	uint64_t divisor;  /* of an int variable; 1 without "/" */
};

/* Which fact of the source a key stands for. */
enum template_key {
	KEY_ATTRIBUTE,
	KEY_DEVICE_TYPE,
	KEY_DEVICE_ID,
	KEY_MDEV_TYPE,
	KEY_INTERFACE_VERSION,
	KEY_AGGREGATOR, /* an attribute with arithmetic of its own */
};

struct template_field {
	struct slice key;
	enum template_key kind;
	struct slice value; /* as written, without comment */
	unsigned int line;
	uint16_t first_piece;
	uint16_t piece_count;
	int last_variable; /* the highest variable in it: it can be tried once that is bound; or -1
			    */
};

struct template_block {
	unsigned int line;
	uint16_t first_field;
	uint16_t field_count;
	uint16_t first_variable;
	uint16_t variable_count;
};

/* Slices borrow from the text that was parsed. Block 0 is SELF. */
struct template
{
	struct template_block blocks[TEMPLATE_BLOCKS_MAX];
	struct template_field fields[TEMPLATE_FIELDS_MAX];
	struct template_piece pieces[TEMPLATE_PIECES_MAX];
	struct template_variable variables[TEMPLATE_VARIABLES_MAX];
	uint16_t block_count;
	uint16_t field_count;
	uint16_t piece_count;
	uint16_t variable_count;
};

struct template_error {
	unsigned int line;   /* from 1 */
	unsigned int column; /* from 1, in bytes */
	const char *text; /* static: "a reference to a variable that the block does not declare" */
};

/*
 * template_parse - reads @text into @out, without memory of its own. Gives 0, or -EINVAL with
 * @error (may be NULL) filled and *out undefined. `device_type=pci` is accepted.
 */
int template_parse(struct slice text, struct template *out, struct template_error *error);

enum template_answer {
	TEMPLATE_MATCH,
	/* A block fits, but leaves facts of the source open that the template says nothing of. */
	TEMPLATE_UNCONSTRAINED,
	TEMPLATE_NO_MATCH,
	/* Over TEMPLATE_STEPS_MAX. */
	TEMPLATE_TOO_COSTLY,
};

struct template_result {
	enum template_answer answer;
	/* The block that fits; the nearest one where none does. Index in template.blocks. */
	unsigned int block;
	/* NO_MATCH: a field of that block that no binding satisfies; NULL where each has one. */
	const struct template_field *field;
	/* NO_MATCH with a field: what the source has there; UNCONSTRAINED: the key left open. */
	struct slice source;
	bool source_absent;
	/* The block that fits says device_type=pci (SEMANTICS 2.8). */
	bool reads_pci;
};

/* Text that a key of the source needs a place for: vendor and device id in one. */
#define TEMPLATE_KEY_BYTES 24

/*
 * template_match - whether a device may come from @source: a COMPATIBLE block, or SELF where there
 * is none, fits its descriptor. @device_id_open: the block need not constrain device_id (policy
 * `parent: ignore`). device_api needs no constraint: a stage of its own compares it.
 * result->source may point into @scratch.
 */
void template_match(const struct template *template, const struct descriptor *source,
		    bool device_id_open, char scratch[static TEMPLATE_KEY_BYTES],
		    struct template_result *result);

/*
 * template_self_agrees - whether every field of the SELF block says what the descriptor says.
 * Gives the first field that does not, or NULL.
 */
const struct template_field *template_self_agrees(const struct template *template,
						  const struct descriptor *descriptor);

enum template_note_kind {
	/* `{val1}/2` with val1=1: the binding matches nothing. */
	TEMPLATE_DEAD_BINDING,
	/* An int list that is neither a run nor a doubling: "2,7,12,23" ([004], Williamson). */
	TEMPLATE_SPARSE_LIST,
	/* A variable that is declared with one item: it says no more than the item. */
	TEMPLATE_SINGLE_ITEM,
};

struct template_note {
	enum template_note_kind kind;
	unsigned int line;
	struct slice variable;
	struct slice item; /* DEAD_BINDING, SINGLE_ITEM */
};

/* template_lint - writes up to @size notes; gives how many there are, which may be more. */
size_t template_lint(const struct template *template, struct template_note *notes, size_t size);

#endif
