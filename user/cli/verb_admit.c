// SPDX-License-Identifier: GPL-2.0-only
/* migwarden admit: let one migration of one device pass, if the policy agrees. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cli/control_client.h"
#include "cli/verb.h"
#include "config/config.h"

#define TEXT_BYTES 4096

struct admit_options {
	const char *file;
	const char *direction;
	const char *device;
	const char *socket;
	const char *ttl;
	const char *uses;
	const char *devices;
	bool json;
};

static void print_answer(const json_t *answer)
{
	char device[256], explanation[TEXT_BYTES];
	const json_t *shadow = json_object_get(answer, "shadow");
	bool admitted = json_is_true(json_object_get(answer, "admitted"));
	const char *direction = json_string_value(json_object_get(answer, "direction"));
	const char *hint =
		json_string_value(json_object_get(json_object_get(answer, "verdict"), "hint"));

	escape_text(device, sizeof(device),
		    json_string_value(json_object_get(answer, "device")) ?: "?");
	escape_text(explanation, sizeof(explanation),
		    json_string_value(json_object_get(answer, "explanation")) ?: "?");
	if (admitted)
		printf("admitted  %s  %s  %s, %lld %s, until %s\n", device, direction, explanation,
		       json_integer_value(json_object_get(answer, "uses")),
		       json_integer_value(json_object_get(answer, "uses")) == 1 ? "use" : "uses",
		       json_string_value(json_object_get(answer, "expires")));
	else
		printf("refused   %s  %s  %s\n", device, direction, explanation);
	if (!admitted && hint && *hint) {
		escape_text(explanation, sizeof(explanation), hint);
		printf("          hint: %s\n", explanation);
	}
	if (json_is_object(shadow)) {
		escape_text(explanation, sizeof(explanation),
			    json_string_value(json_object_get(shadow, "explanation")) ?: "?");
		escape_text(device, sizeof(device),
			    json_string_value(json_object_get(shadow, "answer")) ?: "?");
		printf("          shadow: would have %s it: %s\n", device, explanation);
	}
}

/* A bad file is told here, with its position, before the daemon is asked at all. */
static int check_file(const char *path, json_t **out)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct parse_error error = {0};
	char text[TEXT_BYTES];

	if (descriptor_read_file(path, &descriptor, &error)) {
		parse_error_format(&error, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
		return -EINVAL;
	}
	*out = descriptor_to_json(descriptor);
	return *out ? 0 : -ENOMEM;
}

/* Names and values of the request, to a NULL. */
#define ARGUMENTS 13

static void fill_arguments(const struct admit_options *options,
			   const char *arguments[static ARGUMENTS])
{
	size_t count = 0;

	arguments[count++] = "device";
	arguments[count++] = options->device;
	arguments[count++] = "direction";
	arguments[count++] = options->direction;
	arguments[count++] = "name";
	arguments[count++] = options->file;
	if (options->ttl) {
		arguments[count++] = "ttl";
		arguments[count++] = options->ttl;
	}
	if (options->uses) {
		arguments[count++] = "uses";
		arguments[count++] = options->uses;
	}
	if (options->devices) {
		arguments[count++] = "devices";
		arguments[count++] = options->devices;
	}
	arguments[count] = NULL;
}

static int admit(const struct admit_options *options)
{
	const char *arguments[ARGUMENTS];
	struct control_request request = {
		.verb = "admit",
		.socket = options->socket,
		.method = "POST",
		.path = "/v1/admit",
		.arguments = arguments,
	};
	json_t *descriptor = NULL, *answer = NULL;
	AUTO_FREE char *body = NULL;
	bool admitted;

	if (check_file(options->file, &descriptor))
		return EXIT_BAD;
	body = json_dumps(descriptor, JSON_COMPACT);
	json_decref(descriptor);
	if (!body)
		return EXIT_BAD;
	request.body = body;
	request.body_size = strlen(body);

	fill_arguments(options, arguments);
	if (control_call(&request, &answer))
		return EXIT_BAD;

	admitted = json_is_true(json_object_get(answer, "admitted"));
	if (options->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_answer(answer);
	}
	json_decref(answer);
	return admitted ? EXIT_YES : EXIT_NO;
}

static const struct option option_table[] = {
	{"source", required_argument, NULL, 's'}, {"dest", required_argument, NULL, 'd'},
	{"device", required_argument, NULL, 'D'}, {"ttl", required_argument, NULL, 't'},
	{"uses", required_argument, NULL, 'u'},   {"devices", required_argument, NULL, 'n'},
	{"socket", required_argument, NULL, 'S'}, {"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},         {0},
};

static int admit_run(int argc, char **argv)
{
	const char *source = NULL, *dest = NULL;
	struct admit_options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "jh", option_table, NULL)) != -1) {
		switch (option) {
		case 's':
			source = optarg;
			break;
		case 'd':
			dest = optarg;
			break;
		case 'D':
			options.device = optarg;
			break;
		case 't':
			options.ttl = optarg;
			break;
		case 'u':
			options.uses = optarg;
			break;
		case 'n':
			options.devices = optarg;
			break;
		case 'S':
			options.socket = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'h':
			return verb_help(&verb_admit);
		default:
			return verb_usage(&verb_admit, "unknown option");
		}
	}
	if (optind < argc)
		return verb_usage(&verb_admit, "unexpected argument '%s'", argv[optind]);
	if (!options.device)
		return verb_usage(&verb_admit, "--device is missing");
	if (!source == !dest)
		return verb_usage(&verb_admit, "expected one of --source and --dest");
	options.file = source ? source : dest;
	options.direction = source ? "incoming" : "outgoing";
	return admit(&options);
}

const struct verb verb_admit = {
	.name = "admit",
	.summary = "let one migration of one device pass, if the policy agrees",
	.help = "usage: migwarden admit --source A.json --device DEVICE [--ttl S] [--uses N] "
		"[--json]\n"
		"       migwarden admit --dest B.json --device DEVICE [--ttl S] [--uses N] "
		"[--json]\n"
		"\n"
		"Asks the daemon (`migwarden run`) to judge the descriptor against DEVICE of this "
		"host by\n"
		"the policy in force, and writes the verdict into the gate: admitted, for a time "
		"and a\n"
		"number of uses, or refused with the reason that the refusal will name.\n"
		"\n"
		"      --source FILE   descriptor of the device that comes here (incoming)\n"
		"      --dest FILE     descriptor of the device that DEVICE goes to (outgoing)\n"
		"      --device NAME   mdev UUID, PCI address, or vfioN of this host\n"
		"      --ttl SECONDS   how long it holds (300; at most 86400)\n"
		"      --uses N        how many migrations may use it (1)\n"
		"      --devices N     VFIO devices that the VM has (more than one: each needs "
		"P2P); 1\n"
		"      --socket PATH   control socket of the daemon\n"
		"  -j, --json          the answer as one JSON object\n"
		"  -h, --help          this text\n"
		"\n"
		"Exit status: 0 admitted, 1 refused, 2 bad usage or input, unknown device, or no "
		"daemon.\n",
	.run = admit_run,
};
