/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON out of text that nobody vouched for, and objects that are whole or not there. */
#ifndef CONFIG_JSON_TEXT_H
#define CONFIG_JSON_TEXT_H

#include <jansson.h>

/*
 * json_text - a string; bytes that are not UTF-8 (a path, a value that was cut) become U+FFFD.
 * null for NULL. A new reference, or NULL (no memory).
 */
json_t *json_text(const char *text);

/* json_free_ptr - for AUTO_JSON. */
static inline void json_free_ptr(json_t **json)
{
	json_decref(*json);
}

#define AUTO_JSON __attribute__((cleanup(json_free_ptr)))

#endif
