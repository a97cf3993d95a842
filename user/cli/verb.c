// SPDX-License-Identifier: GPL-2.0-only
#include "cli/verb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int verb_help(const struct verb *verb)
{
	fputs(verb->help, stdout);
	return EXIT_YES;
}

int verb_usage(const struct verb *verb, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "migwarden %s: ", verb->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'migwarden %s --help'.\n", verb->name);
	return EXIT_BAD;
}

int verb_refuse(const struct parse_error *error)
{
	/* Each byte may become four. */
	char text[4 * sizeof(*error)];

	parse_error_format(error, text, sizeof(text));
	fprintf(stderr, "%s\n", text);
	return EXIT_BAD;
}

int verb_flush(const struct verb *verb, int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	fprintf(stderr, "migwarden %s: standard output: %s\n", verb->name, strerror(errno));
	return EXIT_BAD;
}
