// SPDX-License-Identifier: GPL-2.0-only
/* migwarden stamp: what this host says of the VFIO devices of a domain, into the domain. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "base/escape.h"
#include "cli/libvirt_stamper.h"
#include "cli/verb.h"
#include "config/scalar.h"
#include "config/settings.h"
#include "libvirt/connection.h"
#include "libvirt/follow.h"

#define TEXT_BYTES 1024

struct stamp_arguments {
	struct stamper_options stamper;
	const char *uri;
	const char *domain;
	int64_t refresh_s;
	bool all;
	bool follow;
	bool json;
};

/* With the --follow: for a verb that ends the loop. */
struct follower {
	struct stamper *stamper;
	struct follow *follow;
	sd_event *loop;
};

static const struct option option_table[] = {
	{"all", no_argument, NULL, 'a'},           {"live", no_argument, NULL, 'l'},
	{"config", no_argument, NULL, 'C'},        {"print", no_argument, NULL, 'p'},
	{"connect", required_argument, NULL, 'c'}, {"socket", required_argument, NULL, 's'},
	{"key", required_argument, NULL, 'k'},     {"json", no_argument, NULL, 'j'},
	{"follow", no_argument, NULL, 'f'},        {"refresh", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},          {0},
};

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct stamp_arguments *out)
{
	int option;

	while ((option = getopt_long(argc, argv, "ac:pjh", option_table, NULL)) != -1) {
		if (option == 'a')
			out->all = true;
		else if (option == 'l')
			out->stamper.places |= DOMAIN_LIVE;
		else if (option == 'C')
			out->stamper.places |= DOMAIN_CONFIG;
		else if (option == 'p')
			out->stamper.print = true;
		else if (option == 'c')
			out->uri = optarg;
		else if (option == 's')
			out->stamper.socket = optarg;
		else if (option == 'k')
			out->stamper.key = optarg;
		else if (option == 'j')
			out->json = true;
		else if (option == 'f')
			out->follow = true;
		else if (option == 'r' &&
			 (quantity_parse(&quantity_s, optarg, &out->refresh_s) || !out->refresh_s))
			return verb_usage(&verb_stamp, "--refresh: expected %s, got '%s'",
					  quantity_s.what, optarg);
		else if (option == 'r')
			continue;
		else if (option == 'h')
			return verb_help(&verb_stamp);
		else
			return verb_usage(&verb_stamp, "unknown option");
	}
	if (optind < argc)
		out->domain = argv[optind++];
	if (optind < argc)
		return verb_usage(&verb_stamp, "unexpected argument '%s'", argv[optind]);
	if (!out->domain == !out->all)
		return verb_usage(&verb_stamp, "expected a domain, or --all");
	if (out->json && out->stamper.print)
		return verb_usage(&verb_stamp, "--print is XML: expected no --json with it");
	if (out->follow && (!out->all || out->json || out->stamper.print))
		return verb_usage(&verb_stamp,
				  "--follow goes with --all, without --json or --print");
	out->stamper.quiet = out->json;
	out->stamper.is_one = !out->all;
	return -1;
}

static int say_libvirt(const char *what)
{
	char text[TEXT_BYTES];

	fprintf(stderr, "migwarden stamp: %s: %s\n", what,
		escape_text(text, sizeof(text), connection_message()));
	return EXIT_BAD;
}

static int code_of(int result)
{
	if (result < 0)
		return EXIT_BAD;
	return result ? EXIT_NO : EXIT_YES;
}

static int stamp_one(struct stamper *stamper, struct _virConnect *connection, const char *name)
{
	struct _virDomain *domain = NULL;
	char text[TEXT_BYTES];
	int r = connection_find(connection, name, &domain);

	if (r == -ENOENT) {
		fprintf(stderr, "migwarden stamp: no domain '%s'\n",
			escape_text(text, sizeof(text), name));
		return EXIT_BAD;
	}
	if (r)
		return say_libvirt("cannot look for the domain");
	r = stamper_stamp(stamper, domain);
	domain_release(domain);
	return code_of(r);
}

static int stamp_all(struct stamper *stamper, struct _virConnect *connection)
{
	struct _virDomain **domains = NULL;
	int count = connection_list(connection, &domains);
	int worst = EXIT_YES;

	if (count < 0)
		return say_libvirt("cannot list the domains");
	for (int i = 0; i < count; i++) {
		int code = code_of(stamper_stamp(stamper, domains[i]));

		worst = code > worst ? code : worst;
	}
	connection_free_list(domains, count);
	return worst;
}

