// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"
#include "cli/compare_options.h"
#include "cli/match_report.h"
#include "cli/verb.h"
#include "config/config.h"
#include "config/json_text.h"

#define LIMIT_DEFAULT 100

static const char match_help[] =
	"usage: migwarden match --source A.json --inventory PATH [--policy P.yaml]\n"
	"                       [--limit N] [--json]\n"
	"       migwarden match --matrix --inventory PATH [--source A.json] [--policy P.yaml]\n"
	"                       [--json]\n"
	"\n"
	"Says which devices of an inventory the device of descriptor A may become, the best\n"
	"first, and counts why the others do not fit. With --matrix: for each device of the\n"
	"inventory, which of the others it may become.\n"
	"\n"
	"  --source FILE      descriptor of the device that is to leave; in a matrix one more\n"
	"                     device, the first\n"
	"  --inventory PATH   a folder of .json and .jsonl files, a .jsonl file with a descriptor\n"
	"                     on each line, a .json file with one, or - for lines on standard "
	"input\n"
	"  --policy PATH      the policy to judge by, a file or a folder of them; the built-in\n"
	"                     default without it\n"
	"  --limit N          how many of those that fit are kept and shown; 100\n"
	"  --devices N        VFIO devices that the VM has (more than one: each needs P2P); 1\n"
	"  --now TIME         the time to reckon a descriptor's age from, RFC 3339; the clock\n"
	"  --json             one JSON object instead of a table\n"
	"  --help             this text\n"
	"\n"
	"The order: devices that are not the source itself; the same device (API, ids, driver and\n"
	"type); fewer warnings; the same version; more free instances; host and device by name; "
	"the\n"
	"order of the inventory.\n"
	"\n"
	"A line or file of the inventory that cannot be read is named on standard error with line\n"
	"and column, counted (descriptor-malformed, unreadable), and the next one is read.\n"
	"\n"
	"Exit status: 0 at least one fits (in a matrix: one pair), 1 none, 2 bad usage or input:\n"
	"the source or the policy cannot be read, or nothing of the inventory can.\n";

static int match_run(int argc, char **argv);

const struct verb verb_match = {
	.name = "match",
	.summary = "say which devices of an inventory one may become, the best first",
	.help = match_help,
	.run = match_run,
};

static int set_option(int option, struct match_options *options)
{
	switch (option) {
	case 's':
		options->source = optarg;
		return EXIT_YES;
	case 'i':
		options->inventory = optarg;
		return EXIT_YES;
	case 'p':
		options->policy = optarg;
		return EXIT_YES;
	case 'l':
		return compare_option_count(&verb_match, "limit", optarg, INT_MAX, &options->limit);
	case 'n':
		return compare_option_devices(&verb_match, optarg, &options->context);
	case 't':
		return compare_option_now(&verb_match, optarg, &options->context);
	case 'm':
		options->is_matrix = true;
		return EXIT_YES;
	case 'j':
		options->is_json = true;
		return EXIT_YES;
	case 'h':
		options->is_help = true;
		return EXIT_YES;
	}
	return EXIT_BAD;
}

