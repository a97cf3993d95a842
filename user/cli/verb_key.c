// SPDX-License-Identifier: GPL-2.0-only
/* migwarden key: the key that this host signs with. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/verb.h"
#include "host/key.h"

#define ERROR_BYTES 1024

struct key_arguments {
	const char *action;
	const char *file;
	const char *comment;
	bool json;
};

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct key_arguments *out)
{
	static const struct option options[] = {
		{"file", required_argument, NULL, 'f'},
		{"comment", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	*out = (struct key_arguments){.file = KEY_FILE_DEFAULT};
	while ((option = getopt_long(argc, argv, "f:jh", options, NULL)) != -1) {
		if (option == 'f')
			out->file = optarg;
		else if (option == 'c')
			out->comment = optarg;
		else if (option == 'j')
			out->json = true;
		else if (option == 'h')
			return verb_help(&verb_key);
		else
			return verb_usage(&verb_key, "unknown option");
	}
	if (optind == argc)
		return verb_usage(&verb_key, "expected show, init or export");
	out->action = argv[optind++];
	if (optind < argc)
		return verb_usage(&verb_key, "unexpected argument '%s'", argv[optind]);
	return -1;
}

static int print(const struct key_arguments *arguments, const struct key *key)
{
	const struct key_public *half = key_public_half(key);
	char line[KEY_LINE_BYTES];
	json_t *object;

	key_public_format(half, line);
	if (arguments->json) {
		object = json_pack("{s:s, s:s, s:s, s:s}", "id", half->id, "comment", half->comment,
				   "public", line, "file", arguments->file);
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
	} else if (text_equal(arguments->action, "export")) {
		puts(line);
	} else {
		printf("%s  %s  %s\n", half->id, half->comment, arguments->file);
	}
	return EXIT_YES;
}

static int init(const struct key_arguments *arguments, struct key **out, struct parse_error *error)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	return key_create(arguments->file, arguments->comment ? arguments->comment : host, out,
			  error);
}

static int key_run(int argc, char **argv)
{
	struct key_arguments arguments;
	struct parse_error error = {0};
	AUTO_KEY struct key *key = NULL;
	char text[ERROR_BYTES];
	int r = parse(argc, argv, &arguments);

	if (r >= 0)
		return r;
	if (text_equal(arguments.action, "init"))
		r = init(&arguments, &key, &error);
	else if (text_equal(arguments.action, "show") || text_equal(arguments.action, "export"))
		r = key_open(arguments.file, &key, &error);
	else
		return verb_usage(&verb_key, "expected show, init or export, got '%s'",
				  arguments.action);
	if (!r)
		return print(&arguments, key);
	parse_error_format(&error, text, sizeof(text));
	fprintf(stderr, "%s\n", text);
	if (r == -ENOENT)
		fprintf(stderr, "The daemon makes one at its start, and so does `migwarden key "
				"init`.\n");
	return r == -ENOENT || r == -EEXIST ? EXIT_NO : EXIT_BAD;
}

const struct verb verb_key = {
	.name = "key",
	.summary = "the key that this host signs with",
	.help = "usage: migwarden key show|export [--file FILE] [--json]\n"
		"       migwarden key init [--file FILE] [--comment TEXT] [--json]\n"
		"\n"
		"show    its id, whose it is, and its file\n"
		"export  its public half, a line that others put into their files of trusted keys\n"
		"init    makes one, and never in place of another; the daemon does so at its first "
		"start\n"
		"\n"
		"  -f, --file FILE     another file (" KEY_FILE_DEFAULT ")\n"
		"      --comment TEXT  whose it is (default: the name of this host)\n"
		"  -j, --json          one JSON object\n"
		"  -h, --help          this text\n"
		"\n"
		"Exit status: 0 done, 1 there is none (init: there is one), 2 it cannot be used.\n",
	.run = key_run,
};
