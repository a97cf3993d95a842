/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is freed all at once: the text of one descriptor, one policy, one recording. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* arena_new - an empty arena, or NULL (no memory). */
struct arena *arena_new(void);

/* arena_free - frees the arena and all that came from it; NULL is fine. */
void arena_free(struct arena *arena);

/* arena_alloc - @size zeroed bytes aligned for any type; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* arena_strdup - a copy of @text; NULL when memory is out. */
char *arena_strdup(struct arena *arena, const char *text);

/* arena_strndup - a NUL-terminated copy of the first @length bytes; NULL when memory is out. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);

/* arena_vprintf - formatted text in the arena; NULL when memory is out. */
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* arena_printf - as arena_vprintf. */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * arena_grow - makes room for one more element in an array that lives in the arena: gives the
 * array (moved when it had to grow) with room for count + 1 elements of @size bytes; capacities are
 * powers of two, so no capacity is stored. The old array stays valid until the arena is freed.
 * NULL when memory is out.
 */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t size);

#endif
