/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file as a tree of values, each with its place: what JSON and YAML have in common, so that one
 * table of keys reads either (reading.h). Neither anchors, tags nor references exist here.
 */
#ifndef CONFIG_NODE_H
#define CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/parse_error.h"
#include "config/input.h"
#include "core/policy.h"

/* Deeper than any file of ours, shallow enough to recurse over. */
#define NODE_DEPTH_MAX 32
/* 10,000 rules are some 400,000 values; this bounds the memory that 16 MiB of "[,,,]" can take. */
#define NODE_COUNT_MAX (1u << 20)

enum node_kind {
	NODE_NULL,
	NODE_BOOLEAN,
	NODE_INTEGER,
	NODE_REAL,
	NODE_STRING,
	NODE_LIST,
	NODE_MAPPING,
};

struct node {
	enum node_kind kind;
	struct position position;
	/* In a mapping; NULL in a list. */
	const char *key;
	struct position key_position;
	/* A string's content, a number or boolean as written; NULL for the rest. */
	const char *text;
	int64_t integer; /* NODE_INTEGER; NODE_BOOLEAN: 0, 1 */
	double real;     /* NODE_REAL, NODE_INTEGER */
	/* Of a list or mapping, in file order. */
	struct node *first;
	struct node *last;
	struct node *next;
	size_t count;
};

/* Everything of a tree lives in one arena. */
struct node_tree {
	struct arena *arena;
	struct node *root;
	size_t count;
};

/*
 * node_tree_from_json, node_tree_from_yaml - the tree of one document. Refuses, at its place:
 * what is not JSON or YAML, a second document, a key twice, more than NODE_DEPTH_MAX levels or
 * NODE_COUNT_MAX values, an integer over 64 bits; in YAML also anchors, aliases, tags, directives.
 * Gives 0 and *out (free with node_tree_free); -EINVAL with @error, -ENOMEM.
 */
int node_tree_from_json(const struct input *input, struct node_tree *out,
			struct parse_error *error);
int node_tree_from_yaml(const struct input *input, struct node_tree *out,
			struct parse_error *error);

void node_tree_free(struct node_tree *tree);

#define AUTO_NODE_TREE __attribute__((cleanup(node_tree_free)))

/* node_tree_add - a new last child of @parent (NULL: the root). NULL when memory is out. */
struct node *node_tree_add(struct node_tree *tree, struct node *parent);

/*
 * node_find_duplicate - a child of a mapping whose key an earlier child has; NULL when there is
 * none. *first becomes that earlier one. -ENOMEM through *result, else 0.
 */
const struct node *node_find_duplicate(const struct node *mapping, const struct node **first,
				       int *result);

/* node_child - the value of @key in a mapping, or NULL. */
const struct node *node_child(const struct node *mapping, const char *key);

/*
 * node_sorted_children - the children of a mapping by key (strcmp), as an array of count pointers
 * in @arena. NULL when memory is out.
 */
const struct node **node_sorted_children(const struct node *mapping, struct arena *arena);

/*
 * node_merge - a mapping like @base, with the keys of @over in place of its own; where both have a
 * mapping, that is merged too. Neither changes; the result shares their values. NULL: no memory.
 */
struct node *node_merge(struct arena *arena, const struct node *base, const struct node *over);

/* node_to_json - the same values without their places. A new reference, or NULL (no memory). */
json_t *node_to_json(const struct node *node);

/* node_describe - what a person would call it: `the number 5`, `a list`, `"abc"`, into @out. */
void node_describe(const struct node *node, char *out, size_t size);

#endif
