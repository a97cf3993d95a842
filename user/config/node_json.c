// SPDX-License-Identifier: GPL-2.0-only
/*
 * jansson decides what is JSON and gives the values, but places only for what is not JSON. So the
 * tree is built by walking the text beside jansson's values: both are in the same order (an object
 * keeps its insertion order), and the text is known to be valid.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "config/json_text.h"
#include "config/node.h"

struct walk {
	const struct input *input;
	struct cursor cursor;
	struct node_tree tree;
	struct parse_error *error;
};

/* The end of the token that starts at @at: a string with its quotes, one sign, or a bare word. */
static size_t token_end(const struct input *input, size_t at)
{
	const char *text = input->text;
	size_t end = at;

	if (text[at] == '"') {
		for (end++; end < input->length && text[end] != '"'; end++)
			if (text[end] == '\\' && end + 1 < input->length)
				end++;
		return end < input->length ? end + 1 : end;
	}
	if (strchr("{}[]:,", text[at]))
		return at + 1;
	while (end < input->length && !strchr("{}[]:,\" \t\r\n", text[end]))
		end++;
	return end;
}

static size_t skip_chars(const struct input *input, size_t at, const char *chars)
{
	while (at < input->length && strchr(chars, input->text[at]))
		at++;
	return at;
}

/*
 * jansson says where it stopped reading, which is behind the token it did not like; a person wants
 * its first byte.
 */
static size_t token_before(const struct input *input, size_t stop)
{
	size_t at = skip_chars(input, 0, " \t\r\n");
	size_t last = at;

	while (at < input->length && at < stop) {
		last = at;
		at = skip_chars(input, token_end(input, at), " \t\r\n");
	}
	return last;
}

/* The most of a token that is shown. */
#define SHOWN_BYTES 60

static int refuse_syntax(const struct input *input, const json_error_t *problem,
			 struct parse_error *error)
{
	struct cursor cursor = cursor_at_start(input);
	enum json_error_code code = json_error_code(problem);
	size_t stop = problem->position < 0 ? input->length : (size_t)problem->position;
	size_t start = code == json_error_premature_end_of_input ? input->length
								 : token_before(input, stop);
	size_t length = start < input->length ? token_end(input, start) - start : 0;
	int shown = length < SHOWN_BYTES ? (int)length : SHOWN_BYTES;
	const char *token = input->text + start;

	if (code == json_error_out_of_memory)
		return -ENOMEM;
	cursor_move(&cursor, start);
	if (code == json_error_duplicate_key)
		return parse_error_set(error, input->name, cursor.position.line,
				       cursor.position.column,
				       "expected each key once, got %.*s again", shown, token);
	if (code == json_error_stack_overflow)
		return parse_error_set(error, input->name, cursor.position.line,
				       cursor.position.column, "expected at most %d levels",
				       NODE_DEPTH_MAX);
	if (code == json_error_numeric_overflow)
		return parse_error_set(error, input->name, cursor.position.line,
				       cursor.position.column,
				       "expected a number that fits 64 bits, got %.*s", shown,
				       token);
	return parse_error_set(error, input->name, cursor.position.line, cursor.position.column,
			       "expected JSON (%s)", problem->text);
}

/* Moves to the next value or key and gives its place. */
static struct position walk_to_token(struct walk *walk)
{
	cursor_move(&walk->cursor, skip_chars(walk->input, walk->cursor.offset, " \t\r\n,:"));
	return walk->cursor.position;
}

static void walk_over_token(struct walk *walk)
{
	cursor_move(&walk->cursor, token_end(walk->input, walk->cursor.offset));
}

static int walk_value(struct walk *walk, json_t *value, struct node *node, unsigned int depth);

static int walk_object(struct walk *walk, json_t *object, struct node *node, unsigned int depth)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		struct node *child = node_tree_add(&walk->tree, node);
		int r;

		if (!child)
			return -ENOMEM;
		child->key = arena_strdup(walk->tree.arena, key);
		if (!child->key)
			return -ENOMEM;
		child->key_position = walk_to_token(walk);
		walk_over_token(walk);
		r = walk_value(walk, value, child, depth + 1);
		if (r)
			return r;
	}
	return 0;
}

