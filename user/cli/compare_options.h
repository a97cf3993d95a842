/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs that judge pairs take alike: --policy, --devices, --now. */
#ifndef CLI_COMPARE_OPTIONS_H
#define CLI_COMPARE_OPTIONS_H

#include "base/parse_error.h"
#include "cli/verb.h"
#include "core/compare.h"

/* compare_option_count - the value of option @name, a number from 1 to @most. EXIT_YES, EXIT_BAD.
 */
int compare_option_count(const struct verb *verb, const char *name, const char *text, long most,
			 long *out);

/* compare_option_devices - the value of --devices. EXIT_YES, or EXIT_BAD and said why. */
int compare_option_devices(const struct verb *verb, const char *text,
			   struct compare_context *context);

/* compare_option_now - the value of --now, RFC 3339. EXIT_YES, or EXIT_BAD and said why. */
int compare_option_now(const struct verb *verb, const char *text, struct compare_context *context);

/* compare_option_stdin - refuses more than one "-" among @count files; some may be NULL. */
int compare_option_stdin(const struct verb *verb, const char *const *files, size_t count);

/* compare_policy - the policy of @path, or the built-in one for NULL. 0; else @error is filled. */
int compare_policy(const char *path, struct policy **out, struct parse_error *error);

#endif
