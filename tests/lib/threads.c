// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads, each with objects of its own, and a policy that both judge by. Built with the thread
 * sanitizer, which ends it with another status when they meet. threads A.json POLICY.yaml
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "migwarden/verdict.h"

#define ROUNDS 50

static const char *descriptor_file;
static const char *policy_file;
static struct mw_policy *shared;

/* NULL: went as it should; else what did not. */
static const char *one_round(struct mw_verdict *verdict)
{
	struct mw_descriptor *descriptor = NULL;
	struct mw_policy *own = NULL;
	struct mw_error *error = NULL;
	const char *wrong = NULL;
	char *json = NULL;

	if (mw_descriptor_read_file(descriptor_file, &descriptor, NULL) ||
	    mw_descriptor_prepare(descriptor) || mw_policy_read_file(policy_file, &own, NULL))
		wrong = "the files could not be read";
	if (!wrong && (mw_judge(own, descriptor, descriptor, NULL, verdict) ||
		       !mw_verdict_is_compatible(verdict)))
		wrong = "a device does not fit itself";
	if (!wrong && (mw_judge(shared, descriptor, descriptor, NULL, verdict) ||
		       !mw_verdict_is_compatible(verdict)))
		wrong = "a device does not fit itself by the shared policy";
	if (!wrong && !(json = mw_verdict_to_json(verdict)))
		wrong = "no JSON";
	if (!wrong && (mw_policy_read_text("text", "x: [", 4, &own, &error) == 0 || !error))
		wrong = "what is no policy was read as one";
	free(json);
	mw_error_free(error);
	mw_policy_free(own);
	mw_descriptor_free(descriptor);
	return wrong;
}

static void *run(void *unused)
{
	struct mw_verdict *verdict = NULL;
	const char *wrong = mw_verdict_new(&verdict) ? "no memory" : NULL;

	(void)unused;
	for (int i = 0; !wrong && i < ROUNDS; i++)
		wrong = one_round(verdict);
	mw_verdict_free(verdict);
	return (void *)wrong;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	int status = 0;

	if (argc != 3)
		return 2;
	descriptor_file = argv[1];
	policy_file = argv[2];
	if (mw_policy_read_file(policy_file, &shared, NULL))
		return 2;
	for (size_t i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run, NULL))
			return 2;
	for (size_t i = 0; i < 2; i++) {
		void *wrong = NULL;

		pthread_join(threads[i], &wrong);
		if (wrong) {
			fprintf(stderr, "%s\n", (const char *)wrong);
			status = 1;
		}
	}
	mw_policy_free(shared);
	return status;
}