static int stamp(const struct stamp_arguments *arguments)
{
	struct _virConnect *connection = NULL;
	struct stamper *stamper = NULL;
	int code;

	if (connection_open(arguments->uri, &connection))
		return say_libvirt("cannot talk to libvirt");
	if (stamper_open(&arguments->stamper, &stamper)) {
		connection_close(connection);
		return EXIT_BAD;
	}
	code = arguments->all ? stamp_all(stamper, connection)
			      : stamp_one(stamper, connection, arguments->domain);
	if (arguments->json) {
		json_dumpf(stamper_notes(stamper), stdout, JSON_INDENT(2));
		putchar('\n');
	}
	stamper_close(stamper);
	connection_close(connection);
	return verb_flush(&verb_stamp, code);
}

static void on_domain(void *context, struct _virDomain *domain)
{
	struct follower *follower = context;

	/* What went wrong has been said; the next event is another try. */
	stamper_stamp(follower->stamper, domain);
	fflush(stdout);
	json_array_clear(stamper_notes(follower->stamper));
}

static int open_loop(sd_event **loop)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_new(loop);
	if (r >= 0)
		r = sd_event_add_signal(*loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(*loop, NULL, SIGTERM, NULL, NULL);
	return r;
}

static int follow(const struct stamp_arguments *arguments)
{
	struct follower follower = {.stamper = NULL};
	const struct follow_options options = {
		.uri = arguments->uri,
		.refresh_s = arguments->refresh_s,
		.handle = on_domain,
		.context = &follower,
	};
	int r = stamper_open(&arguments->stamper, &follower.stamper);

	if (!r) {
		r = open_loop(&follower.loop);
		if (r >= 0)
			r = follow_open(follower.loop, &options, &follower.follow);
		if (r >= 0)
			r = sd_event_loop(follower.loop);
		if (r == -ELIBACC)
			say_libvirt("cannot follow its domains");
		else if (r < 0)
			fprintf(stderr, "migwarden stamp: cannot wait for events: %s\n",
				strerror(-r));
	}
	follow_close(follower.follow);
	sd_event_unref(follower.loop);
	stamper_close(follower.stamper);
	return r < 0 ? EXIT_BAD : EXIT_YES;
}

static int stamp_run(int argc, char **argv)
{
	struct stamp_arguments arguments = {.refresh_s = LIBVIRT_REFRESH_S_DEFAULT};
	int code = parse(argc, argv, &arguments);

	if (code >= 0)
		return code;
	return arguments.follow ? follow(&arguments) : stamp(&arguments);
}

const struct verb verb_stamp = {
	.name = "stamp",
	.summary = "write the descriptors of a domain's VFIO devices into the domain, signed",
	.help = "usage: migwarden stamp DOMAIN|--all [--live] [--config] [--connect URI] [--json]\n"
		"       migwarden stamp DOMAIN|--all --print\n"
		"       migwarden stamp --all --follow [--refresh TIME]\n"
		"\n"
		"Describes each VFIO device of a libvirt domain (mdev, PCI, interface of type "
		"hostdev) and\n"
		"puts the descriptors, signed with the key of this host, into the domain's "
		"metadata, which\n"
		"go with it when it migrates: the hook at its destination judges by them "
		"(migwarden hook).\n"
		"Without --live and --config the running domain and its definition get them, "
		"whatever there\n"
		"is. DOMAIN is a name or a UUID. The key is made when there is none.\n"
		"\n"
		"  -a, --all           every domain of this host\n"
		"      --live          the running domain only\n"
		"      --config        its definition only\n"
		"      --follow        stay, and stamp domains when they start, come by migration, "
		"or get or\n"
		"                      lose a device; what the daemon runs with `libvirt: {stamp: "
		"true}`\n"
		"      --refresh TIME  all running domains again after that time (6h)\n"
		"  -p, --print         print the element, change nothing\n"
		"  -c, --connect URI   the libvirt to talk to (qemu:///system)\n"
		"      --key FILE      the key to sign with (/var/lib/migwarden/host.key)\n"
		"      --socket PATH   control socket of the daemon, which is told, if it is "
		"there\n"
		"  -j, --json          what was stamped, as JSON\n"
		"  -h, --help          this text\n"
		"\n"
		"Exit status: 0 done, 1 a device has no stamp, 2 bad usage, no such domain, or no "
		"libvirt.\n",
	.run = stamp_run,
};
