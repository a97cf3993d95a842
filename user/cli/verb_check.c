// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/compare_options.h"
#include "cli/verb.h"
#include "cli/verdict_text.h"
#include "config/config.h"
#include "core/compare.h"
#include "core/match.h"

struct check_options {
	const char *source;
	const char *dest;
	const char *policy;
	struct compare_context context;
	bool is_json;
	bool is_help;
};

static const char check_help[] =
	"usage: migwarden check --source A.json --dest B.json [--policy P.yaml] [--json]\n"
	"\n"
	"Says whether the device of descriptor A may become the device of descriptor B.\n"
	"\n"
	"  --source FILE   descriptor of the device that the migration leaves\n"
	"  --dest FILE     descriptor of the device that it wants to enter\n"
	"  --policy PATH   the policy to judge by, a file or a folder of them; the built-in "
	"default\n"
	"                  without it\n"
	"  --devices N     VFIO devices that the VM has (more than one: each needs P2P); 1\n"
	"  --now TIME      the time to reckon a descriptor's age from, RFC 3339; the clock\n"
	"  --json          one JSON object instead of text\n"
	"  --help          this text\n"
	"\n"
	"One FILE may be - for standard input.\n"
	"\n"
	"Exit status: 0 compatible, 1 not compatible, 2 bad usage or input. A policy in mode\n"
	"audit, or a rule with action audit, would let an incompatible pair pass; the pair is\n"
	"no more compatible for it: verdict \"audit\", status 1.\n";

static int check_run(int argc, char **argv);

const struct verb verb_check = {
	.name = "check",
	.summary = "say whether one device may become the other, and why not",
	.help = check_help,
	.run = check_run,
};

static int parse_options(int argc, char **argv, struct check_options *options)
{
	static const struct option table[] = {
		{"source", required_argument, NULL, 's'}, {"dest", required_argument, NULL, 'd'},
		{"policy", required_argument, NULL, 'p'}, {"devices", required_argument, NULL, 'n'},
		{"now", required_argument, NULL, 't'},    {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},         {0},
	};
	int r = EXIT_YES;
	int option;

	optind = 0;
	opterr = 0;
	while (!r && (option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (option == 's')
			options->source = optarg;
		else if (option == 'd')
			options->dest = optarg;
		else if (option == 'p')
			options->policy = optarg;
		else if (option == 'n')
			r = compare_option_devices(&verb_check, optarg, &options->context);
		else if (option == 't')
			r = compare_option_now(&verb_check, optarg, &options->context);
		else if (option == 'j')
			options->is_json = true;
		else if (option == 'h')
			options->is_help = true;
		else
			r = verb_usage(&verb_check,
				       option == ':' ? "%s needs a value" : "unknown option %s",
				       argv[optind - 1]);
	}
	if (r || options->is_help)
		return r;
	if (optind < argc)
		return verb_usage(&verb_check, "unexpected argument \"%s\"", argv[optind]);
	return EXIT_YES;
}

static int check_options(const struct check_options *options)
{
	const char *const files[] = {options->source, options->dest, options->policy};

	if (!options->source || !options->dest)
		return verb_usage(&verb_check, "--%s is missing",
				  options->source ? "dest" : "source");
	return compare_option_stdin(&verb_check, files, ARRAY_SIZE(files));
}

static int print_verdict(const struct verdict *verdict, bool is_json)
{
	if (is_json) {
		json_t *json = verdict_to_json(verdict);
		int r = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

		json_decref(json);
		if (r) {
			fputs("migwarden check: cannot write the verdict\n", stderr);
			return EXIT_BAD;
		}
		fputc('\n', stdout);
	} else {
		verdict_print(verdict, stdout);
	}
	/* An audit verdict passes at the gate; compatible it is not. */
	return verb_flush(&verb_check, match_is_fit(verdict) ? EXIT_YES : EXIT_NO);
}

static int check_files(const struct check_options *options)
{
	AUTO_POLICY struct policy *policy = NULL;
	AUTO_DESCRIPTOR struct descriptor *source = NULL;
	AUTO_DESCRIPTOR struct descriptor *dest = NULL;
	struct parse_error error = {0};
	struct verdict verdict;
	int r = compare_policy(options->policy, &policy, &error);

	if (!r)
		r = descriptor_read_file(options->source, &source, &error);
	if (!r)
		r = descriptor_read_file(options->dest, &dest, &error);
	if (r)
		return verb_refuse(&error);

	compare(policy, source, dest, &options->context, &verdict);
	return print_verdict(&verdict, options->is_json);
}

static int check_run(int argc, char **argv)
{
	struct check_options options = {
		.context = {.now_s = time(NULL), .device_count = 1, .may_create = true},
	};
	int r = parse_options(argc, argv, &options);

	if (r)
		return r;
	if (options.is_help)
		return verb_help(&verb_check);
	r = check_options(&options);
	return r ? r : check_files(&options);
}
