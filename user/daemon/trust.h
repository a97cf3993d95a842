/* SPDX-License-Identifier: GPL-2.0-only */
/* The public keys that a policy trusts. */
#ifndef DAEMON_TRUST_H
#define DAEMON_TRUST_H

#include "core/policy.h"
#include "host/key.h"

/*
 * trust_read - the keys of all files under the policy's `trust`. Gives 0 and @out, freed by
 * key_list_free; -EINVAL with @error, also where two different keys have one id; else -errno.
 */
int trust_read(const struct policy *policy, struct key_list *out, struct parse_error *error);

#endif
