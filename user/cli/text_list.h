/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing list of texts: repeated options, comma lists. */
#ifndef CLI_TEXT_LIST_H
#define CLI_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct text_list {
	char **items;
	size_t count;
};

/* text_list_add - copies @text. 0 or -ENOMEM. */
int text_list_add(struct text_list *list, const char *text);

/* text_list_split - adds each non-empty item of a comma list. 0 or -ENOMEM. */
int text_list_split(struct text_list *list, const char *text);

/* text_list_has - whether @text is in it, letter case aside (UUIDs and PCI addresses are hex). */
bool text_list_has(const struct text_list *list, const char *text);

/* text_list_free - leaves an empty list. */
void text_list_free(struct text_list *list);

#define AUTO_TEXT_LIST __attribute__((cleanup(text_list_free)))

#endif
