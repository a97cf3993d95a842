/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmigwarden: by what a pair of devices is judged (SEMANTICS 4, `migwarden.policy/1`).
 *
 * A policy is compiled when it is read and never changes afterwards, so any number of threads may
 * judge by it.
 */
#ifndef MIGWARDEN_POLICY_H
#define MIGWARDEN_POLICY_H

#include <stddef.h>

#include "migwarden/error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mw_policy;

/*
 * mw_policy_read_file - reads a policy, of 16 MiB at most; "-" is standard input. Refuses what
 * `migwarden policy lint` calls an error: unknown keys, wrong types or units, duplicates, rules
 * that cannot be reached. Gives 0 and *out, owned by the caller; -EINVAL when it is malformed,
 * -EFBIG, -EISDIR or the -errno of reading, each with *error (see error.h) and *out untouched;
 * -ENOMEM.
 */
int mw_policy_read_file(const char *path, struct mw_policy **out, struct mw_error **error);

/*
 * mw_policy_read_text - the same from @length bytes of memory, which need no final NUL and can go
 * once it returns. @name stands for the file in errors and verdicts.
 */
int mw_policy_read_text(const char *name, const char *text, size_t length, struct mw_policy **out,
			struct mw_error **error);

/*
 * mw_policy_default - the built-in policy (SEMANTICS 5): one rule that matches every device, with
 * all defaults. Gives 0 and *out, owned by the caller; -ENOMEM.
 */
int mw_policy_default(struct mw_policy **out);

/*
 * mw_policy_to_yaml - the policy as it was understood, with every default; reads back to the same
 * policy. To be freed with free(3); NULL when memory is out.
 */
char *mw_policy_to_yaml(const struct mw_policy *policy);

/* mw_policy_free - NULL is fine. Verdicts that were judged by it are not to be read any more. */
void mw_policy_free(struct mw_policy *policy);

#ifdef __cplusplus
}
#endif

#endif
