/* SPDX-License-Identifier: GPL-2.0-only */
/* Where in an input file something is wrong, and what was expected there. */
#ifndef BASE_PARSE_ERROR_H
#define BASE_PARSE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

struct parse_error {
	char file[256];
	unsigned int line;   /* from 1; 0 when the file as a whole is meant */
	unsigned int column; /* from 1, in bytes */
	char text[512];      /* "expected …, got …" */
};

/* parse_error_set - fills @error (may be NULL); always gives -EINVAL, to be returned. */
int parse_error_set(struct parse_error *error, const char *file, unsigned int line,
		    unsigned int column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/*
 * parse_error_format - "file:line:column: text" into @out (cut to @size); "file: text" without a
 * line. Control characters of the input are shown as \xNN.
 */
void parse_error_format(const struct parse_error *error, char *out, size_t size);

#endif
