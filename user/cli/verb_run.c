// SPDX-License-Identifier: GPL-2.0-only
/* migwarden run: the daemon, in the foreground. */
#include <getopt.h>
#include <stdio.h>

#include "cli/verb.h"
#include "daemon/daemon.h"

static int run_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "watch", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct daemon_options daemon = { .socket = DAEMON_SOCKET_DEFAULT, .out = stdout };
	int option;

	while ((option = getopt_long(argc, argv, "p:jwh", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			daemon.policy = optarg;
			break;
		case 's':
			daemon.socket = optarg;
			break;
		case 'j':
			daemon.json = true;
			break;
		case 'w':
			daemon.watch = true;
			break;
		case 'h':
			return verb_help(&verb_run);
		default:
			return verb_usage(&verb_run, "unknown option");
		}
	}
	if (optind < argc)
		return verb_usage(&verb_run, "unexpected argument '%s'", argv[optind]);
	if (!daemon.policy)
		return verb_usage(&verb_run, "--policy is missing");
	return daemon_run(&daemon) ? EXIT_BAD : EXIT_YES;
}

const struct verb verb_run = {
	.name = "run",
	.summary = "enforce a policy on this host, in the foreground",
	.help = "usage: migwarden run --policy FILE [--socket PATH] [--json] [--watch]\n"
		"\n"
		"Raises the gate: refuses the start of a migration that the policy does not let pass, and\n"
		"says so, a line for each decision. Gated are SET RESUMING (incoming), SET PRE_COPY and\n"
		"DMA_LOGGING_START (outgoing), SET STOP_COPY of devices that lack PRE_COPY (outgoing);\n"
		"pause, resume, reset and everything else always pass. Without an admission\n"
		"(`migwarden admit`) the policy's `defaults` decide. Where vfio is not loaded yet, the gate\n"
		"rises with it. Ctrl-C takes the gate down.\n"
		"\n"
		"  -p, --policy FILE   the policy (YAML)\n"
		"      --socket PATH   control socket (" DAEMON_SOCKET_DEFAULT ")\n"
		"  -j, --json          one JSON object a line\n"
		"  -w, --watch         show every event of the devices too, as `migwarden watch` does\n"
		"  -h, --help          this text\n"
		"\n"
		"Needs root, a kernel with BTF, and bpf among the active LSMs (`migwarden probe`).\n"
		"Exit status: 0 ended by Ctrl-C or TERM, 2 bad usage, a bad policy, or no gate is possible.\n",
	.run = run_run,
};
