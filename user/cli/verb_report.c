// SPDX-License-Identifier: GPL-2.0-only
/* migwarden report: where the time of a migration went. */
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/report_choice.h"
#include "cli/report_input.h"
#include "cli/verb.h"
#include "config/scalar.h"
#include "sinks/report.h"
#include "sinks/report_html.h"
#include "sinks/report_trace.h"

/* Where nobody says how wide it is. */
#define COLUMNS_DEFAULT 100
#define COLUMNS_MAX 400
/* Two hosts with chrony or ntpd in one site. */
#define WALL_ERROR_DEFAULT_NS 10000000
/* Of real numbers: shares, and µs to the nanosecond. */
#define DIGITS JSON_REAL_PRECISION(15)

enum form {
	FORM_TEXT,
	FORM_JSON,
	FORM_HTML,
	FORM_TRACE,
};

struct request {
	enum form form;
	bool is_list;
	bool is_daemon;
	bool is_ascii;
	const char *socket;
	const char *source; /* with @dest: both sides of one migration */
	const char *dest;
	int64_t wall_error_ns;
	struct report_choice choice;
	char **files;
	int file_count;
};

/* The terminal's, or what COLUMNS says. */
static unsigned int columns_of_output(void)
{
	const char *wanted = getenv("COLUMNS");
	struct winsize size = {0};
	uint64_t columns = 0;

	if (!wanted || !slice_to_u64(slice_of(wanted), &columns))
		columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
	if (!columns)
		return COLUMNS_DEFAULT;
	return columns > COLUMNS_MAX ? COLUMNS_MAX : (unsigned int)columns;
}

static bool is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool is = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return is;
}

static struct report_look look_of(const struct request *request)
{
	return (struct report_look){columns_of_output(), request->is_ascii || !is_utf8()};
}

static int print_json(json_t *json, size_t flags)
{
	if (!json)
		return verb_usage(&verb_report, "out of memory");
	json_dumpf(json, stdout, flags | DIGITS);
	putchar('\n');
	json_decref(json);
	return EXIT_YES;
}

/* One is an object, several are a list. */
static int print_reports_json(const struct report_set *set, bool is_all)
{
	json_t *list;

	if (!is_all)
		return print_json(report_to_json(&set->reports[0]), JSON_INDENT(2));
	list = json_array();
	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(list, report_to_json(&set->reports[i]));
	return print_json(list, JSON_INDENT(2));
}

static int print_reports_text(const struct request *request, const struct report_set *set)
{
	struct report_look look = look_of(request);

	for (size_t i = 0; i < set->count; i++) {
		if (i)
			printf("\n\n");
		if (report_text(stdout, &set->reports[i], &look))
			return verb_usage(&verb_report, "out of memory");
	}
	return EXIT_YES;
}

static int print_reports(const struct request *request, const struct report_set *set)
{
	switch (request->form) {
	case FORM_TEXT:
		return print_reports_text(request, set);
	case FORM_JSON:
		return print_reports_json(set, request->choice.is_all);
	case FORM_HTML:
		report_html(stdout, set->reports, set->count);
		return EXIT_YES;
	case FORM_TRACE:
		return print_json(report_to_trace(set->reports, set->count), JSON_COMPACT);
	}
	return EXIT_BAD;
}

static int read_inputs(const struct request *request, struct report_input *input)
{
	int code = EXIT_YES;

	if (request->is_daemon || !request->file_count)
		code = report_input_daemon(input, request->socket);
	for (int i = 0; i < request->file_count && code == EXIT_YES; i++)
		code = report_input_file(input, request->files[i]);
	if (input->left_out)
		fprintf(stderr, "migwarden report: %zu sessions more than %u are left out\n",
			input->left_out, REPORT_SESSIONS_MAX);
	report_input_sort(input);
	return code;
}

static int list(const struct request *request, const struct report_input *input)
{
	const struct session *const *sessions = (const struct session *const *)input->sessions;
	struct report_look look = look_of(request);

	if (request->form == FORM_JSON)
		return print_json(report_list_to_json(sessions, input->count), JSON_INDENT(2));
	if (report_list_text(stdout, sessions, input->count, &look))
		return verb_usage(&verb_report, "out of memory");
	return EXIT_YES;
}

static int merge(const struct request *request)
{
	AUTO_REPORT_INPUT struct report_input source = {.verb = &verb_report};
	AUTO_REPORT_INPUT struct report_input dest = {.verb = &verb_report};
	AUTO_REPORT_SET struct report_set set = {0};
	int code = report_input_file(&source, request->source);

	if (code == EXIT_YES)
		code = report_input_file(&dest, request->dest);
	if (code == EXIT_YES)
		code = report_merge(&source, &dest, &request->choice,
				    (uint64_t)request->wall_error_ns, &set);
	if (code == EXIT_YES)
		code = print_reports(request, &set);
	if (code == EXIT_YES && (source.is_damaged || dest.is_damaged))
		return EXIT_NO;
	return code;
}

static int report(const struct request *request)
{
	AUTO_REPORT_INPUT struct report_input input = {.verb = &verb_report};
	AUTO_REPORT_SET struct report_set set = {0};
	int code = read_inputs(request, &input);

	if (code != EXIT_YES)
		return code;
	if (request->is_list) {
		code = list(request, &input);
	} else {
		code = report_choose(&input, &request->choice, &set);
		if (code == EXIT_YES)
			code = print_reports(request, &set);
	}
	return code == EXIT_YES && input.is_damaged ? EXIT_NO : code;
}

