// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/policy_files.h"
#include "cli/verb.h"
#include "config/config.h"
#include "config/input.h"
#include "config/json_text.h"
#include "config/node.h"

static const char policy_help[] =
	"usage: migwarden policy lint [--json] [--inventory PATH] POLICY...\n"
	"       migwarden policy show [--json] [POLICY]\n"
	"       migwarden policy test [--json] [--cases FILE] POLICY...\n"
	"       migwarden policy schema\n"
	"\n"
	"lint    errors first (FILE:LINE:COLUMN: expected ...), then what loads and is still not\n"
	"        meant: rules that match nothing, parts without effect, and, of the descriptors "
	"in\n"
	"        --inventory (a folder, a .jsonl or a .json file), templates with dead bindings,\n"
	"        unusable ranges, types that name two things. Matters of style are notes.\n"
	"        Exit status: 0 clean (notes aside), 1 findings, 2 an error.\n"
	"show    the policy as it was understood, with every default; what it prints loads again\n"
	"        to the same policy. Without POLICY, the built-in default.\n"
	"test    runs the cases of NAME.test.yaml beside each NAME.yaml and says which rules no\n"
	"        case reached. Exit status: 0 all as expected, 1 some not, 2 an error.\n"
	"schema  the JSON Schema of a policy, for editors.\n"
	"\n"
	"POLICY is a file, or a folder whose *.yaml are one policy in name order, as `run` reads\n"
	"it; the cases of the folder NAME are in NAME.test.yaml beside it.\n"
	"\n"
	"  --json   for scripts\n"
	"  --help   this text\n"
	"\n"
	"Files *.test.yaml among the policies of lint and test are passed over.\n";

static int policy_run(int argc, char **argv);

const struct verb verb_policy = {
	.name = "policy",
	.summary = "check, show and test policy files",
	.help = policy_help,
	.run = policy_run,
};

bool policy_is_suite(const char *path)
{
	static const char *const ends[] = {".test.yaml", ".test.yml"};
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (length > strlen(ends[i]) &&
		    strcmp(path + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

/* JSON is YAML too: this form loads as a policy as well. */
static int show_json(const char *yaml)
{
	AUTO_NODE_TREE struct node_tree tree = {0};
	AUTO_JSON json_t *json = NULL;
	struct input input = {.name = "policy", .text = yaml, .length = strlen(yaml)};
	struct parse_error error = {0};

	if (node_tree_from_yaml(&input, &tree, &error))
		return verb_refuse(&error);
	json = node_to_json(tree.root);
	if (!json || json_dumpf(json, stdout, JSON_INDENT(2)))
		return EXIT_BAD;
	fputc('\n', stdout);
	return EXIT_YES;
}

static int show_run(const struct policy_options *options)
{
	AUTO_POLICY struct policy *policy = NULL;
	AUTO_FREE char *yaml = NULL;
	struct parse_error error = {0};
	int r;

	if (options->file_count > 1)
		return verb_usage(&verb_policy, "show takes one policy");
	r = options->file_count ? policy_read_path(options->files[0], &policy, &error)
				: policy_default(&policy);
	if (r)
		return verb_refuse(&error);
	yaml = policy_to_yaml(policy);
	if (!yaml) {
		fputs("migwarden policy: no memory\n", stderr);
		return EXIT_BAD;
	}
	if (options->is_json)
		return verb_flush(&verb_policy, show_json(yaml));
	fputs(yaml, stdout);
	return verb_flush(&verb_policy, EXIT_YES);
}

static int schema_run(const struct policy_options *options)
{
	AUTO_FREE char *schema = policy_schema_json();

	if (options->file_count)
		return verb_usage(&verb_policy, "schema takes no files");
	if (!schema) {
		fputs("migwarden policy: no memory\n", stderr);
		return EXIT_BAD;
	}
	puts(schema);
	return verb_flush(&verb_policy, EXIT_YES);
}

static const struct part {
	const char *name;
	int (*run)(const struct policy_options *options);
	bool wants_files;
	bool has_inventory;
	bool has_cases;
} parts[] = {
	{"lint", policy_lint_run, true, true, false},
	{"show", show_run, false, false, false},
	{"test", policy_test_run, true, false, true},
	{"schema", schema_run, false, false, false},
};

static int parse_options(int argc, char **argv, const struct part *part,
			 struct policy_options *options)
{
	static const struct option table[] = {
		{"inventory", required_argument, NULL, 'i'},
		{"cases", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (option == 'i' && part->has_inventory)
			options->inventory = optarg;
		else if (option == 'c' && part->has_cases)
			options->cases = optarg;
		else if (option == 'j')
			options->is_json = true;
		else
			return verb_usage(&verb_policy,
					  option == ':' ? "%s: %s needs a value"
							: "%s: unknown option %s",
					  part->name, argv[optind - 1]);
	}
	options->files = argv + optind;
	options->file_count = argc - optind;
	if (part->wants_files && !options->file_count)
		return verb_usage(&verb_policy, "%s: no policy given", part->name);
	if (options->cases && options->file_count > 1)
		return verb_usage(&verb_policy, "--cases goes with one policy");
	return EXIT_YES;
}

static int policy_run(int argc, char **argv)
{
	struct policy_options options = {0};

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return verb_help(&verb_policy);
	if (argc < 2)
		return verb_usage(&verb_policy, "expected lint, show, test or schema");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r;

		if (strcmp(argv[1], parts[i].name) != 0)
			continue;
		r = parse_options(argc - 1, argv + 1, &parts[i], &options);
		return r ? r : parts[i].run(&options);
	}
	return verb_usage(&verb_policy, "expected lint, show, test or schema, got \"%s\"", argv[1]);
}
