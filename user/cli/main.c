// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/verb.h"

static const struct verb *const verbs[] = {
	&verb_probe,   &verb_describe, &verb_check,  &verb_match,  &verb_policy,
	&verb_watch,   &verb_top,      &verb_record, &verb_replay, &verb_report,
	&verb_run,     &verb_admit,    &verb_revoke, &verb_reload, &verb_status,
	&verb_release, &verb_audit,    &verb_key,    &verb_stamp,  &verb_hook,
};

static void print_help(void)
{
	printf("usage: migwarden VERB [OPTION...]\n\n"
	       "Watches VFIO live migration from inside the kernel, decides by policy whether a "
	       "device may\n"
	       "leave or enter this host, and refuses what does not match.\n\nVerbs:\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n`migwarden VERB --help` tells a verb's options; migwarden(1) tells the rest.\n"
	       "Exit status: 0 yes, 1 no, 2 bad usage or input.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "migwarden: no verb given\nTry 'migwarden --help'.\n");
		return EXIT_BAD;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help();
		return EXIT_YES;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("migwarden %s\n", MW_VERSION);
		return EXIT_YES;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i]->name) == 0)
			return verbs[i]->run(argc - 1, argv + 1);
	fprintf(stderr, "migwarden: no verb '%s'\nTry 'migwarden --help'.\n", argv[1]);
	return EXIT_BAD;
}
