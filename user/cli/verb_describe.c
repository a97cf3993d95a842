// SPDX-License-Identifier: GPL-2.0-only
#include "cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "config/config.h"
#include "host/describe.h"
#include "kern/migration.h"

#define UNKNOWN "-"
#define PARSE_ERROR_BYTES 1024

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

/* Text for a terminal: control characters but those of @keep become \xNN. NULL: no memory. */
static const char *printable(struct arena *arena, const char *text, const char *keep)
{
	char *out = arena_alloc(arena, 4 * strlen(text) + 1), *end = out;

	if (!out)
		return NULL;
	for (; *text; text++) {
		if (((unsigned char)*text < 0x20 || *text == 0x7f) && !strchr(keep, *text))
			end += sprintf(end, "\\x%02x", (unsigned char)*text);
		else
			*end++ = *text;
	}
	return out;
}

static const char *fact_text(struct arena *arena, const struct fact *fact)
{
	const char *name;

	switch (fact->state) {
	case FACT_UNKNOWN:
		return UNKNOWN;
	case FACT_KNOWN:
		return printable(arena, fact->text, "\n");
	case FACT_UNREADABLE:
		name = strerrorname_np(fact->error);
		return name ? arena_printf(arena, "unreadable (%s)", name)
			    : arena_printf(arena, "unreadable (%d)", fact->error);
	}
	return UNKNOWN;
}

static const char *migration_text(struct arena *arena, const struct descriptor *descriptor)
{
	const struct fact error = {.state = FACT_UNREADABLE, .error = descriptor->protocol_error};
	uint32_t bits = descriptor->capabilities;

	if (error.error)
		return fact_text(arena, &error);
	switch (descriptor->protocol) {
	case PROTOCOL_UNKNOWN:
		return UNKNOWN;
	case PROTOCOL_NONE:
		return "none";
	case PROTOCOL_V1:
		return "v1";
	case PROTOCOL_V2:
		return arena_printf(arena, "v2%s%s%s",
				    bits & CAPABILITY_STOP_COPY ? " stop-copy" : "",
				    bits & CAPABILITY_P2P ? " p2p" : "",
				    bits & CAPABILITY_PRE_COPY ? " pre-copy" : "");
	}
	return UNKNOWN;
}

/* Key and value, aligned at @width; more lines of the value stand below the first. */
static void print_row(size_t width, const char *key, const char *value)
{
	const char *newline;

	printf("%-*s  ", (int)width, key);
	while ((newline = strchr(value, '\n')) && newline[1]) {
		printf("%.*s\n%-*s  ", (int)(newline - value), value, (int)width, "");
		value = newline + 1;
	}
	printf("%.*s\n", (int)strcspn(value, "\n"), value);
}

/* A list as one value, in the arena: each call adds one item. NULL stays NULL (no memory). */
static const char *joined(struct arena *arena, const char *list, const char *item)
{
	if (!list || !item)
		return NULL;
	return *list ? arena_printf(arena, "%s, %s", list, item) : item;
}

static const char *offered_text(struct arena *arena, const struct descriptor *descriptor)
{
	const char *list = "";

	for (size_t i = 0; i < descriptor->offered_type_count; i++) {
		const struct offered_type *offer = &descriptor->offered_types[i];
		const char *type = printable(arena, offer->type, "");

		if (!type)
			return NULL;
		if (offer->available_instances < 0)
			type = arena_printf(arena, "%s (free: not known)", type);
		else
			type = arena_printf(arena, "%s (%lld free)", type,
					    (long long)offer->available_instances);
		list = joined(arena, list, type);
	}
	return list && !*list ? UNKNOWN : list;
}

static const char *traits_text(struct arena *arena, const struct descriptor *descriptor)
{
	const char *list = "";

	for (size_t i = 0; i < descriptor->compatible_type_count; i++)
		list = joined(arena, list, printable(arena, descriptor->compatible_type[i], ""));
	return list && !*list ? UNKNOWN : list;
}

struct row {
	const char *key;
	const char *value;
};

static int print_rows(const struct row *rows, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		if (!rows[i].key || !rows[i].value)
			return -ENOMEM;
		if (strlen(rows[i].key) > width)
			width = strlen(rows[i].key);
	}
	for (size_t i = 0; i < count; i++)
		print_row(width, rows[i].key, rows[i].value);
	return 0;
}

