/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a mapping by a table of its keys: what each is called, which function takes its value, and
 * the JSON Schema of that value. The same table makes the schema (schema.h), so neither can know a
 * key that the other does not.
 */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include <stdbool.h>
#include <stddef.h>

#include "config/node.h"
#include "config/scalar.h"

struct reading {
	const char *file;
	struct parse_error *error;
	/* Takes the text that outlives the tree. */
	struct arena *arena;
	/* The struct descriptor or struct policy that is being filled. */
	void *owner;
	/* One file of several: a key that is required of the whole may be in another. */
	bool is_part;
};

struct field;

/* Takes the value of @field into @object. Gives 0, -EINVAL with the error set, -ENOMEM. */
typedef int (*field_reader)(const struct reading *reading, const struct node *node,
			    const struct field *field, void *object);

enum field_flag {
	FIELD_REQUIRED = 1 << 0,
	/* Read before all others: what it says decides whether the rest can be understood. */
	FIELD_FIRST = 1 << 1,
	/* With FIELD_REQUIRED: of all files of a policy together. */
	FIELD_OF_THE_WHOLE = 1 << 2,
};

/* One word of a closed set. The last of a list has no name. */
struct choice {
	const char *name;
	int value;
};

struct field {
	const char *key;
	field_reader read;
	/* Where in the object it goes, for readers that serve many fields. */
	size_t offset;
	unsigned int flags; /* enum field_flag */
	/* What the value may be; one of the three: words, a unit, a schema fragment. */
	const struct choice *choices;
	const struct quantity *quantity;
	const char *schema;
	/* What it is, for who writes the file in an editor that knows the schema; may be NULL. */
	const char *about;
};

struct mapping {
	/* Its name under $defs of the schema, and in messages: "a NAME". */
	const char *name;
	const char *what;
	const struct field *fields;
	size_t field_count;
	/* null stands for an absent key (descriptors: SEMANTICS 3). */
	bool null_is_absent;
};

/* reading_refuse - sets the error at @position; gives -EINVAL. */
int reading_refuse(const struct reading *reading, struct position position, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* reading_expected - "expected EXPECTED, got …" at the node; gives -EINVAL. */
int reading_expected(const struct reading *reading, const struct node *node, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/*
 * reading_mapping - hands each value of @node to the reader of its key, FIELD_FIRST ones before
 * the rest. Refuses: not a mapping, an unknown key, a FIELD_REQUIRED one missing.
 */
int reading_mapping(const struct reading *reading, const struct node *node,
		    const struct mapping *mapping, void *object);

/* reading_string - a string that is not empty, copied into the arena. @what is for messages. */
int reading_string(const struct reading *reading, const struct node *node, const char *what,
		   const char **out);

/* reading_choice - one of @choices. */
int reading_choice(const struct reading *reading, const struct node *node,
		   const struct choice *choices, int *out);

/* reading_list - that it is a list, with at least @least items. */
int reading_list(const struct reading *reading, const struct node *node, const char *what,
		 size_t least);

/* reading_schema_name - that it is exactly @expected. */
int reading_schema_name(const struct reading *reading, const struct node *node,
			const char *expected);

/* reading_quantity - a number with a unit of @quantity. */
int reading_quantity(const struct reading *reading, const struct node *node,
		     const struct quantity *quantity, int64_t *out);

/* reading_flags - a list of different words, or'ed together. */
int reading_flags(const struct reading *reading, const struct node *node,
		  const struct choice *choices, unsigned int *out);

/* The words of enum migration_capability, in files of both kinds. */
extern const struct choice choices_capability[];

/* reading_nothing - a field_reader: any value will do, and is not taken. */
int reading_nothing(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object);

/* reading_done - passes @r through; says in @error that memory was out, where nobody else did. */
int reading_done(int r, const char *file, struct parse_error *error);

/* choice_name - the word of a value; NULL when the list has none. */
const char *choice_name(const struct choice *choices, int value);

/* The part of an object that a field stands for. */
#define field_target(object, field, type) ((type *)(void *)((char *)(object) + (field)->offset))

#endif
