/* SPDX-License-Identifier: GPL-2.0-only */
/* libmigwarden: why a descriptor or a policy could not be read, and where. */
#ifndef MIGWARDEN_ERROR_H
#define MIGWARDEN_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One complaint, about one place. Functions that make one take a `struct mw_error **`, which may be
 * NULL; on failure it is set to an error that the caller frees (to NULL when memory is out), on
 * success it is left untouched.
 */
struct mw_error;

/*
 * mw_error_message - the whole of it, "FILE:LINE:COLUMN: expected …, got …", control characters of
 * the input shown as \xNN. Borrowed from @error, never NULL; NULL @error reads as out of memory.
 */
const char *mw_error_message(const struct mw_error *error);

/* mw_error_file - the name that the caller gave; borrowed from @error. */
const char *mw_error_file(const struct mw_error *error);

/* mw_error_line - from 1; 0 when the file as a whole is meant. */
unsigned int mw_error_line(const struct mw_error *error);

/* mw_error_column - from 1, in bytes; 0 when the file as a whole is meant. */
unsigned int mw_error_column(const struct mw_error *error);

/* mw_error_text - "expected …, got …", as it is; borrowed from @error. */
const char *mw_error_text(const struct mw_error *error);

/* mw_error_free - NULL is fine. */
void mw_error_free(struct mw_error *error);

#ifdef __cplusplus
}
#endif

#endif