static int print_block(const struct descriptor *descriptor)
{
	struct arena *arena = descriptor->arena;
	const struct row fixed[] = {
		{"device", fact_text(arena, &descriptor->device)},
		{"host", fact_text(arena, &descriptor->host)},
		{"boot_id", fact_text(arena, &descriptor->boot_id)},
		{"collected_at", fact_text(arena, &descriptor->collected_at)},
		{"device_api", fact_text(arena, &descriptor->device_api)},
		{"vendor", fact_text(arena, &descriptor->vendor)},
		{"device_id", fact_text(arena, &descriptor->device_id)},
		{"driver", fact_text(arena, &descriptor->driver)},
		{"driver_version", fact_text(arena, &descriptor->driver_version)},
		{"firmware_version", fact_text(arena, &descriptor->firmware_version)},
		{"mdev_type", fact_text(arena, &descriptor->mdev_type)},
		{"offered_types", offered_text(arena, descriptor)},
		{"migration", migration_text(arena, descriptor)},
		{"version", fact_text(arena, &descriptor->version)},
		{"interface_version", fact_text(arena, &descriptor->interface_version)},
		{"interface_version_compatible",
		 fact_text(arena, &descriptor->interface_version_compatible)},
		{"compatible_type", traits_text(arena, descriptor)},
		{"template", fact_text(arena, &descriptor->template_text)},
	};
	size_t count = ARRAY_SIZE(fixed) + descriptor->attribute_count;
	struct row *rows = arena_alloc(arena, count * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	memcpy(rows, fixed, sizeof(fixed));
	for (size_t i = 0; i < descriptor->attribute_count; i++) {
		const struct attribute *attribute = &descriptor->attributes[i];

		rows[ARRAY_SIZE(fixed) + i] =
			(struct row){arena_printf(arena, "attributes.%s", attribute->name),
				     fact_text(arena, &attribute->value)};
	}
	return print_rows(rows, count);
}

enum {
	TABLE_COLUMNS = 6
};

struct table_row {
	const char *cells[TABLE_COLUMNS];
};

struct table {
	struct arena *arena;
	struct table_row *rows;
	size_t count;
};

static int table_add(void *context, const struct descriptor *descriptor)
{
	struct table *table = context;
	struct arena *arena = table->arena;
	struct table_row *row = &table->rows[table->count++];
	const char *vendor = fact_text(arena, &descriptor->vendor);
	bool has_ids = descriptor->vendor.state == FACT_KNOWN;

	*row = (struct table_row){{
		fact_text(arena, &descriptor->device),
		fact_text(arena, &descriptor->device_api),
		has_ids && vendor ? arena_printf(arena, "%s:%s", vendor,
						 fact_text(arena, &descriptor->device_id))
				  : vendor,
		fact_text(arena, &descriptor->driver),
		fact_text(arena, &descriptor->mdev_type),
		migration_text(arena, descriptor),
	}};
	for (size_t i = 0; i < TABLE_COLUMNS; i++) {
		/* One line each, whatever a driver wrote there. */
		if (row->cells[i])
			row->cells[i] = printable(arena, row->cells[i], "");
		if (!row->cells[i])
			return -ENOMEM;
	}
	return 0;
}

static void table_print(const struct table *table)
{
	size_t widths[TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < table->count; i++)
		for (size_t column = 0; column < TABLE_COLUMNS; column++)
			if (strlen(table->rows[i].cells[column]) > widths[column])
				widths[column] = strlen(table->rows[i].cells[column]);
	for (size_t i = 0; i < table->count; i++) {
		for (size_t column = 0; column + 1 < TABLE_COLUMNS; column++)
			printf("%-*s  ", (int)widths[column], table->rows[i].cells[column]);
		printf("%s\n", table->rows[i].cells[TABLE_COLUMNS - 1]);
	}
}

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

static void print_warnings(const struct descriptor *descriptor, const char *device)
{
	for (size_t i = 0; i < descriptor->warning_count; i++)
		fprintf(stderr, "migwarden describe: %s: %s\n", device, descriptor->warnings[i]);
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
	char text[PARSE_ERROR_BYTES];
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
		print_warnings(descriptor, desk->inventory->devices[i].name);
	}
	return 0;
}

static int describe_table(const struct desk *desk)
{
	static const struct table_row head = {
		{"DEVICE", "API", "IDS", "DRIVER", "TYPE", "MIGRATION"}};
	struct table table = {.arena = arena_new(), .count = 1};
	int r = -ENOMEM;

	if (table.arena)
		table.rows = arena_alloc(table.arena,
					 (desk->inventory->count + 1) * sizeof(*table.rows));
	if (table.rows) {
		table.rows[0] = head;
		r = describe_each(desk, table_add, &table);
	}
	if (!r)
		table_print(&table);
	arena_free(table.arena);
	return r;
}