static int walk_array(struct walk *walk, json_t *array, struct node *node, unsigned int depth)
{
	json_t *value;
	size_t index;

	json_array_foreach(array, index, value)
	{
		struct node *child = node_tree_add(&walk->tree, node);
		int r;

		if (!child)
			return -ENOMEM;
		r = walk_value(walk, value, child, depth + 1);
		if (r)
			return r;
	}
	return 0;
}

static int walk_scalar(struct walk *walk, json_t *value, struct node *node)
{
	size_t start = walk->cursor.offset;

	walk_over_token(walk);
	if (node->kind == NODE_NULL)
		return 0;
	if (node->kind == NODE_STRING)
		node->text = arena_strdup(walk->tree.arena, json_string_value(value));
	else
		node->text = arena_strndup(walk->tree.arena, walk->input->text + start,
					   walk->cursor.offset - start);
	return node->text ? 0 : -ENOMEM;
}

static enum node_kind kind_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return NODE_MAPPING;
	case JSON_ARRAY:
		return NODE_LIST;
	case JSON_STRING:
		return NODE_STRING;
	case JSON_INTEGER:
		return NODE_INTEGER;
	case JSON_REAL:
		return NODE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return NODE_BOOLEAN;
	case JSON_NULL:
		return NODE_NULL;
	}
	return NODE_NULL;
}

static int walk_value(struct walk *walk, json_t *value, struct node *node, unsigned int depth)
{
	int r;

	node->kind = kind_of(value);
	node->position = walk_to_token(walk);
	node->integer = json_is_true(value) ? 1 : (int64_t)json_integer_value(value);
	node->real = json_number_value(value);
	if (node->kind != NODE_MAPPING && node->kind != NODE_LIST)
		return walk_scalar(walk, value, node);

	if (depth > NODE_DEPTH_MAX)
		return parse_error_set(walk->error, walk->input->name, node->position.line,
				       node->position.column, "expected at most %d levels",
				       NODE_DEPTH_MAX);
	walk_over_token(walk);
	r = node->kind == NODE_MAPPING ? walk_object(walk, value, node, depth)
				       : walk_array(walk, value, node, depth);
	if (r)
		return r;
	walk_to_token(walk);
	assert(strchr("}]", walk->input->text[walk->cursor.offset]));
	walk_over_token(walk);
	return 0;
}

int node_tree_from_json(const struct input *input, struct node_tree *out, struct parse_error *error)
{
	AUTO_JSON json_t *json = NULL;
	struct walk walk = {.input = input, .cursor = cursor_at_start(input), .error = error};
	json_error_t problem;
	struct node *root;
	int r;

	json = json_loadb(input->text, input->length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
			  &problem);
	if (!json)
		return refuse_syntax(input, &problem, error);
	walk.tree.arena = arena_new();
	if (!walk.tree.arena)
		return -ENOMEM;
	root = node_tree_add(&walk.tree, NULL);
	r = root ? walk_value(&walk, json, root, 1) : -ENOMEM;
	if (r) {
		node_tree_free(&walk.tree);
		return r;
	}
	*out = walk.tree;
	return 0;
}

static json_t *mapping_to_json(const struct node *node)
{
	AUTO_JSON json_t *object = json_object();

	for (const struct node *child = node->first; child; child = child->next)
		if (json_object_set_new(object, child->key, node_to_json(child)))
			return NULL;
	return TAKE_PTR(object);
}

static json_t *list_to_json(const struct node *node)
{
	AUTO_JSON json_t *list = json_array();

	for (const struct node *child = node->first; child; child = child->next)
		if (json_array_append_new(list, node_to_json(child)))
			return NULL;
	return TAKE_PTR(list);
}

json_t *node_to_json(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return json_null();
	case NODE_BOOLEAN:
		return json_boolean(node->integer);
	case NODE_INTEGER:
		return json_integer(node->integer);
	case NODE_REAL:
		return json_real(node->real);
	case NODE_STRING:
		return json_text(node->text);
	case NODE_LIST:
		return list_to_json(node);
	case NODE_MAPPING:
		return mapping_to_json(node);
	}
	return NULL;
}
