// SPDX-License-Identifier: GPL-2.0-only
#include "cli/audit_arguments.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/when.h"
#include "migwarden/reason.h"

#define TERMINAL_ROWS 100

enum option_value {
	OPTION_SINCE = 256,
	OPTION_UNTIL,
	OPTION_KIND,
	OPTION_DEVICE,
	OPTION_VM,
	OPTION_VERDICT,
	OPTION_REASON,
	OPTION_RULE,
	OPTION_LIMIT,
	OPTION_FILE,
	OPTION_HEAD,
	OPTION_KEY,
	OPTION_FORM,
};

static const struct option options[] = {
	{"since", required_argument, NULL, OPTION_SINCE},
	{"until", required_argument, NULL, OPTION_UNTIL},
	{"kind", required_argument, NULL, OPTION_KIND},
	{"device", required_argument, NULL, OPTION_DEVICE},
	{"vm", required_argument, NULL, OPTION_VM},
	{"verdict", required_argument, NULL, OPTION_VERDICT},
	{"reason", required_argument, NULL, OPTION_REASON},
	{"rule", required_argument, NULL, OPTION_RULE},
	{"limit", required_argument, NULL, OPTION_LIMIT},
	{"file", required_argument, NULL, OPTION_FILE},
	{"head", required_argument, NULL, OPTION_HEAD},
	{"key", required_argument, NULL, OPTION_KEY},
	{"form", required_argument, NULL, OPTION_FORM},
	{"follow", no_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* Which options an action takes besides --file, --json and --help. */
static bool takes(enum audit_action action, int option)
{
	bool filters = option >= OPTION_SINCE && option <= OPTION_LIMIT;

	switch (action) {
	case AUDIT_DO_LIST:
		return filters || option == 'f' || option == 'j';
	case AUDIT_DO_SHOW:
		return option == 'j';
	case AUDIT_DO_VERIFY:
		return option == OPTION_HEAD || option == OPTION_KEY || option == 'j';
	case AUDIT_DO_EXPORT:
		return filters || option == OPTION_FORM;
	}
	return false;
}

static int take_time(const struct verb *verb, const char *option, const char *text, int64_t *out)
{
	int r = when_parse(text, time(NULL), out);

	if (r == -ERANGE)
		return verb_usage(verb, "--%s: %s: not a time that a row can have", option, text);
	return r ? verb_usage(verb, "--%s: expected " WHEN_FORMS ", got '%s'", option, text) : -1;
}

static int take_number(const struct verb *verb, const char *what, const char *text, uint64_t *out)
{
	if (slice_to_u64(slice_of(text), out) && *out <= INT64_MAX)
		return -1;
	return verb_usage(verb, "%s: expected a number, got '%s'", what, text);
}

/* A word that no row can have would find nothing, and look like an answer. */
static int take_word(const struct verb *verb, const char *option, const char *text,
		     const char *const *words, const char **out)
{
	for (size_t i = 0; words[i]; i++)
		if (text_equal(words[i], text)) {
			*out = text;
			return -1;
		}
	return verb_usage(verb, "--%s: there is no '%s'", option, text);
}

static int take_reason(const struct verb *verb, const char *text, const char **out)
{
	static const char *const others[] = {AUDIT_TAMPERED, "shield", NULL};
	enum mw_reason reason;

	if (mw_reason_from_name(text, &reason)) {
		*out = text;
		return -1;
	}
	return take_word(verb, "reason", text, others, out);
}

static int take_filter(const struct verb *verb, int option, const char *text,
		       struct audit_filter *filter)
{
	static const char *const verdicts[] = {"allow", "deny", "audit", "done", "failed", NULL};

	switch (option) {
	case OPTION_SINCE:
		return take_time(verb, "since", text, &filter->since_ns);
	case OPTION_UNTIL:
		return take_time(verb, "until", text, &filter->until_ns);
	case OPTION_KIND:
		return take_word(verb, "kind", text, audit_kinds, &filter->kind);
	case OPTION_DEVICE:
		filter->device = text;
		return -1;
	case OPTION_VM:
		filter->vm = text;
		return -1;
	case OPTION_VERDICT:
		return take_word(verb, "verdict", text, verdicts, &filter->verdict);
	case OPTION_REASON:
		return take_reason(verb, text, &filter->reason);
	case OPTION_RULE:
		filter->rule = text;
		return -1;
	default:
		return take_number(verb, "--limit", text, &filter->limit);
	}
}

static int take_form(const struct verb *verb, const char *text, enum audit_form *out)
{
	if (text_equal(text, "json"))
		*out = AUDIT_JSON;
	else if (text_equal(text, "csv"))
		*out = AUDIT_CSV;
	else
		return verb_usage(verb, "--form: expected json or csv, got '%s'", text);
	return -1;
}

static int take_option(const struct verb *verb, int option, struct audit_arguments *out)
{
	switch (option) {
	case OPTION_HEAD:
		out->head = optarg;
		return -1;
	case OPTION_KEY:
		out->key = optarg;
		return -1;
	case OPTION_FORM:
		return take_form(verb, optarg, &out->form);
	case 'f':
		out->follow = true;
		return -1;
	case 'j':
		out->form = AUDIT_JSON;
		return -1;
	default:
		return take_filter(verb, option, optarg, &out->filter);
	}
}

static int take_action(const struct verb *verb, const char *word, enum audit_action *out)
{
	static const char *const words[] = {
		[AUDIT_DO_LIST] = "list",
		[AUDIT_DO_SHOW] = "show",
		[AUDIT_DO_VERIFY] = "verify",
		[AUDIT_DO_EXPORT] = "export",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (text_equal(words[i], word)) {
			*out = (enum audit_action)i;
			return -1;
		}
	return verb_usage(verb, "expected list, show, verify or export, got '%s'", word);
}

/* What is left on the line: the row of `show`. */
static int take_rest(const struct verb *verb, int argc, char **argv, struct audit_arguments *out)
{
	int r = -1;

	if (out->action == AUDIT_DO_SHOW) {
		if (optind == argc)
			return verb_usage(verb, "show: expected the number of a row");
		r = take_number(verb, "show", argv[optind++], &out->filter.seq);
		if (r < 0 && !out->filter.seq)
			r = verb_usage(verb, "show: rows are numbered from 1");
	}
	if (r < 0 && optind < argc)
		return verb_usage(verb, "unexpected argument '%s'", argv[optind]);
	return r;
}

/* What getopt_long does not take, by optopt: a letter that it does not know, or what a long option
 * stands for that came with a value and takes none. 0: a long option that it does not know. */
static int refuse_option(const struct verb *verb, int why, const char *word)
{
	if (why == ':')
		return verb_usage(verb, "%s needs a value", word);
	if (!optopt)
		return verb_usage(verb, "unknown option %s", word);
	for (size_t i = 0; options[i].name; i++)
		if (options[i].val == optopt)
			return verb_usage(verb, "--%s takes no value", options[i].name);
	return verb_usage(verb, "unknown option -%c", optopt);
}

int audit_arguments_parse(const struct verb *verb, int argc, char **argv,
			  struct audit_arguments *out)
{
	bool limited = false;
	int option, r = -1;

	*out = (struct audit_arguments){.file = AUDIT_FILE_DEFAULT};
	if (argc < 2)
		return verb_usage(verb, "expected list, show, verify or export");
	if (text_equal(argv[1], "--help") || text_equal(argv[1], "-h"))
		return verb_help(verb);
	r = take_action(verb, argv[1], &out->action);
	if (out->action == AUDIT_DO_EXPORT)
		out->form = AUDIT_JSON;
	optind = 2;
	opterr = 0;
	while (r < 0 && (option = getopt_long(argc, argv, ":fjh", options, NULL)) != -1) {
		if (option == 'h')
			return verb_help(verb);
		limited = limited || option == OPTION_LIMIT;
		if (option == OPTION_FILE)
			out->file = optarg;
		else if (option == ':' || option == '?')
			r = refuse_option(verb, option, argv[optind - 1]);
		else if (!takes(out->action, option))
			r = verb_usage(verb, "not an option of %s", argv[1]);
		else
			r = take_option(verb, option, out);
	}
	if (r >= 0)
		return r;
	if (out->action == AUDIT_DO_LIST && !limited && isatty(STDOUT_FILENO))
		out->filter.limit = TERMINAL_ROWS;
	return take_rest(verb, argc, argv, out);
}