static int describe_all(struct desk *desk, const struct arguments *arguments)
{
	if (!desk->inventory->count) {
		say_empty(desk);
		return 0;
	}
	open_migration(desk, arguments);
	return arguments->json ? describe_each(desk, print_json_line, NULL) : describe_table(desk);
}

/* Which devices there are, for somebody who named another one. */
static void say_unknown(const struct desk *desk, const char *argument, int error)
{
	char driver[HOST_NAME_BYTES];

	if (error == -ENOTUNIQ)
		fprintf(stderr,
			"migwarden describe: %s is the name of several devices: give a "
			"path\n",
			argument);
	else if (inventory_bound_driver(desk->host, argument, driver))
		fprintf(stderr, "migwarden describe: no VFIO device %s on this host\n", argument);
	else
		fprintf(stderr, "migwarden describe: %s is not given to VFIO: its driver is %s\n",
			argument, *driver ? driver : "none");
	say_empty(desk);
	if (desk->inventory->count)
		fprintf(stderr, "VFIO devices on this host:\n");
	for (size_t i = 0; i < desk->inventory->count; i++) {
		const struct inventory_device *device = &desk->inventory->devices[i];

		fprintf(stderr, "  %-36s  %-8s  %s\n", device->name,
			device->vfio ? device->vfio : UNKNOWN, device->path);
	}
}

static int describe_one(struct desk *desk, const struct arguments *arguments)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	const struct inventory_device *device = NULL;
	int r = inventory_find(desk->host, desk->inventory, arguments->device, &device);

	if (r) {
		say_unknown(desk, arguments->device, r);
		return r;
	}
	open_migration(desk, arguments);
	r = describe(desk->host, device, &desk->options, &descriptor);
	if (r == -ENODEV)
		fprintf(stderr, "migwarden describe: %s is gone\n", device->name);
	if (r)
		return r;
	print_warnings(descriptor, device->name);
	return arguments->json ? print_json(descriptor, JSON_INDENT(2)) : print_block(descriptor);
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
	.help = "Usage: migwarden describe DEVICE [--json] [--attributes FILE]\n"
		"       migwarden describe --all [--json] [--attributes FILE]\n"
		"       migwarden describe --schema\n"
		"\n"
		"Shows the descriptor of a VFIO device of this host: what `check`, `admit` and "
		"`match`\n"
		"compare. It is read from sysfs; nothing is written, and the device is not "
		"opened.\n"
		"\n"
		"DEVICE is the UUID of an mdev, a PCI address (0000:3b:00.2 or 3b:00.2), the name "
		"of\n"
		"another VFIO device, its name in /sys/class/vfio-dev (vfio0), or its path in "
		"sysfs.\n"
		"\n"
		"  -a, --all          every VFIO device of this host: a table, with --json one "
		"object\n"
		"                     a line\n"
		"  -j, --json         the descriptor as JSON (schema migwarden.descriptor/1)\n"
		"      --schema       print the JSON Schema of a descriptor\n"
		"      --attributes FILE\n"
		"                     where else vendors keep what, for this run instead of\n"
		"                     " SOURCES_SITE_FILE "\n"
		"  -h, --help         this text\n"
		"\n"
		"\"-\" (null in JSON) is not known; \"unreadable (EIO)\" is there, but could not "
		"be read.\n"
		"The migration capabilities are asked of the kernel, which needs root.\n"
		"\n"
		"A line of an attributes file names a sysfs file and what it fills:\n"
		"  BASE PATH TARGET [DRIVER]     # comment\n"
		"  BASE    device, type, parent (of an mdev), physfn (of a PCI VF), module (the "
		"driver's)\n"
		"  PATH    below it; * ? [] match within one part\n"
		"  TARGET  version, interface_version, interface_version_compatible, "
		"compatible_type,\n"
		"          template, driver_version, firmware_version, or attributes.NAME\n"
		"  DRIVER  pattern; the line is only for devices of that driver\n"
		"Per target the first line counts whose file exists, before the built-in ones.\n"
		"\n"
		"Exit status: 0 described (with --all also when there is nothing to describe),\n"
		"2 bad usage, unknown device, or unusable FILE.\n",
	.run = run,
};
