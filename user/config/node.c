// SPDX-License-Identifier: GPL-2.0-only
#include "config/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Below this, comparing each with each is cheaper than sorting. */
#define FEW_CHILDREN 12

void node_tree_free(struct node_tree *tree)
{
	arena_free(tree->arena);
	*tree = (struct node_tree){0};
}

struct node *node_tree_add(struct node_tree *tree, struct node *parent)
{
	struct node *node = arena_alloc(tree->arena, sizeof(*node));

	if (!node)
		return NULL;
	tree->count++;
	if (!parent) {
		tree->root = node;
		return node;
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
	return node;
}

const struct node *node_child(const struct node *mapping, const char *key)
{
	for (const struct node *child = mapping->first; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

/* A copy that can be in another list; what is below is shared. */
static struct node *append_copy(struct arena *arena, struct node *parent, const struct node *child)
{
	struct node *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *child;
	copy->next = NULL;
	if (parent->last)
		parent->last->next = copy;
	else
		parent->first = copy;
	parent->last = copy;
	parent->count++;
	return copy;
}

struct node *node_merge(struct arena *arena, const struct node *base, const struct node *over)
{
	struct node *merged = arena_alloc(arena, sizeof(*merged));

	if (!merged)
		return NULL;
	*merged = *over;
	merged->first = merged->last = NULL;
	merged->count = 0;
	for (const struct node *child = base->first; child; child = child->next) {
		const struct node *own = node_child(over, child->key);

		if (own && own->kind == NODE_MAPPING && child->kind == NODE_MAPPING)
			own = node_merge(arena, child, own);
		else if (!own)
			own = child;
		if (!own || !append_copy(arena, merged, own))
			return NULL;
	}
	for (const struct node *child = over->first; child; child = child->next)
		if (!node_child(base, child->key) && !append_copy(arena, merged, child))
			return NULL;
	return merged;
}

static int compare_places(const struct position *a, const struct position *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *left = *(const struct node *const *)a;
	const struct node *right = *(const struct node *const *)b;
	int r = strcmp(left->key, right->key);

	return r ? r : compare_places(&left->key_position, &right->key_position);
}

static void sort_children(const struct node *mapping, const struct node **sorted)
{
	size_t i = 0;

	for (const struct node *child = mapping->first; child; child = child->next)
		sorted[i++] = child;
	qsort(sorted, mapping->count, sizeof(*sorted), compare_keys);
}

const struct node **node_sorted_children(const struct node *mapping, struct arena *arena)
{
	const struct node **sorted = arena_alloc(arena, (mapping->count + 1) * sizeof(*sorted));

	if (sorted)
		sort_children(mapping, sorted);
	return sorted;
}

/* Of all keys that are there twice, the one that comes first in the file. */
static const struct node *duplicate_in_sorted(const struct node *const *sorted, size_t count,
					      const struct node **first)
{
	const struct node *found = NULL;

	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
			continue;
		if (found && compare_places(&found->key_position, &sorted[i]->key_position) <= 0)
			continue;
		found = sorted[i];
		*first = sorted[i - 1];
	}
	return found;
}

const struct node *node_find_duplicate(const struct node *mapping, const struct node **first,
				       int *result)
{
	const struct node *few[FEW_CHILDREN];
	AUTO_FREE const struct node **many = NULL;
	const struct node **sorted = few;

	*result = 0;
	if (mapping->count < 2)
		return NULL;
	if (mapping->count > FEW_CHILDREN) {
		many = calloc(mapping->count, sizeof(*many));
		if (!many) {
			*result = -ENOMEM;
			return NULL;
		}
		sorted = many;
	}
	sort_children(mapping, sorted);
	return duplicate_in_sorted(sorted, mapping->count, first);
}

void node_describe(const struct node *node, char *out, size_t size)
{
	switch (node->kind) {
	case NODE_NULL:
		snprintf(out, size, "nothing");
		break;
	case NODE_BOOLEAN:
		snprintf(out, size, "%s without quotes", node->text);
		break;
	case NODE_INTEGER:
	case NODE_REAL:
		snprintf(out, size, "the number %.40s", node->text);
		break;
	case NODE_STRING:
		snprintf(out, size, strlen(node->text) > 60 ? "\"%.60s…\"" : "\"%s\"", node->text);
		break;
	case NODE_LIST:
		snprintf(out, size, "a list");
		break;
	case NODE_MAPPING:
		snprintf(out, size, "a mapping");
		break;
	}
}
