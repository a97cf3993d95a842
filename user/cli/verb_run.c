// SPDX-License-Identifier: GPL-2.0-only
/* migwarden run: the daemon, in the foreground. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/host_settings.h"
#include "cli/recorder.h"
#include "cli/verb.h"
#include "daemon/daemon.h"
#include "sinks/audit.h"

#define METRICS_REFUSED                                                                     \
	"--metrics: expected " LOOPBACK_FORMS ", got '%s'; nobody outside of this host is " \
	"answered"

struct run_arguments {
	const char *config;
	const char *audit;
	bool no_audit;
	const char *record; /* a file, or a folder for one; NULL: nothing is recorded */
	uint64_t record_bytes;
	struct daemon_options daemon;
};

/* What the daemon sees and decides, on its way into a file. */
struct run_recording {
	struct recorder_options options;
	struct recorder *recorder; /* NULL until the daemon can see anything */
	char path[RECORDER_PATH_BYTES];
};

/* The file comes last: it is not touched where nothing can be recorded. */
static int on_begin(void *context, sd_event *loop)
{
	struct run_recording *recording = context;

	return recorder_open(&recording->options, &recording->recorder) ||
			       recorder_follow(recording->recorder, loop)
		       ? -ECANCELED
		       : 0;
}

static void on_record(void *context, const union mw_event *event, const void *raw)
{
	const struct run_recording *recording = context;

	recorder_add(recording->recorder, event, raw);
}

static void on_batch(void *context, const struct ring_counts *counts, uint64_t malformed)
{
	const struct run_recording *recording = context;

	recorder_batch(recording->recorder, counts, malformed);
}

static void on_downtime(void *context, uint64_t downtime_ns, const char *policy)
{
	const struct run_recording *recording = context;

	recorder_limits(recording->recorder, downtime_ns, policy);
}