static int parse_options(int argc, char **argv, struct match_options *options)
{
	static const struct option table[] = {
		{"source", required_argument, NULL, 's'},
		{"inventory", required_argument, NULL, 'i'},
		{"policy", required_argument, NULL, 'p'},
		{"limit", required_argument, NULL, 'l'},
		{"devices", required_argument, NULL, 'n'},
		{"now", required_argument, NULL, 't'},
		{"matrix", no_argument, NULL, 'm'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int r = EXIT_YES;
	int option;

	optind = 0;
	opterr = 0;
	while (!r && (option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (option == ':' || option == '?')
			return verb_usage(&verb_match,
					  option == ':' ? "%s needs a value" : "unknown option %s",
					  argv[optind - 1]);
		r = set_option(option, options);
	}
	if (r || options->is_help)
		return r;
	if (optind < argc)
		return verb_usage(&verb_match, "unexpected argument \"%s\"", argv[optind]);
	return EXIT_YES;
}

static int check_options(const struct match_options *options)
{
	const char *const files[] = {options->source, options->inventory, options->policy};

	if (!options->inventory)
		return verb_usage(&verb_match, "--inventory is missing");
	if (!options->source && !options->is_matrix)
		return verb_usage(&verb_match, "--source is missing");
	return compare_option_stdin(&verb_match, files, ARRAY_SIZE(files));
}

int match_no_memory(void)
{
	fputs("migwarden match: no memory\n", stderr);
	return EXIT_BAD;
}

static int visit(const char *place, struct descriptor *descriptor, void *data)
{
	struct match_walk *walk = data;

	walk->readable++;
	return walk->visit(place, descriptor, walk->data);
}

static int refuse(int r, const struct parse_error *error, void *data)
{
	struct match_walk *walk = data;

	walk->unreadable++;
	verb_refuse(error);
	walk->refuse(r == -EINVAL || r == -EFBIG ? MW_REASON_DESCRIPTOR_MALFORMED
						 : MW_REASON_UNREADABLE,
		     walk->data);
	return 0;
}

int match_walk_inventory(const char *inventory, struct match_walk *walk)
{
	struct parse_error error = {0};
	int r = collection_each_readable(inventory, visit, refuse, walk, &error);

	if (r == -ENOMEM)
		return match_no_memory();
	if (r == -E2BIG)
		return EXIT_BAD;
	if (r)
		return verb_refuse(&error);
	if (!walk->readable && walk->unreadable) {
		fprintf(stderr, "migwarden match: %s: none of %" PRIu64 " could be read\n",
			inventory, walk->unreadable);
		return EXIT_BAD;
	}
	return EXIT_YES;
}

void match_print_reasons(const struct match_counts *counts, FILE *out)
{
	enum mw_reason reasons[MW_REASON_COUNT_];
	size_t count = match_reasons_sorted(counts, reasons);

	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%" PRIu64 " %s", i ? ", " : "", counts->of[reasons[i]],
			mw_reason_name(reasons[i]));
	if (!count)
		fputs("nothing", out);
}

json_t *match_reasons_to_json(const struct match_counts *counts)
{
	AUTO_JSON json_t *object = json_object();
	enum mw_reason reasons[MW_REASON_COUNT_];
	size_t count = match_reasons_sorted(counts, reasons);

	for (size_t i = 0; i < count; i++)
		if (json_object_set_new(object, mw_reason_name(reasons[i]),
					json_integer((json_int_t)counts->of[reasons[i]])))
			return NULL;
	return TAKE_PTR(object);
}

json_t *match_fact_to_json(const struct fact *fact)
{
	return json_text(fact->state == FACT_KNOWN ? fact->text : NULL);
}

static int match_files(const struct match_options *options)
{
	AUTO_POLICY struct policy *policy = NULL;
	AUTO_DESCRIPTOR struct descriptor *source = NULL;
	struct parse_error error = {0};
	int r = compare_policy(options->policy, &policy, &error);

	if (!r && options->source)
		r = descriptor_read_file(options->source, &source, &error);
	if (r)
		return verb_refuse(&error);
	if (policy_compile(policy) || (source && descriptor_prepare(source)))
		return match_no_memory();
	if (options->is_matrix)
		return match_matrix(options, policy, TAKE_PTR(source));
	return match_candidates(options, policy, source);
}

static int match_run(int argc, char **argv)
{
	struct match_options options = {
		.context = {.now_s = time(NULL), .device_count = 1, .may_create = true},
		.limit = LIMIT_DEFAULT,
	};
	int r = parse_options(argc, argv, &options);

	if (r)
		return r;
	if (options.is_help)
		return verb_help(&verb_match);
	r = check_options(&options);
	if (!r)
		r = match_files(&options);
	return r == EXIT_BAD ? r : verb_flush(&verb_match, r);
}
