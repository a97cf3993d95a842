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
		{ "transient", no_argument, NULL, 't' },
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
		case 't':
			daemon.transient = true;
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
	.help = "usage: migwarden run --policy FILE [--socket PATH] [--transient] [--json]\n"
		"                     [--watch]\n"
		"\n"
		"Raises the gate: refuses the start of a migration that the policy does not let pass, and\n"
		"says so, a line for each decision. Gated are SET RESUMING (incoming), SET PRE_COPY and\n"
		"DMA_LOGGING_START (outgoing), SET STOP_COPY where it begins a migration (outgoing); pause,\n"
		"resume, reset and everything else always pass. Without an admission (`migwarden admit`)\n"
		"the policy's `defaults` decide. Where vfio is not loaded yet, the gate rises with it.\n"
		"\n"
		"The gate is pinned below /sys/fs/bpf/migwarden and outlives the daemon, whatever ends it;\n"
		"the next one adopts it. `migwarden release` takes it down. SIGHUP, or `migwarden reload`,\n"
		"reads the policy anew.\n"
		"\n"
		"  -p, --policy FILE   the policy (YAML)\n"
		"      --socket PATH   control socket (" DAEMON_SOCKET_DEFAULT ")\n"
		"      --transient     pin nothing: the gate falls with the daemon\n"
		"  -j, --json          one JSON object a line\n"
		"  -w, --watch         show every event of the devices too, as `migwarden watch` does\n"
		"  -h, --help          this text\n"
		"\n"
		"Needs root and a kernel with BTF (`migwarden probe` says what else helps).\n"
		"Exit status: 0 ended by Ctrl-C, TERM or release, 2 bad usage, a bad policy, or no gate is possible.\n",
	.run = run_run,
};
