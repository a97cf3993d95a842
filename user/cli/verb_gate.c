// SPDX-License-Identifier: GPL-2.0-only
/* migwarden revoke, reload, release: short requests about the gate to the daemon. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "cli/control_client.h"
#include "cli/host_settings.h"
#include "cli/verb.h"
#include "kern/gate.h"
#include "sinks/release.h"

#define TEXT_BYTES 2048

#define LOCK_TRIES 40
#define LOCK_PAUSE_NS 50000000

struct gate_arguments {
	const char *socket;
	const char *device;
	const char *direction;
	bool json;
};

/* Gives -1 to go on, or the exit code to end with. */
static int parse(const struct verb *verb, int argc, char **argv, bool takes_device,
		 struct gate_arguments *out)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},         {"device", required_argument, NULL, 'd'},
		{"outgoing", no_argument, NULL, 'o'},     {0},
	};
	int option;

	*out = (struct gate_arguments){.direction = "incoming"};
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 's')
			out->socket = optarg;
		else if (option == 'j')
			out->json = true;
		else if (option == 'h')
			return verb_help(verb);
		else if (option == 'd' && takes_device)
			out->device = optarg;
		else if (option == 'o' && takes_device)
			out->direction = "outgoing";
		else
			return verb_usage(verb, "unknown option");
	}
	if (optind < argc)
		return verb_usage(verb, "unexpected argument '%s'", argv[optind]);
	if (takes_device && !out->device)
		return verb_usage(verb, "--device is missing");
	return -1;
}

static int call(const struct verb *verb, const struct gate_arguments *arguments, const char *path,
		json_t **answer)
{
	const char *const query[] = {"device", arguments->device, "direction", arguments->direction,
				     NULL};
	const struct control_request request = {
		.verb = verb->name,
		.socket = arguments->socket,
		.method = "POST",
		.path = path,
		.arguments = arguments->device ? query : NULL,
		.may_end = verb == &verb_release,
	};

	return control_call(&request, answer);
}

/* The answer as JSON, or the line that @format makes of the texts at two of its keys. */
static int print(const struct gate_arguments *arguments, json_t *answer, const char *line)
{
	if (arguments->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		puts(line);
	}
	json_decref(answer);
	return EXIT_YES;
}

static int revoke_run(int argc, char **argv)
{
	char line[TEXT_BYTES] = "revoked  ";
	struct gate_arguments arguments;
	json_t *answer;
	int r = parse(&verb_revoke, argc, argv, true, &arguments);

	if (r >= 0)
		return r;
	if (call(&verb_revoke, &arguments, "/v1/revoke", &answer))
		return EXIT_BAD;
	escape_append(line, sizeof(line) - 16, arguments.device, strlen(arguments.device));
	strcat(line, "  ");
	strcat(line, arguments.direction);
	return print(&arguments, answer, line);
}

static int reload_run(int argc, char **argv)
{
	char line[TEXT_BYTES], file[TEXT_BYTES - 64];
	struct gate_arguments arguments;
	json_t *answer;
	int r = parse(&verb_reload, argc, argv, false, &arguments);

	if (r >= 0)
		return r;
	if (call(&verb_reload, &arguments, "/v1/reload", &answer))
		return EXIT_BAD;
	escape_text(file, sizeof(file), json_string_value(json_object_get(answer, "file")) ?: "?");
	snprintf(line, sizeof(line), "reloaded  %s, generation %lld", file,
		 json_integer_value(json_object_get(answer, "generation")));
	return print(&arguments, answer, line);
}

/* One that was killed lets go of its lock a moment after it was seen to listen no more. */
static int lock_when_free(void)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int lock = gate_lock();

	for (int tries = 0; lock == -EBUSY && tries < LOCK_TRIES; tries++) {
		nanosleep(&pause, NULL);
		lock = gate_lock();
	}
	return lock;
}

/* Without a daemon the pins are all there is of the gate. */
static int release_alone(const struct gate_arguments *arguments)
{
	const struct release by_us = {
		.time_ns = clock_ns(CLOCK_MONOTONIC),
		.pid = getpid(),
		.uid = getuid(),
	};
	AUTO_SETTINGS struct settings *settings = NULL;
	struct daemon_options options = {0};
	AUTO_FD int lock = lock_when_free();
	int r;

	if (lock == -EBUSY) {
		fprintf(stderr, "migwarden release: a daemon runs, on another control socket: name "
				"it (--socket)\n");
		return EXIT_BAD;
	}
	/* The way out does not hang on a configuration that is bad. */
	r = lock < 0 ? lock : 0;
	if (!r && host_settings(NULL, &settings))
		r = settings_new(&settings);
	if (!r) {
		host_audit(settings, &options);
		r = daemon_release_alone(&options);
	}
	if (r == -ENOENT) {
		fprintf(stderr, "migwarden release: no gate stands\n");
		return EXIT_NO;
	}
	if (r) {
		fprintf(stderr, "migwarden release: cannot release the gate: %s\n", strerror(-r));
		return EXIT_BAD;
	}
	release_to_journal(&by_us);
	return print(arguments, json_pack("{s:b}", "released", true), "released");
}

static int release_run(int argc, char **argv)
{
	struct gate_arguments arguments;
	json_t *answer;
	int r = parse(&verb_release, argc, argv, false, &arguments);

	if (r >= 0)
		return r;
	if (!control_answers(arguments.socket))
		return release_alone(&arguments);
	r = call(&verb_release, &arguments, "/v1/release", &answer);
	if (r == -ESHUTDOWN)
		return release_alone(&arguments);
	if (r)
		return EXIT_BAD;
	return print(&arguments, answer, "released");
}

#define COMMON_OPTIONS                                          \
	"      --socket PATH   control socket of the daemon\n"  \
	"  -j, --json          the answer as one JSON object\n" \
	"  -h, --help          this text\n"

const struct verb verb_revoke = {
	.name = "revoke",
	.summary = "take an admission back",
	.help = "usage: migwarden revoke --device NAME [--outgoing] [--json]\n"
		"\n"
		"Takes back what `migwarden admit` wrote for a device; from then on the policy's "
		"defaults\n"
		"decide about it. A migration that has begun goes on.\n"
		"\n"
		"      --device NAME   mdev UUID or PCI address, as `migwarden status` shows it\n"
		"      --outgoing      the admission to leave (default: to enter)\n" COMMON_OPTIONS
		"\n"
		"Exit status: 0 revoked, 2 no such admission, or no daemon.\n",
	.run = revoke_run,
};

const struct verb verb_reload = {
	.name = "reload",
	.summary = "put the policy file in force anew",
	.help = "usage: migwarden reload [--json]\n"
		"\n"
		"The daemon reads its policy again and puts it in force at once, as SIGHUP makes "
		"it do. A\n"
		"bad policy changes nothing, and is told with its position. Admissions stay as "
		"they were\n"
		"made until they are used, expire, or are revoked.\n"
		"\n" COMMON_OPTIONS "\n"
		"Exit status: 0 reloaded, 2 not reloaded, or no daemon.\n",
	.run = reload_run,
};

const struct verb verb_release = {
	.name = "release",
	.summary = "take the gate down on purpose",
	.help = "usage: migwarden release [--json]\n"
		"\n"
		"Takes the gate down and ends the daemon. Without a daemon, takes down the gate "
		"that one\n"
		"left standing. From then on nothing is enforced on this host.\n"
		"\n" COMMON_OPTIONS "\n"
		"Exit status: 0 released, 1 no gate stands, 2 it could not be released.\n",
	.run = release_run,
};
