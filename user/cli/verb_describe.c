// SPDX-License-Identifier: GPL-2.0-only
#include "cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cli/describe_text.h"
#include "config/config.h"
#include "host/describe.h"
#include "host/devlink.h"
#include "kern/migration.h"

#define MESSAGE_BYTES 1024

static const char describe_help[] =
	"usage: migwarden describe DEVICE [--json] [--attributes FILE]\n"
	"       migwarden describe --all [--json] [--attributes FILE]\n"
	"       migwarden describe --schema\n"
	"\n"
	"Shows the descriptor of a VFIO device of this host: what `check`, `admit` and `match`\n"
	"compare. It is read from sysfs, and the firmware version from devlink where sysfs has\n"
	"none; nothing is written, and the device is not opened.\n"
	"\n"
	"DEVICE is the UUID of an mdev, a PCI address (0000:3b:00.2 or 3b:00.2), the name of\n"
	"another VFIO device, its name in /sys/class/vfio-dev (vfio0), or its path in sysfs.\n"
	"\n"
	"  -a, --all          every VFIO device of this host: a table, with --json one object\n"
	"                     a line\n"
	"  -j, --json         the descriptor as JSON (schema migwarden.descriptor/1)\n"
	"      --schema       print the JSON Schema of a descriptor\n"
	"      --attributes FILE\n"
	"                     where else vendors keep what, for this run instead of\n"
	"                     " SOURCES_SITE_FILE "\n"
	"  -h, --help         this text\n"
	"\n"
	"\"-\" (null in JSON) is not known; \"unreadable (EIO)\" is there, but could not be read.\n"
	"The migration capabilities are asked of the kernel, which needs root.\n"
	"\n"
	"A line of an attributes file names a sysfs file and what it fills:\n"
	"  BASE PATH TARGET [DRIVER]     # comment\n"
	"  BASE    device, type, parent (of an mdev), physfn (of a PCI VF), module (the driver's)\n"
	"  PATH    below it; * ? [] match within one part\n"
	"  TARGET  version, interface_version, interface_version_compatible, compatible_type,\n"
	"          template, driver_version, firmware_version, or attributes.NAME\n"
	"  DRIVER  pattern; the line is only for devices of that driver\n"
	"Per target the first line counts whose file exists, before the built-in ones.\n"
	"\n"
	"Exit status: 0 described (with --all also when there is nothing to describe),\n"
	"2 bad usage, unknown device, or unusable FILE.\n";

struct arguments {
	const char *device;
	const char *sysroot;
	const char *attributes;
	bool all;
	bool json;
	bool schema;
	bool help;
};

/* What one run of the verb holds open. */
struct desk {
	struct host *host;
	struct sources *sources;
	struct inventory *inventory;
	struct migration *migration;
	struct describe_options options;
};

static void desk_close(struct desk *desk)
{
	migration_close(desk->migration);
	inventory_free(desk->inventory);
	sources_free(desk->sources);
	host_close(desk->host);
}

#define AUTO_DESK __attribute__((cleanup(desk_close)))

static int print_json(const struct descriptor *descriptor, size_t flags)
{
	json_t *json = descriptor_to_json(descriptor);
	int r;

	if (!json)
		return -ENOMEM;
	r = json_dumpf(json, stdout, flags) ? -EIO : 0;
	json_decref(json);
	putchar('\n');
	return r;
}

static int print_json_line(void *context, const struct descriptor *descriptor)
{
	(void)context;
	return print_json(descriptor, JSON_COMPACT);
}

static void print_warnings(const struct descriptor *descriptor)
{
	char text[MESSAGE_BYTES];

	for (size_t i = 0; i < descriptor->warning_count; i++)
		fprintf(stderr, "migwarden describe: warning: %s\n",
			escape_text(text, sizeof(text), descriptor->warnings[i]));
}

static int ask_migration(void *context, const char *vfio, uint32_t *capabilities)
{
	return migration_query(context, vfio, capabilities);
}

