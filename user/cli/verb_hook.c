// SPDX-License-Identifier: GPL-2.0-only
/* migwarden hook: what libvirt asks before a domain comes to this host. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/control_client.h"
#include "cli/libvirt_hook_text.h"
#include "cli/verb.h"
#include "config/config.h"
#include "config/input.h"
#include "config/json_text.h"
#include "config/settings.h"
#include "host/in_use.h"
#include "host/mdev.h"
#include "libvirt/domain_request.h"

/* Whatever hangs, libvirt is not kept waiting by us for longer. */
#define LIMIT_S 30
#define CREATED_FOLDER "/run/migwarden-mdevs"

/* libvirt looks at 0 and not 0 only. */
enum answer {
	ANSWER_GO_ON = 0,
	ANSWER_REFUSE = 1,
};

struct hook {
	struct settings *settings;
	const char *socket;
	struct host *host;
	struct domain_xml *xml;
	json_t *created; /* mdevs that were made for this domain, now */
};

static void hook_close(struct hook *hook)
{
	settings_free(hook->settings);
	host_close(hook->host);
	domain_xml_free(hook->xml);
	json_decref(hook->created);
}

#define AUTO_HOOK __attribute__((cleanup(hook_close)))

/* What libvirt is told when the time is up: death by a signal would be a refusal, of whatever. */
static volatile sig_atomic_t late_answer;

static void on_alarm(int signal)
{
	static const char text[] = "migwarden: domain refused: the hook came to no answer\n";
	ssize_t written = 0;

	(void)signal;
	if (late_answer == ANSWER_REFUSE)
		written = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)written;
	_exit(late_answer);
}

static void set_limit(enum answer answer)
{
	late_answer = (sig_atomic_t)answer;
	signal(SIGALRM, on_alarm);
	alarm(LIMIT_S);
}

static void say_error(const struct parse_error *error)
{
	char text[1024];

	parse_error_format(error, text, sizeof(text));
	fprintf(stderr, "migwarden: %s\n", text);
}

/* A broken configuration must not make the hook ask another daemon, or none. */
static int read_settings(const char *path, struct hook *hook)
{
	struct parse_error error = {0};
	int r;

	if (!path && access(SETTINGS_FILE_DEFAULT, F_OK))
		r = settings_new(&hook->settings);
	else
		r = settings_read_file(path ? path : SETTINGS_FILE_DEFAULT, &hook->settings,
				       &error);
	if (r)
		say_error(&error);
	else if (!hook->socket)
		hook->socket = hook->settings->socket;
	return r;
}

static int read_xml(struct hook *hook)
{
	AUTO_INPUT struct input input = {0};
	struct parse_error error = {0};
	int r = input_open("-", DOMAIN_XML_MAX, "the XML of a domain", &input, &error);

	if (!r)
		r = domain_xml_parse("domain XML", input.text, input.length, &hook->xml, &error);
	if (r)
		say_error(&error);
	return r;
}

/* What libvirt writes has to be read, also where it is of no interest. */
static void pass_over_input(void)
{
	char buffer[4096];
	ssize_t length;

	do {
		length = read(STDIN_FILENO, buffer, sizeof(buffer));
	} while (length > 0 || (length < 0 && errno == EINTR));
}

/* Devices that are open somewhere: the daemon, in its sandbox, cannot see that. */
static int list_in_use(const struct hook *hook, json_t **out)
{
	AUTO_INVENTORY struct inventory *inventory = NULL;
	AUTO_FREE bool *in_use = NULL;
	AUTO_JSON json_t *list = json_array();
	int r = inventory_read(hook->host, &inventory);

	if (r)
		return r;
	in_use = calloc(inventory->count + 1, sizeof(*in_use));
	if (!in_use || !list)
		return -ENOMEM;
	r = in_use_read(hook->host, inventory, in_use);
	for (size_t i = 0; !r && i < inventory->count; i++)
		if (in_use[i] && json_array_append_new(list, json_text(inventory->devices[i].name)))
			r = -ENOMEM;
	if (!r)
		*out = TAKE_PTR(list);
	return r;
}

static int ask(struct hook *hook, bool is_restore, json_t **answer)
{
	struct control_request call = {
		.verb = "hook",
		.socket = hook->socket,
		.method = "POST",
		.path = "/v1/domain/admit",
		.timeout_ms = (int)(hook->settings->hook_timeout_ns / 1000000),
	};
	AUTO_JSON json_t *request = NULL;
	AUTO_FREE char *body = NULL;
	json_t *in_use = NULL;
	int r = list_in_use(hook, &in_use);

	if (r) {
		fprintf(stderr, "migwarden: cannot see which devices are in use: %s\n",
			strerror(-r));
		return r;
	}
	request = domain_request_make(hook->xml, is_restore, in_use, json_incref(hook->created));
	body = request ? json_dumps(request, JSON_COMPACT) : NULL;
	if (!body)
		return -ENOMEM;
	call.body = body;
	call.body_size = strlen(body);
	return control_call(&call, answer);
}

