/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of one input file, bounded and known to be UTF-8, and a way to say where in it. */
#ifndef CONFIG_INPUT_H
#define CONFIG_INPUT_H

#include <stddef.h>

#include "base/parse_error.h"
#include "core/policy.h"

struct input {
	/* For messages; borrowed from the caller. */
	const char *name;
	/* Without a NUL in it, and not terminated by one. */
	const char *text;
	size_t length;
	/* What input_close frees; NULL when @text is the caller's. */
	char *owned;
};

/*
 * input_open - reads @path ("-" is standard input), at most @size_max bytes of it: a regular file's
 * size is looked at before anything is read, a pipe or a device is given up one byte past the cap.
 * @what is what should be in there ("a descriptor"), for messages.
 * Gives 0; -EISDIR, -EFBIG, -EINVAL (input_check), -errno of open or read, each with @error filled.
 */
int input_open(const char *path, size_t size_max, const char *what, struct input *out,
	       struct parse_error *error);

/* input_from_memory - the same checks over text that the caller keeps. */
int input_from_memory(const char *name, const char *text, size_t length, size_t size_max,
		      const char *what, struct input *out, struct parse_error *error);

/* input_close - frees what input_open took. */
void input_close(struct input *input);

#define AUTO_INPUT __attribute__((cleanup(input_close)))

/* A place in a text that moves forward cheaply. */
struct cursor {
	const char *text;
	size_t length;
	size_t offset;
	struct position position;
};

/* cursor_at_start - line 1, column 1. */
struct cursor cursor_at_start(const struct input *input);

/* cursor_move - to byte @offset (cut to the length); cheap forward, from the start backward. */
void cursor_move(struct cursor *cursor, size_t offset);

#endif