static int parse_clock_error(const char *text, struct request *request)
{
	if (quantity_parse(&quantity_ns, text, &request->wall_error_ns))
		return verb_usage(&verb_report,
				  "--clock-error: expected a duration such as 5ms, got '%s'", text);
	return EXIT_YES;
}

static int take_option(int option, struct request *request)
{
	switch (option) {
	case 'j':
		request->form = FORM_JSON;
		break;
	case 'H':
		request->form = FORM_HTML;
		break;
	case 't':
		request->form = FORM_TRACE;
		break;
	case 'v':
		request->choice.vm = optarg;
		break;
	case 'd':
		request->choice.device = optarg;
		break;
	case 'a':
		request->choice.is_all = true;
		break;
	case 'A':
		request->is_ascii = true;
		break;
	case 'D':
		request->is_daemon = true;
		break;
	case 's':
		request->socket = optarg;
		break;
	case 'S':
		request->source = optarg;
		break;
	case 'T':
		request->dest = optarg;
		break;
	case 'e':
		return parse_clock_error(optarg, request);
	default:
		return verb_usage(&verb_report, "unknown option");
	}
	return EXIT_YES;
}

/* What stands for itself: list, or the id of a session; then files. */
static int take_arguments(int argc, char **argv, struct request *request)
{
	int next = optind;

	if (next < argc && !strcmp(argv[next], "list")) {
		request->is_list = true;
		next++;
	} else if (next < argc && slice_to_u64(slice_of(argv[next]), &request->choice.id)) {
		if (!request->choice.id)
			return verb_usage(&verb_report, "there is no session 0");
		next++;
	}
	request->files = argv + next;
	request->file_count = argc - next;
	if (!request->source != !request->dest)
		return verb_usage(&verb_report, "--source and --dest go together");
	if (request->source && (request->file_count || request->is_daemon || request->is_list ||
				request->choice.is_all))
		return verb_usage(&verb_report,
				  "--source and --dest are the only inputs of one migration");
	if (request->is_list && (request->form == FORM_HTML || request->form == FORM_TRACE))
		return verb_usage(&verb_report, "a list is text or --json");
	return EXIT_YES;
}

static int report_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"html", no_argument, NULL, 'H'},
		{"trace", no_argument, NULL, 't'},
		{"vm", required_argument, NULL, 'v'},
		{"device", required_argument, NULL, 'd'},
		{"all", no_argument, NULL, 'a'},
		{"ascii", no_argument, NULL, 'A'},
		{"daemon", no_argument, NULL, 'D'},
		{"socket", required_argument, NULL, 's'},
		{"source", required_argument, NULL, 'S'},
		{"dest", required_argument, NULL, 'T'},
		{"clock-error", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct request request = {.wall_error_ns = WALL_ERROR_DEFAULT_NS};
	int option;

	while ((option = getopt_long(argc, argv, "jd:ah", options, NULL)) != -1) {
		if (option == 'h')
			return verb_help(&verb_report);
		if (take_option(option, &request))
			return EXIT_BAD;
	}
	if (take_arguments(argc, argv, &request))
		return EXIT_BAD;
	return verb_flush(&verb_report, request.source ? merge(&request) : report(&request));
}

const struct verb verb_report = {
	.name = "report",
	.summary = "where the time of a migration went",
	.help = "usage: migwarden report list [--json] [FILE...]\n"
		"       migwarden report [ID|--vm NAME|--device NAME] [--all] [FORM] [FILE...]\n"
		"       migwarden report --source FILE --dest FILE [--clock-error TIME] [FORM]\n"
		"\n"
		"Tells of a migration, of all devices of its VM: the largest part of the blackout "
		"and who\n"
		"bounds it, a timeline, its phases, arcs, data, dirty tracking, and alarms. A FILE "
		"is a\n"
		"recording (migwarden record), or JSON of sessions as watch, replay and the daemon "
		"print it (-\n"
		"is standard input); without one, the running daemon is asked. Of several "
		"migrations, the\n"
		"last one is told.\n"
		"\n"
		"With --source and --dest, the recordings of two hosts become one blackout; how "
		"their clocks\n"
		"were put together, and how well, is said.\n"
		"\n"
		"      --vm NAME         the migration of this VM, by name or UUID\n"
		"  -d, --device NAME     of this device (mdev UUID or PCI address)\n"
		"  -a, --all             all that fit, not only the last\n"
		"      --clock-error T   by how much two hosts' wall clocks may differ (10ms)\n"
		"      --daemon          also what the running daemon has\n"
		"      --socket PATH     the daemon's control socket\n"
		"      --ascii           no characters beyond ASCII\n"
		"  -h, --help            this text\n"
		"\n"
		"FORM is text, or\n"
		"  -j, --json            JSON, schema " REPORT_SCHEMA "\n"
		"      --html            a page of its own: no script, no network\n"
		"      --trace           trace events, for ui.perfetto.dev or chrome://tracing\n"
		"\n"
		"Exit status: 0 told, 1 no migration fits, the two sides do not belong together, "
		"or a\n"
		"recording is damaged (told up to there), 2 bad usage or input.\n",
	.run = report_run,
};
