/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of JSON Schema 2020-12 as our schemas use; a keyword it does not know fails the test. */
#ifndef TEST_CONFIG_JSON_SCHEMA_H
#define TEST_CONFIG_JSON_SCHEMA_H

#include <stdbool.h>

#include <jansson.h>

/* json_schema_accepts - whether @value is valid by @schema, whose references are into @root. */
bool json_schema_accepts(const json_t *root, const json_t *schema, const json_t *value);

/*
 * mutation_visitor, mutations_each - calls @visit with @document and with each copy of it that
 * differs in one place: a value replaced by one of a pool, a member left out, a member added.
 */
typedef void (*mutation_visitor)(json_t *mutant, void *data);
void mutations_each(json_t *document, mutation_visitor visit, void *data);

#endif
