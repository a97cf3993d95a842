// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/policy.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "lib/handle.h"

/* Compiles and hands over, or tells why not; frees @policy where it does not keep it. */
static int give(int r, struct policy *policy, const struct parse_error *why, struct mw_policy **out,
		struct mw_error **error)
{
	AUTO_POLICY struct policy *owned = policy;

	if (!r)
		r = policy_compile(owned);
	if (r)
		return error_give(r, why, error);
	*out = policy_handle(TAKE_PTR(owned));
	return 0;
}

int mw_policy_read_file(const char *path, struct mw_policy **out, struct mw_error **error)
{
	struct policy *policy = NULL;
	struct parse_error why = {0};
	int r = policy_read_file(path, &policy, &why);

	return give(r, policy, &why, out, error);
}

int mw_policy_read_text(const char *name, const char *text, size_t length, struct mw_policy **out,
			struct mw_error **error)
{
	struct policy *policy = NULL;
	struct parse_error why = {0};
	int r = policy_read_text(name, text, length, &policy, &why);

	return give(r, policy, &why, out, error);
}

int mw_policy_default(struct mw_policy **out)
{
	struct policy *policy = NULL;
	int r = policy_default(&policy);

	return give(r, policy, NULL, out, NULL);
}

char *mw_policy_to_yaml(const struct mw_policy *policy)
{
	return policy_to_yaml(policy_of(policy));
}

void mw_policy_free(struct mw_policy *policy)
{
	policy_free(policy_of(policy));
}