/* Nobody to ask: what the policy says of that, which is on the disk. */
static enum answer without_daemon(const struct hook *hook, bool is_restore)
{
	AUTO_POLICY struct policy *policy = NULL;
	struct parse_error error = {0};
	const char *name = domain_xml_name(hook->xml);

	if (policy_read_path(hook->settings->policies, &policy, &error)) {
		say_error(&error);
		fprintf(stderr, "migwarden: domain refused: no daemon, and no policy to ask\n");
		return ANSWER_REFUSE;
	}
	/* The gate stands without the daemon too, and has the last word. */
	if (is_restore && policy->hook[HOOK_RESTORE].value == RESTORE_ALLOW)
		return ANSWER_GO_ON;
	if (policy->hook[HOOK_WITHOUT_DAEMON].value == MW_ACTION_DENY) {
		fprintf(stderr,
			"migwarden: domain refused: start the daemon on the destination, or say "
			"`hook-without-daemon: allow` in its policy (%s)\n",
			policy->file);
		return ANSWER_REFUSE;
	}
	fprintf(stderr, "migwarden: let pass unjudged: `hook-without-daemon: allow` (%s)\n",
		policy->file);
	/* libvirt drops what a hook says that agrees. */
	syslog(LOG_DAEMON | LOG_ALERT,
	       "no daemon: domain %.64s comes unjudged, `hook-without-daemon: allow` (%s)", name,
	       policy->file);
	return ANSWER_GO_ON;
}

/* Who made it has to remove it, when the domain that it was made for is gone. */
static int remember_created(const char *uuid)
{
	char path[sizeof(CREATED_FOLDER) + MDEV_UUID_BYTES];
	AUTO_FD int fd = -1;

	if (mkdir(CREATED_FOLDER, 0700) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), CREATED_FOLDER "/%s", uuid);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : 0;
}

/* Only what is remembered: an mdev of somebody else's is none of our business. */
static void remove_created(const struct host *host, const char *uuid)
{
	char path[sizeof(CREATED_FOLDER) + MDEV_UUID_BYTES];
	int r;

	if ((size_t)snprintf(path, sizeof(path), CREATED_FOLDER "/%s", uuid) >= sizeof(path) ||
	    access(path, F_OK))
		return;
	r = mdev_remove(host, uuid);
	if (r && r != -ENOENT)
		fprintf(stderr, "migwarden: cannot remove mdev %.40s, which was made for it: %s\n",
			uuid, strerror(-r));
	unlink(path);
}

static int create_one(struct hook *hook, const char *parent, const char *type)
{
	char uuid[MDEV_UUID_BYTES];
	int r = mdev_create(hook->host, parent, type, uuid);

	if (!r)
		r = remember_created(uuid);
	if (!r)
		r = json_array_append_new(hook->created, json_string(uuid));
	if (r)
		fprintf(stderr, "migwarden: cannot make an mdev of type %s on %s: %s\n", type,
			parent, strerror(r < 0 ? -r : ENOMEM));
	return r;
}

/* Makes each mdev that the daemon found a place for. Gives how many. */
static size_t create_missing(struct hook *hook, const json_t *answer)
{
	const json_t *device;
	size_t i;

	json_array_foreach(json_object_get(answer, "devices"), i, device)
	{
		const char *parent = json_string_value(json_object_get(device, "create_parent"));
		const char *type = json_string_value(json_object_get(device, "create_type"));

		if (parent && type && create_one(hook, parent, type))
			break;
	}
	return json_array_size(hook->created);
}

static void remove_all_created(struct hook *hook)
{
	const json_t *uuid;
	size_t i;

	json_array_foreach(hook->created, i, uuid)
		remove_created(hook->host, json_string_value(uuid));
}

/*
 * The XML with the devices that were chosen, and without the stamps, which are of the host it
 * leaves; nothing is printed where it stays as it was.
 */
static int print_remapped(struct hook *hook, const json_t *answer)
{
	AUTO_FREE char *text = NULL;
	const struct hostdev *hostdevs;
	const json_t *device;
	bool is_other = false;
	size_t i, count;
	int r = 0;

	hostdevs = domain_xml_hostdevs(hook->xml, &count);
	json_array_foreach(json_object_get(answer, "devices"), i, device)
	{
		const char *local = json_string_value(json_object_get(device, "local"));

		if (i >= count || !local || strcmp(local, hostdevs[i].device) == 0)
			continue;
		is_other = true;
		if (!r)
			r = domain_xml_remap(hook->xml, i, local);
	}
	if (json_is_true(json_object_get(answer, "rewrite")) && domain_xml_drop_stamps(hook->xml))
		is_other = true;
	if (r || !is_other)
		return r;
	text = domain_xml_to_text(hook->xml);
	if (!text)
		return -ENOMEM;
	return fputs(text, stdout) < 0 || fflush(stdout) ? -EIO : 0;
}

static enum answer obey(struct hook *hook, const json_t *answer)
{
	bool admitted = json_is_true(json_object_get(answer, "admitted"));