/* Without the probe the capabilities stay null; why, a person is told once. */
static void open_migration(struct desk *desk, const struct arguments *arguments)
{
	bool any = false;
	int r;

	for (size_t i = 0; i < desk->inventory->count; i++)
		any = any || desk->inventory->devices[i].vfio;
	/* A tree of files has no kernel behind it that could be asked. */
	if (!any || arguments->sysroot)
		return;
	r = migration_open(&desk->migration);
	if (!r) {
		desk->options.migration = ask_migration;
		desk->options.migration_context = desk->migration;
		return;
	}
	if (!arguments->json)
		fprintf(stderr,
			"migwarden describe: migration capabilities are not known: %s (%s)\n",
			strerror(-r),
			r == -EPERM ? "asking the kernel needs root"
				    : "`migwarden probe` says what this kernel lacks");
}

static int open_sources(struct desk *desk, const struct arguments *arguments)
{
	const char *path = arguments->attributes;
	struct parse_error error = {0};
	char text[MESSAGE_BYTES];
	int r = sources_new(&desk->sources);

	if (r)
		return r;
	if (!path && !arguments->sysroot && !access(SOURCES_SITE_FILE, F_OK))
		path = SOURCES_SITE_FILE;
	if (!path)
		return 0;
	r = sources_read_file(desk->sources, path, &error);
	if (r) {
		parse_error_format(&error, text, sizeof(text));
		fprintf(stderr, "migwarden describe: %s\n", text);
	}
	return r;
}

/* Opens all that a description needs; says itself what went wrong. */
static int desk_open(struct desk *desk, const struct arguments *arguments)
{
	int r = host_open(arguments->sysroot, &desk->host);

	if (r) {
		fprintf(stderr, "migwarden describe: no sysfs below %s: %s\n",
			arguments->sysroot ? arguments->sysroot : "/", strerror(-r));
		return r;
	}
	r = open_sources(desk, arguments);
	if (r)
		return r;
	r = inventory_read(desk->host, &desk->inventory);
	if (r) {
		fprintf(stderr, "migwarden describe: reading sysfs: %s\n", strerror(-r));
		return r;
	}
	desk->options.sources = desk->sources;
	desk->options.now_s = time(NULL);
	/* As with the migration: no kernel stands behind a tree of files. */
	desk->options.firmware = arguments->sysroot ? NULL : devlink_firmware;
	return 0;
}

/* One line on why there is nothing to describe; nothing when there is. */
static void say_empty(const struct desk *desk)
{
	const char *missing = inventory_missing(desk->host);

	if (!desk->inventory->count)
		fprintf(stderr, "migwarden describe: %s\n",
			missing ? missing : "VFIO is loaded, but no device is given to it");
}

/* Hands the descriptor of each device to @take; one that goes away meanwhile is left out. */
static int describe_each(const struct desk *desk,
			 int (*take)(void *context, const struct descriptor *descriptor),
			 void *context)
{
	for (size_t i = 0; i < desk->inventory->count; i++) {
		AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
		int r = describe(desk->host, &desk->inventory->devices[i], &desk->options,
				 &descriptor);

		if (r == -ENODEV)
			continue;
		if (!r)
			r = take(context, descriptor);
		if (r)
			return r;
		print_warnings(descriptor);
	}
	return 0;
}

static int add_to_table(void *context, const struct descriptor *descriptor)
{
	return describe_text_add(context, descriptor);
}

static int print_table(const struct desk *desk)
{
	AUTO_TEXT_TABLE struct text_table table = {0};
	int r = describe_each(desk, add_to_table, &table);

	if (!r)
		text_table_print(&table, 0, stdout);
	return r;
}

static int describe_all(struct desk *desk, const struct arguments *arguments)
{
	if (!desk->inventory->count) {
		say_empty(desk);
		return 0;
	}
	open_migration(desk, arguments);
	return arguments->json ? describe_each(desk, print_json_line, NULL) : print_table(desk);
}

/* What is wrong with the device that was named. */
static void say_unknown(const struct desk *desk, const char *argument, int error)
{
	char driver[HOST_NAME_BYTES], text[MESSAGE_BYTES], bound[MESSAGE_BYTES];

	escape_text(text, sizeof(text), argument);
	if (error == -ENOTUNIQ)
		fprintf(stderr,
			"migwarden describe: %s names several devices, their paths tell them "
			"apart\n",
			text);
	else if (inventory_bound_driver(desk->host, argument, driver))
		fprintf(stderr, "migwarden describe: no VFIO device %s on this host\n", text);
	else
		fprintf(stderr, "migwarden describe: %s is not given to VFIO: its driver is %s\n",
			text, *driver ? escape_text(bound, sizeof(bound), driver) : "none");
}

