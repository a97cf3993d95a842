// SPDX-License-Identifier: GPL-2.0-only
#include "cli/text_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

static int add_taken(struct text_list *list, char *text)
{
	char **items;

	if (!text)
		return -ENOMEM;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items) {
		free(text);
		return -ENOMEM;
	}
	list->items = items;
	items[list->count++] = text;
	return 0;
}

int text_list_add(struct text_list *list, const char *text)
{
	return add_taken(list, strdup(text));
}

int text_list_split(struct text_list *list, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, ",");

		if (length && add_taken(list, strndup(text, length)))
			return -ENOMEM;
		text += length + (text[length] == ',');
	}
	return 0;
}

bool text_list_has(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcasecmp(list->items[i], text) == 0)
			return true;
	return false;
}

void text_list_free(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list){0};
}