	hook_text(stderr, answer);
	if (admitted && !print_remapped(hook, answer))
		return ANSWER_GO_ON;
	remove_all_created(hook);
	return ANSWER_REFUSE;
}

static enum answer judge(struct hook *hook, bool is_restore)
{
	AUTO_JSON json_t *answer = NULL;
	size_t count;
	int r;

	if (read_xml(hook)) {
		fprintf(stderr,
			"migwarden: domain refused: what libvirt%s handed over here "
			"cannot be read\n",
			is_restore ? "" : " or a hook before this one");
		return ANSWER_REFUSE;
	}
	domain_xml_hostdevs(hook->xml, &count);
	if (!count)
		return ANSWER_GO_ON;
	hook->created = json_array();
	r = host_open(NULL, &hook->host);
	if (!r)
		r = ask(hook, is_restore, &answer);
	if (!r && !json_is_true(json_object_get(answer, "admitted")) &&
	    create_missing(hook, answer)) {
		json_decref(TAKE_PTR(answer));
		r = ask(hook, is_restore, &answer);
	}
	if (r == 0)
		return obey(hook, answer);
	remove_all_created(hook);
	return r == -ENOLINK ? without_daemon(hook, is_restore) : ANSWER_REFUSE;
}

/* The domain is gone, or never came: what was promised to it is free again. */
static void give_back(struct hook *hook)
{
	const char *arguments[] = {"uuid", NULL, NULL};
	const struct control_request call = {
		.verb = "hook",
		.socket = hook->socket,
		.method = "POST",
		.path = "/v1/domain/release",
		.arguments = arguments,
		.timeout_ms = (int)(hook->settings->hook_timeout_ns / 1000000),
	};
	const struct hostdev *hostdevs;
	json_t *answer = NULL;
	size_t count;

	if (read_xml(hook) || host_open(NULL, &hook->host))
		return;
	hostdevs = domain_xml_hostdevs(hook->xml, &count);
	if (!count)
		return;
	arguments[1] = domain_xml_uuid(hook->xml);
	if (!control_call(&call, &answer))
		json_decref(answer);
	for (size_t i = 0; i < count; i++)
		if (hostdevs[i].kind == HOSTDEV_MDEV)
			remove_created(hook->host, hostdevs[i].device);
}

static int run_libvirt(const char *config, struct hook *hook, const char *operation)
{
	bool is_judged = strcmp(operation, "migrate") == 0;
	bool is_restore = strcmp(operation, "restore") == 0;
	bool ends = strcmp(operation, "release") == 0 || strcmp(operation, "stopped") == 0;

	set_limit(is_judged || is_restore ? ANSWER_REFUSE : ANSWER_GO_ON);
	if (!is_judged && !is_restore && !ends) {
		/* Whatever libvirt thinks of next: no is an answer that ends running domains. */
		pass_over_input();
		return ANSWER_GO_ON;
	}
	if (read_settings(config, hook))
		return is_judged ? ANSWER_REFUSE : ANSWER_GO_ON;
	if (is_judged || is_restore)
		return judge(hook, is_restore);
	give_back(hook);
	return ANSWER_GO_ON;
}

static int hook_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	AUTO_HOOK struct hook hook = {0};
	const char *config = NULL;
	int option;

	/* A domain may be called --help. */
	while ((option = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 's':
			hook.socket = optarg;
			break;
		case 'h':
			return verb_help(&verb_hook);
		default:
			return verb_usage(&verb_hook, "unknown option");
		}
	}
	if (optind == argc || strcmp(argv[optind], "libvirt") != 0)
		return verb_usage(&verb_hook, "expected libvirt");
	if (argc - optind < 3)
		return verb_usage(&verb_hook, "expected the name of a domain and an operation");
	return run_libvirt(config, &hook, argv[optind + 2]);
}

const struct verb verb_hook = {
	.name = "hook",
	.summary = "answer libvirt when a domain wants to come to this host",
	.help = "usage: migwarden hook [--config FILE] [--socket PATH] libvirt DOMAIN OPERATION "
		"[SUB [EXTRA]]\n"
		"\n"
		"What /etc/libvirt/hooks/qemu.d/50-migwarden runs; libvirt gives the domain's XML "
		"on\n"
		"standard input. For the operation `migrate` the daemon judges the stamps of its "
		"VFIO\n"
		"devices by the policy in force: all are admitted, and the gate lets them in, or "
		"none is,\n"
		"and the reason goes to standard error, which libvirt shows whoever asked for "
		"the\n"
		"migration. `restore` is treated as the policy says. `stopped` and `release` "
		"take back\n"
		"what was not used. Every other operation is agreed to. Standard output is the "
		"XML with\n"
		"other mdevs where the policy says `remap`, else empty.\n"
		"\n"
		"  -c, --config FILE   another configuration (" SETTINGS_FILE_DEFAULT ")\n"
		"      --socket PATH   control socket of the daemon\n"
		"  -h, --help          this text\n"
		"\n"
		"Exit status: 0 libvirt may go on, 1 refused, 2 bad usage.\n",
	.run = hook_run,
};
