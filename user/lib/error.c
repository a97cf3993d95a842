// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/error.h"

#include <stdlib.h>

#include "lib/handle.h"

struct mw_error {
	struct parse_error error;
	/* Each byte may have become four. */
	char message[4 * sizeof(struct parse_error)];
};

int error_give(int r, const struct parse_error *error, struct mw_error **out)
{
	struct mw_error *copy;

	if (!out)
		return r;
	copy = malloc(sizeof(*copy));
	if (copy) {
		copy->error = *error;
		parse_error_format(error, copy->message, sizeof(copy->message));
	}
	*out = copy;
	return r;
}

const char *mw_error_message(const struct mw_error *error)
{
	return error ? error->message : "expected more memory, got none";
}

const char *mw_error_file(const struct mw_error *error)
{
	return error ? error->error.file : "";
}

unsigned int mw_error_line(const struct mw_error *error)
{
	return error ? error->error.line : 0;
}

unsigned int mw_error_column(const struct mw_error *error)
{
	return error ? error->error.column : 0;
}

const char *mw_error_text(const struct mw_error *error)
{
	return error ? error->error.text : mw_error_message(error);
}

void mw_error_free(struct mw_error *error)
{
	free(error);
}