static void list_devices(const struct inventory *inventory)
{
	if (inventory->count)
		fprintf(stderr, "VFIO devices on this host:\n");
	for (size_t i = 0; i < inventory->count; i++) {
		const struct inventory_device *device = &inventory->devices[i];
		char name[MESSAGE_BYTES], path[4 * HOST_PATH_BYTES];

		fprintf(stderr, "  %-36s  %-8s  %s\n",
			escape_text(name, sizeof(name), device->name),
			device->vfio ? device->vfio : "-",
			escape_text(path, sizeof(path), device->path));
	}
}

static int describe_one(struct desk *desk, const struct arguments *arguments)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	const struct inventory_device *device = NULL;
	int r = inventory_find(desk->host, desk->inventory, arguments->device, &device);

	if (r) {
		say_unknown(desk, arguments->device, r);
		say_empty(desk);
		list_devices(desk->inventory);
		return r;
	}
	open_migration(desk, arguments);
	r = describe(desk->host, device, &desk->options, &descriptor);
	if (r == -ENODEV)
		fprintf(stderr, "migwarden describe: %s is gone\n", device->name);
	if (r)
		return r;
	print_warnings(descriptor);
	return arguments->json ? print_json(descriptor, JSON_INDENT(2))
			       : describe_text_block(descriptor);
}

enum {
	OPTION_SYSROOT = 256
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"json", no_argument, NULL, 'j'},
		{"schema", no_argument, NULL, 's'},
		{"attributes", required_argument, NULL, 'A'},
		{"sysroot", required_argument, NULL, OPTION_SYSROOT},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":ajh", options, NULL)) != -1) {
		if (option == 'a')
			arguments->all = true;
		else if (option == 'j')
			arguments->json = true;
		else if (option == 's')
			arguments->schema = true;
		else if (option == 'A')
			arguments->attributes = optarg;
		else if (option == OPTION_SYSROOT)
			arguments->sysroot = optarg;
		else if (option == 'h')
			arguments->help = true;
		else
			return verb_usage(&verb_describe, "%s: %s", argv[optind - 1],
					  option == ':' ? "a value is missing" : "unknown option");
	}
	if (arguments->help || arguments->schema)
		return EXIT_YES;
	if (optind < argc)
		arguments->device = argv[optind++];
	if (optind < argc)
		return verb_usage(&verb_describe, "one device at a time, or --all");
	if (arguments->all == (arguments->device != NULL))
		return verb_usage(&verb_describe, "expected a device or --all, %s",
				  arguments->all ? "not both" : "got neither");
	return EXIT_YES;
}

static void say_no_memory(void)
{
	fprintf(stderr, "migwarden describe: out of memory\n");
}

/* What a full disk or a closed pipe took away is not described. */
static int flush_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_YES;
	fprintf(stderr, "migwarden describe: writing: %s\n", strerror(errno));
	return EXIT_BAD;
}

static int print_schema(void)
{
	AUTO_FREE char *schema = descriptor_schema_json();

	if (!schema) {
		say_no_memory();
		return EXIT_BAD;
	}
	puts(schema);
	return flush_output();
}

static int run(int argc, char **argv)
{
	struct arguments arguments = {0};
	AUTO_DESK struct desk desk = {0};
	int r = parse(argc, argv, &arguments);

	if (r)
		return r;
	if (arguments.help)
		return verb_help(&verb_describe);
	if (arguments.schema)
		return print_schema();
	if (desk_open(&desk, &arguments))
		return EXIT_BAD;
	r = arguments.all ? describe_all(&desk, &arguments) : describe_one(&desk, &arguments);
	if (r == -ENOMEM)
		say_no_memory();
	if (r == -E2BIG)
		fprintf(stderr, "migwarden describe: more attributes than a descriptor holds\n");
	return r ? EXIT_BAD : flush_output();
}

const struct verb verb_describe = {
	.name = "describe",
	.summary = "show what is known of VFIO devices, as descriptors",
	.help = describe_help,
	.run = run,
};
