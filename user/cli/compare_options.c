// SPDX-License-Identifier: GPL-2.0-only
#include "cli/compare_options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/scalar.h"

int compare_option_count(const struct verb *verb, const char *name, const char *text, long most,
			 long *out)
{
	char *end;
	long count;

	errno = 0;
	count = strtol(text, &end, 10);
	if (errno || end == text || *end || count < 1 || count > most)
		return verb_usage(verb, "--%s: expected a number from 1, got \"%s\"", name, text);
	*out = count;
	return EXIT_YES;
}

int compare_option_devices(const struct verb *verb, const char *text,
			   struct compare_context *context)
{
	long count;
	int r = compare_option_count(verb, "devices", text, INT_MAX, &count);

	if (!r)
		context->device_count = (unsigned int)count;
	return r;
}

int compare_option_now(const struct verb *verb, const char *text, struct compare_context *context)
{
	if (time_parse(text, &context->now_s))
		return verb_usage(verb,
				  "--now: expected a time such as 2026-11-20T12:00:00Z, got \"%s\"",
				  text);
	return EXIT_YES;
}

int compare_option_stdin(const struct verb *verb, const char *const *files, size_t count)
{
	int from_stdin = 0;

	for (size_t i = 0; i < count; i++)
		from_stdin += files[i] && strcmp(files[i], "-") == 0;
	if (from_stdin > 1)
		return verb_usage(verb, "only one file can be standard input");
	return EXIT_YES;
}

int compare_policy(const char *path, struct policy **out, struct parse_error *error)
{
	int r;

	if (path)
		return policy_read_path(path, out, error);
	r = policy_default(out);
	if (r)
		parse_error_set(error, "built-in", 0, 0, "expected more memory, got none");
	return r;
}
