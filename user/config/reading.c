// SPDX-License-Identifier: GPL-2.0-only
#include "config/reading.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/descriptor.h"

#define WORDS_BYTES 400

const struct choice choices_capability[] = {
	{"stop-copy", CAPABILITY_STOP_COPY},
	{"p2p", CAPABILITY_P2P},
	{"pre-copy", CAPABILITY_PRE_COPY},
	{0},
};

const char *choice_name(const struct choice *choices, int value)
{
	for (; choices->name; choices++)
		if (choices->value == value)
			return choices->name;
	return NULL;
}

static int refuse_text(const struct reading *reading, struct position position, const char *text)
{
	return parse_error_set(reading->error, reading->file, position.line, position.column, "%s",
			       text);
}

int reading_refuse(const struct reading *reading, struct position position, const char *format, ...)
{
	char text[sizeof(reading->error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return refuse_text(reading, position, text);
}

int reading_expected(const struct reading *reading, const struct node *node, const char *format,
		     ...)
{
	char expected[WORDS_BYTES];
	char got[100];
	va_list args;

	va_start(args, format);
	vsnprintf(expected, sizeof(expected), format, args);
	va_end(args);
	node_describe(node, got, sizeof(got));
	return reading_refuse(reading, node->position, "expected %s, got %s", expected, got);
}

static const struct field *find_field(const struct mapping *mapping, const char *key)
{
	for (size_t i = 0; i < mapping->field_count; i++)
		if (strcmp(mapping->fields[i].key, key) == 0)
			return &mapping->fields[i];
	return NULL;
}

/* Joins words with commas; room is enough for every table of ours. */
static void append_word(char *words, size_t size, const char *word)
{
	size_t used = strlen(words);

	snprintf(words + used, size - used, "%s%s", used ? ", " : "", word);
}

static int refuse_key(const struct reading *reading, const struct node *child,
		      const struct mapping *mapping)
{
	char words[WORDS_BYTES] = "";

	for (size_t i = 0; i < mapping->field_count; i++)
		append_word(words, sizeof(words), mapping->fields[i].key);
	return reading_refuse(reading, child->key_position,
			      "expected a key of %s (%s), got \"%.60s\"", mapping->what, words,
			      child->key);
}

static int read_children(const struct reading *reading, const struct node *node,
			 const struct mapping *mapping, void *object, bool is_first_pass)
{
	for (const struct node *child = node->first; child; child = child->next) {
		const struct field *field = find_field(mapping, child->key);
		int r;

		if (!field) {
			if (is_first_pass)
				continue;
			return refuse_key(reading, child, mapping);
		}
		if (is_first_pass != !!(field->flags & FIELD_FIRST))
			continue;
		if (child->kind == NODE_NULL && mapping->null_is_absent &&
		    !(field->flags & FIELD_REQUIRED))
			continue;
		r = field->read(reading, child, field, object);
		if (r)
			return r;
	}
	return 0;
}

static int check_required(const struct reading *reading, const struct node *node,
			  const struct mapping *mapping, bool is_first_pass)
{
	for (size_t i = 0; i < mapping->field_count; i++) {
		const struct field *field = &mapping->fields[i];

		if (!(field->flags & FIELD_REQUIRED) ||
		    (reading->is_part && (field->flags & FIELD_OF_THE_WHOLE)) ||
		    is_first_pass != !!(field->flags & FIELD_FIRST))
			continue;
		if (!node_child(node, field->key))
			return reading_refuse(reading, node->position,
					      "expected %s with a key \"%s\", got none",
					      mapping->what, field->key);
	}
	return 0;
}

int reading_mapping(const struct reading *reading, const struct node *node,
		    const struct mapping *mapping, void *object)
{
	int r;

	if (node->kind != NODE_MAPPING)
		return reading_expected(reading, node, "%s (a mapping)", mapping->what);
	r = check_required(reading, node, mapping, true);
	if (!r)
		r = read_children(reading, node, mapping, object, true);
	/* A key that is misspelt is named before the one that is missing for it. */
	if (!r)
		r = read_children(reading, node, mapping, object, false);
	return r ? r : check_required(reading, node, mapping, false);
}

int reading_quantity(const struct reading *reading, const struct node *node,
		     const struct quantity *quantity, int64_t *out)
{
	int r = node->kind == NODE_STRING || node->kind == NODE_INTEGER
			? quantity_parse(quantity, node->text, out)
			: -EINVAL;

	if (r == -ERANGE)
		return reading_expected(reading, node, "a number that fits 64 bits");
	return r ? reading_expected(reading, node, "%s", quantity->what) : 0;
}

int reading_string(const struct reading *reading, const struct node *node, const char *what,
		   const char **out)
{
	const char *copy;

	if (node->kind != NODE_STRING || !*node->text) {
		bool wants_quotes = node->kind == NODE_INTEGER || node->kind == NODE_REAL ||
				    node->kind == NODE_BOOLEAN;

		return reading_expected(reading, node, "%s (a string%s)", what,
					wants_quotes ? ", in quotes" : "");
	}
	copy = arena_strdup(reading->arena, node->text);
	if (!copy)
		return -ENOMEM;
	*out = copy;
	return 0;
}

int reading_choice(const struct reading *reading, const struct node *node,
		   const struct choice *choices, int *out)
{
	char words[WORDS_BYTES] = "";

	for (const struct choice *choice = choices; choice->name; choice++) {
		if (node->kind == NODE_STRING && strcmp(node->text, choice->name) == 0) {
			*out = choice->value;
			return 0;
		}
		append_word(words, sizeof(words), choice->name);
	}
	return reading_expected(reading, node, "one of %s", words);
}

int reading_list(const struct reading *reading, const struct node *node, const char *what,
		 size_t least)
{
	if (node->kind != NODE_LIST)
		return reading_expected(reading, node, "%s (a list)", what);
	if (node->count < least)
		return reading_refuse(reading, node->position,
				      "expected %s (at least %zu), got %zu", what, least,
				      node->count);
	return 0;
}

int reading_schema_name(const struct reading *reading, const struct node *node,
			const char *expected)
{
	if (node->kind == NODE_STRING && strcmp(node->text, expected) == 0)
		return 0;
	return reading_expected(reading, node, "\"%s\"", expected);
}

int reading_flags(const struct reading *reading, const struct node *node,
		  const struct choice *choices, unsigned int *out)
{
	unsigned int flags = 0;
	int r = reading_list(reading, node, "capabilities", 0);

	for (const struct node *item = node->first; !r && item; item = item->next) {
		int flag = 0;

		r = reading_choice(reading, item, choices, &flag);
		if (!r && (flags & (unsigned int)flag))
			r = reading_expected(reading, item, "each word once");
		flags |= (unsigned int)flag;
	}
	if (r)
		return r;
	*out = flags;
	return 0;
}

int reading_nothing(const struct reading *reading, const struct node *node,
		    const struct field *field, void *object)
{
	(void)reading;
	(void)node;
	(void)field;
	(void)object;
	return 0;
}

int reading_done(int r, const char *file, struct parse_error *error)
{
	if (r == -ENOMEM)
		parse_error_set(error, file, 0, 0, "expected more memory, got none");
	return r;
}
