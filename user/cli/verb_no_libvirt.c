// SPDX-License-Identifier: GPL-2.0-only
/* The verbs for libvirt, in a program that was built without it. */
#include <stdio.h>

#include "cli/verb.h"

static int refuse(int argc, char **argv)
{
	(void)argc;
	fprintf(stderr,
		"migwarden %s: this migwarden was built without libvirt (libvirt-dev and "
		"libxml2-dev were missing)\n",
		argv[0]);
	return EXIT_BAD;
}

const struct verb verb_hook = {
	.name = "hook",
	.summary = "not in this build: needs libvirt",
	.help = "usage: migwarden hook\n\nThis migwarden was built without libvirt.\n",
	.run = refuse,
};

const struct verb verb_stamp = {
	.name = "stamp",
	.summary = "not in this build: needs libvirt",
	.help = "usage: migwarden stamp\n\nThis migwarden was built without libvirt.\n",
	.run = refuse,
};
