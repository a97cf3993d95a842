// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that uses libmigwarden as any other would: judges two descriptors and says why.
 *
 *	cc example.c $(pkg-config --cflags --libs libmigwarden) -o example
 *	./example A.json B.json [POLICY.yaml]
 *
 * Exit status: 0 compatible, 1 not compatible, 2 bad input.
 */
#include <migwarden/descriptor.h>
#include <migwarden/policy.h>
#include <migwarden/verdict.h>
#include <migwarden/version.h>

#include <stdio.h>
#include <stdlib.h>

static int complain(struct mw_error *error)
{
	fprintf(stderr, "%s\n", mw_error_message(error));
	mw_error_free(error);
	return 2;
}

static void explain(const struct mw_verdict *verdict)
{
	const char *source = mw_verdict_source_value(verdict);
	const char *dest = mw_verdict_dest_value(verdict);
	const char *hint = mw_verdict_hint(verdict);

	printf("%s: %s\n", mw_action_name(mw_verdict_action(verdict)),
	       mw_reason_name(mw_verdict_reason(verdict)));
	if (mw_verdict_field(verdict))
		printf("  %s: \"%s\" to \"%s\", by %s\n", mw_verdict_field(verdict),
		       source ? source : "", dest ? dest : "", mw_verdict_comparator(verdict));
	if (mw_verdict_rule_line(verdict))
		printf("  rule: %s:%u\n", mw_verdict_rule_file(verdict),
		       mw_verdict_rule_line(verdict));
	if (hint)
		printf("  hint: %s\n", hint);
	for (size_t i = 0; i < mw_verdict_warning_count(verdict); i++)
		printf("  warning: %s\n", mw_verdict_warning(verdict, i));
}

static int judge(const struct mw_policy *policy, const struct mw_descriptor *source,
		 const struct mw_descriptor *dest)
{
	struct mw_verdict *verdict;
	int status;

	if (mw_verdict_new(&verdict) || mw_judge(policy, source, dest, NULL, verdict))
		return 2;
	explain(verdict);
	status = mw_verdict_is_compatible(verdict) ? 0 : 1;
	mw_verdict_free(verdict);
	return status;
}

int main(int argc, char **argv)
{
	struct mw_policy *policy = NULL;
	struct mw_descriptor *source = NULL;
	struct mw_descriptor *dest = NULL;
	struct mw_error *error = NULL;
	int status;

	if (argc == 1) {
		printf("libmigwarden %s, ABI %d\n", mw_version(), mw_abi());
		return mw_abi() == MW_ABI ? 0 : 2;
	}
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: example A.json B.json [POLICY.yaml]\n");
		return 2;
	}
	if ((argc == 4 ? mw_policy_read_file(argv[3], &policy, &error)
		       : mw_policy_default(&policy)) ||
	    mw_descriptor_read_file(argv[1], &source, &error) ||
	    mw_descriptor_read_file(argv[2], &dest, &error))
		status = complain(error);
	else
		status = judge(policy, source, dest);
	mw_descriptor_free(dest);
	mw_descriptor_free(source);
	mw_policy_free(policy);
	return status;
}