static const struct option option_table[] = {
	{"config", required_argument, NULL, 'c'},
	{"policy", required_argument, NULL, 'p'},
	{"shadow", required_argument, NULL, 'S'},
	{"socket", required_argument, NULL, 's'},
	{"metrics", required_argument, NULL, 'm'},
	{"json", no_argument, NULL, 'j'},
	{"watch", no_argument, NULL, 'w'},
	{"transient", no_argument, NULL, 't'},
	{"audit", required_argument, NULL, 'a'},
	{"no-audit", no_argument, NULL, 'n'},
	{"late-drivers", no_argument, NULL, 'l'},
	{"record", required_argument, NULL, 'r'},
	{"record-size", required_argument, NULL, 'R'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* What an option without an argument sets; NULL: it is none of them. */
static bool *flag_of(struct run_arguments *out, int option)
{
	switch (option) {
	case 'j':
		return &out->daemon.json;
	case 'w':
		return &out->daemon.watch;
	case 'n':
		return &out->no_audit;
	case 'l':
		return &out->daemon.late_drivers;
	case 't':
		return &out->daemon.transient;
	}
	return NULL;
}

/* Gives -1 to go on, or the exit code to end with. */
static int parse(int argc, char **argv, struct run_arguments *out)
{
	bool *flag;
	int option;

	while ((option = getopt_long(argc, argv, "c:p:jwh", option_table, NULL)) != -1) {
		switch (option) {
		case 'c':
			out->config = optarg;
			break;
		case 'p':
			out->daemon.policy = optarg;
			break;
		case 'S':
			out->daemon.shadow = optarg;
			break;
		case 's':
			out->daemon.socket = optarg;
			break;
		case 'm':
			if (!loopback_parse(optarg, &out->daemon.metrics))
				return verb_usage(&verb_run, METRICS_REFUSED, optarg);
			break;
		case 'a':
			out->audit = optarg;
			break;
		case 'r':
			out->record = optarg;
			break;
		case 'R':
			if (recorder_size(&verb_run, "--record-size", optarg, &out->record_bytes))
				return EXIT_BAD;
			break;
		case 'h':
			return verb_help(&verb_run);
		default:
			flag = flag_of(out, option);
			if (!flag)
				return verb_usage(&verb_run, "unknown option");
			*flag = true;
		}
	}
	if (optind < argc)
		return verb_usage(&verb_run, "unexpected argument '%s'", argv[optind]);
	if (out->record_bytes && !out->record)
		return verb_usage(&verb_run, "--record-size without --record");
	return -1;
}

/* What the command line says goes before what the file says. */
static void apply(const struct settings *settings, struct run_arguments *arguments)
{
	struct daemon_options *options = &arguments->daemon;

	if (!options->policy)
		options->policy = settings->policies;
	if (!options->shadow)
		options->shadow = settings->shadow;
	if (!options->socket)
		options->socket = settings->socket ? settings->socket : DAEMON_SOCKET_DEFAULT;
	if (!options->metrics.port)
		options->metrics = settings->metrics;
	if (settings->log == LOG_JSON)
		options->json = true;
	host_audit(settings, options);
	if (arguments->audit)
		options->audit = arguments->audit;
	if (arguments->no_audit)
		options->audit = NULL;
	options->gate_ring_bytes = (size_t)settings->gate_ring_bytes;
	options->observe_ring_bytes = (size_t)settings->observe_ring_bytes;
	options->stamps = settings->libvirt_stamp;
	options->stamps_uri = settings->libvirt_uri;
	options->stamps_refresh_s = settings->libvirt_refresh_s;
}

/* A folder gets a new file each time: whoever starts the daemon again gives it the same words. */
static int record_path(const char *given, char out[static RECORDER_PATH_BYTES])
{
	struct stat status;
	bool fits;

	if (stat(given, &status) == 0 && S_ISDIR(status.st_mode))
		fits = recorder_path(given, out);
	else
		fits = *given && (size_t)snprintf(out, RECORDER_PATH_BYTES, "%s", given) <
					 RECORDER_PATH_BYTES;
	if (fits && strcmp(given, "-") != 0)
		return EXIT_YES;
	return verb_usage(&verb_run, "--record: expected a file or a folder, got '%s'", given);
}

static int end_recording(const struct run_recording *recording)
{
	struct recorder_result result;

	if (!recording->recorder)
		return EXIT_YES;
	if (recorder_end(recording->recorder, &result))
		return EXIT_BAD;
	recorder_tell(recording->recorder, &result);
	return EXIT_YES;
}

/* The daemon, and what it sees and decides into a file. */
static int run_recorded(const struct run_arguments *arguments)
{
	static const struct text_list no_devices;
	struct daemon_options options = arguments->daemon;
	struct run_recording recording = {.recorder = NULL};
	const struct daemon_tap tap = {
		.begin = on_begin,
		.record = on_record,
		.batch = on_batch,
		.downtime = on_downtime,
		.context = &recording,
		.clock_offset_ns = clock_wall_offset_ns(),
	};
	int code;

	if (record_path(arguments->record, recording.path))
		return EXIT_BAD;
	recording.options = (struct recorder_options){
		.verb = &verb_run,
		.path = recording.path,
		.max_bytes = arguments->record_bytes,
		.size_option = "--record-size",
		.ring_bytes = options.observe_ring_bytes ? options.observe_ring_bytes
							 : DAEMON_OBSERVE_RING_BYTES,
		.wall_offset_ns = tap.clock_offset_ns,
		.devices = &no_devices,
		.is_guest = true,
	};
	options.tap = &tap;
	code = daemon_run(&options) ? EXIT_BAD : EXIT_YES;
	if (end_recording(&recording))
		code = EXIT_BAD;
	recorder_close(recording.recorder);
	return code;
}

static int run_run(int argc, char **argv)
{
	struct run_arguments arguments = {.daemon = {.out = stdout}};
	AUTO_SETTINGS struct settings *settings = NULL;
	int r = parse(argc, argv, &arguments);

	if (r >= 0)
		return r;
	if (host_settings(arguments.config, &settings))
		return EXIT_BAD;
	apply(settings, &arguments);
	if (arguments.record)
		return run_recorded(&arguments);
	return daemon_run(&arguments.daemon) ? EXIT_BAD : EXIT_YES;
}

const struct verb verb_run = {
	.name = "run",
	.summary = "enforce a policy on this host, in the foreground",
	.help = "usage: migwarden run [--config FILE] [--policy PATH] [--shadow PATH] [--socket "
		"PATH]\n"
		"                     [--metrics ADDRESS] [--audit FILE | --no-audit] "
		"[--transient]\n"
		"                     [--late-drivers] [--record PATH [--record-size SIZE]] "
		"[--json] [--watch]\n"
		"\n"
		"Raises the gate: refuses the start of a migration that the policy does not let "
		"pass, and\n"
		"says so, a line for each decision. Gated are SET RESUMING (incoming), SET "
		"PRE_COPY and\n"
		"DMA_LOGGING_START (outgoing), SET STOP_COPY where it begins a migration "
		"(outgoing); pause,\n"
		"resume, reset and everything else always pass. Without an admission (`migwarden "
		"admit`)\n"
		"the policy's `defaults` decide. Where vfio is not loaded yet, the gate rises with "
		"it.\n"
		"\n"
		"The gate is pinned below /sys/fs/bpf/migwarden and outlives the daemon, whatever "
		"ends it;\n"
		"the next one adopts it. `migwarden release` takes it down. SIGHUP, or `migwarden "
		"reload`,\n"
		"reads the policy anew.\n"
		"\n"
		"Where to find things it reads in " SETTINGS_FILE_DEFAULT "; without that\n"
		"file the policy is " SETTINGS_POLICIES_DEFAULT
		". A folder's *.yaml are one policy, in\n"
		"name order.\n"
		"\n"
		"  -c, --config FILE   another configuration (YAML)\n"
		"  -p, --policy PATH   the policy, a file or a folder (YAML)\n"
		"      --shadow PATH   a second one, without effect: says where it would decide "
		"otherwise\n"
		"      --socket PATH   control socket (" DAEMON_SOCKET_DEFAULT ")\n"
		"      --metrics ADDRESS\n"
		"                      serve metrics and a page there: 127.0.0.1:PORT or "
		"[::1]:PORT\n"
		"      --audit FILE    where what is decided and done is recorded "
		"(" AUDIT_FILE_DEFAULT ")\n"
		"      --no-audit      record nothing\n"
		"      --transient     pin nothing: the gate falls with the daemon\n"
		"      --late-drivers  keep the capabilities that it takes to watch the data of "
		"drivers\n"
		"                      that are loaded later, or not known\n"
		"      --record PATH   keep what is seen and decided in this file, as `migwarden "
		"record` does,\n"
		"                      with the gate's decisions; of a folder, in a new file in "
		"it\n"
		"      --record-size SIZE\n"
		"                      the file ends before it is larger (512MiB, 64KiB at least)\n"
		"  -j, --json          one JSON object a line\n"
		"  -w, --watch         show every event of the devices too, as `migwarden watch` "
		"does\n"
		"  -h, --help          this text\n"
		"\n"
		"Needs root and a kernel with BTF (`migwarden probe` says what else helps).\n"
		"Exit status: 0 ended by Ctrl-C, TERM or release, 2 bad usage, a bad policy, or no "
		"gate is possible.\n",
	.run = run_run,
};
