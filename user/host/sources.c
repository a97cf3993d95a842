// SPDX-License-Identifier: GPL-2.0-only
#include "host/sources.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/text.h"

/* Parts of a path; each one may list a folder. */
#define PARTS_MAX 8
#define COLUMNS_MAX 4
#define ATTRIBUTE_PREFIX "attributes."

/* The threads' proposals first ([000] version, [001] and [003], [004] the rest), then real ones. */
static const struct source builtin[] = {
	{SOURCE_DEVICE, "version", TARGET_VERSION, NULL, NULL},
	{SOURCE_TYPE, "version", TARGET_VERSION, NULL, NULL},
	{SOURCE_DEVICE, "interface_version", TARGET_INTERFACE_VERSION, NULL, NULL},
	{SOURCE_TYPE, "interface_version", TARGET_INTERFACE_VERSION, NULL, NULL},
	{SOURCE_DEVICE, "interface_version_compatible", TARGET_INTERFACE_VERSION_COMPATIBLE, NULL,
	 NULL},
	{SOURCE_TYPE, "interface_version_compatible", TARGET_INTERFACE_VERSION_COMPATIBLE, NULL,
	 NULL},
	{SOURCE_DEVICE, "migration_compatible", TARGET_TEMPLATE, NULL, NULL},
	{SOURCE_TYPE, "migration_compatible", TARGET_TEMPLATE, NULL, NULL},
	{SOURCE_DEVICE, "compatible_type", TARGET_COMPATIBLE_TYPE, NULL, NULL},
	{SOURCE_TYPE, "compatible_type", TARGET_COMPATIBLE_TYPE, NULL, NULL},
	{SOURCE_DEVICE, "aggregator", TARGET_ATTRIBUTE, "aggregator", NULL},
	{SOURCE_TYPE, "aggregator", TARGET_ATTRIBUTE, "aggregator", NULL},
	{SOURCE_DEVICE, "pv_mode", TARGET_ATTRIBUTE, "pv_mode", NULL},
	{SOURCE_TYPE, "pv_mode", TARGET_ATTRIBUTE, "pv_mode", NULL},
	/* s390: ap_config is one line of three masks, from 6.10 on; before, these two say it. */
	{SOURCE_DEVICE, "ap_config", TARGET_ATTRIBUTE, "ap_config", "vfio_ap"},
	{SOURCE_DEVICE, "matrix", TARGET_ATTRIBUTE, "matrix", "vfio_ap"},
	{SOURCE_DEVICE, "control_domains", TARGET_ATTRIBUTE, "control_domains", "vfio_ap"},
	{SOURCE_DEVICE, "nvidia/current_vgpu_type", TARGET_ATTRIBUTE, "nvidia/current_vgpu_type",
	 NULL},
	{SOURCE_MODULE, "version", TARGET_DRIVER_VERSION, NULL, NULL},
	{SOURCE_DEVICE, "fw_version", TARGET_FIRMWARE_VERSION, NULL, NULL},
	{SOURCE_DEVICE, "firmware_version", TARGET_FIRMWARE_VERSION, NULL, NULL},
	{SOURCE_PARENT, "fw_version", TARGET_FIRMWARE_VERSION, NULL, NULL},
	{SOURCE_PHYSFN, "fw_version", TARGET_FIRMWARE_VERSION, NULL, NULL},
	/* mlx5: the firmware is the adapter's, its physical function says which. */
	{SOURCE_PHYSFN, "infiniband/*/fw_ver", TARGET_FIRMWARE_VERSION, NULL, NULL},
};

static const char *const base_names[] = {
	[SOURCE_DEVICE] = "device", [SOURCE_TYPE] = "type",     [SOURCE_PARENT] = "parent",
	[SOURCE_PHYSFN] = "physfn", [SOURCE_MODULE] = "module",
};

static const char *const target_names[] = {
	[TARGET_VERSION] = "version",
	[TARGET_INTERFACE_VERSION] = "interface_version",
	[TARGET_INTERFACE_VERSION_COMPATIBLE] = "interface_version_compatible",
	[TARGET_COMPATIBLE_TYPE] = "compatible_type",
	[TARGET_TEMPLATE] = "template",
	[TARGET_DRIVER_VERSION] = "driver_version",
	[TARGET_FIRMWARE_VERSION] = "firmware_version",
};

int sources_new(struct sources **out)
{
	AUTO_SOURCES struct sources *sources = calloc(1, sizeof(*sources));

	if (!sources)
		return -ENOMEM;
	sources->arena = arena_new();
	if (!sources->arena)
		return -ENOMEM;
	sources->items = arena_alloc(sources->arena, sizeof(builtin));
	if (!sources->items)
		return -ENOMEM;
	memcpy(sources->items, builtin, sizeof(builtin));
	sources->count = ARRAY_SIZE(builtin);
	*out = TAKE_PTR(sources);
	return 0;
}

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	arena_free(sources->arena);
	free(sources);
}

/* One word of a line. */
struct column {
	struct slice word;
	unsigned int at; /* column in the file, from 1 */
};

struct reader {
	struct arena *arena;
	const char *file;
	unsigned int line;
	struct parse_error *error;
	struct source *items;
	size_t count;
};

/* Splits a line into at most COLUMNS_MAX words. Gives their number or -EINVAL. */
static int line_split(const struct reader *reader, struct slice line,
		      struct column columns[static COLUMNS_MAX])
{
	int count = 0;
	size_t i = 0;

	for (;;) {
		size_t start;

		while (i < line.length && is_blank(line.text[i]))
			i++;
		if (i == line.length || line.text[i] == '#')
			return count;
		if (count == COLUMNS_MAX)
			return parse_error_set(reader->error, reader->file, reader->line,
					       (unsigned int)i + 1,
					       "expected the end of the line after the driver");
		start = i;
		for (; i < line.length && !is_blank(line.text[i]); i++)
			if (line.text[i] < 0x21 || line.text[i] > 0x7e)
				return parse_error_set(reader->error, reader->file, reader->line,
						       (unsigned int)i + 1,
						       "expected printable ASCII, got byte 0x%02x",
						       (unsigned char)line.text[i]);
		columns[count++] =
			(struct column){{line.text + start, i - start}, (unsigned int)start + 1};
	}
}

static int read_base(const struct reader *reader, const struct column *column,
		     enum source_base *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(base_names); i++) {
		if (slice_is(column->word, base_names[i])) {
			*out = (enum source_base)i;
			return 0;
		}
	}
	return parse_error_set(reader->error, reader->file, reader->line, column->at,
			       "expected device, type, parent, physfn or module, got \"%.*s\"",
			       (int)column->word.length, column->word.text);
}

static int read_path(const struct reader *reader, const struct column *column, const char **out)
{
	struct slice rest = column->word, part;

	for (size_t parts = 1; slice_cut(&rest, "/", &part); parts++)
		if (!part.length || slice_is(part, ".") || slice_is(part, "..") ||
		    part.length >= HOST_NAME_BYTES || parts > PARTS_MAX)
			return parse_error_set(
				reader->error, reader->file, reader->line,
				column->at + (unsigned int)(part.text - column->word.text),
				"expected a relative path of at most %d parts, "
				"without \".\" and \"..\"",
				PARTS_MAX);
	*out = arena_strndup(reader->arena, column->word.text, column->word.length);
	return *out ? 0 : -ENOMEM;
}

static int read_target(const struct reader *reader, const struct column *column,
		       struct source *source)
{
	const struct slice prefix = slice_of(ATTRIBUTE_PREFIX);
	struct slice word = column->word, name = slice_skip(word, prefix.length);

	for (size_t i = 0; i < ARRAY_SIZE(target_names); i++) {
		if (slice_is(word, target_names[i])) {
			source->target = (enum source_target)i;
			return 0;
		}
	}
	if (!name.length || memcmp(word.text, prefix.text, prefix.length))
		return parse_error_set(reader->error, reader->file, reader->line, column->at,
				       "expected version, interface_version, "
				       "interface_version_compatible, compatible_type, template, "
				       "driver_version, firmware_version or attributes.NAME, "
				       "got \"%.*s\"",
				       (int)word.length, word.text);
	source->target = TARGET_ATTRIBUTE;
	source->attribute = arena_strndup(reader->arena, name.text, name.length);
	return source->attribute ? 0 : -ENOMEM;
}

static bool same_text(const char *left, const char *right)
{
	return left == right || (left && right && !strcmp(left, right));
}

static bool same_source(const struct source *left, const struct source *right)
{
	return left->base == right->base && left->target == right->target &&
	       same_text(left->path, right->path) && same_text(left->attribute, right->attribute) &&
	       same_text(left->driver, right->driver);
}

static int reader_add(struct reader *reader, const struct source *source)
{
	struct source *items;

	for (size_t i = 0; i < reader->count; i++)
		if (same_source(&reader->items[i], source))
			return parse_error_set(reader->error, reader->file, reader->line, 1,
					       "expected a line that is not there yet, got a "
					       "duplicate");
	items = arena_grow(reader->arena, reader->items, reader->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	reader->items = items;
	reader->items[reader->count++] = *source;
	return 0;
}

static int read_line(struct reader *reader, struct slice line)
{
	struct column columns[COLUMNS_MAX] = {0};
	struct source source = {0};
	int count, r;

	count = line_split(reader, line, columns);
	if (count <= 0)
		return count;
	if (count < 3)
		return parse_error_set(reader->error, reader->file, reader->line,
				       (unsigned int)line.length + 1,
				       "expected base, path and target, got %d of them", count);
	r = read_base(reader, &columns[0], &source.base);
	if (!r)
		r = read_path(reader, &columns[1], &source.path);
	if (!r)
		r = read_target(reader, &columns[2], &source);
	if (r)
		return r;
	if (count == COLUMNS_MAX) {
		source.driver =
			arena_strndup(reader->arena, columns[3].word.text, columns[3].word.length);
		if (!source.driver)
			return -ENOMEM;
	}
	return reader_add(reader, &source);
}

int sources_read_text(struct sources *sources, const char *name, const char *text, size_t length,
		      struct parse_error *error)
{
	struct reader reader = {.arena = sources->arena, .file = name, .error = error};
	struct slice rest = {text, length}, line;
	struct source *items;

	while (slice_cut(&rest, "\n", &line)) {
		int r;

		reader.line++;
		r = read_line(&reader, line);
		if (r)
			return r;
	}
	items = arena_alloc(sources->arena, (reader.count + sources->count) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (reader.count)
		memcpy(items, reader.items, reader.count * sizeof(*items));
	memcpy(items + reader.count, sources->items, sources->count * sizeof(*items));
	sources->items = items;
	sources->count += reader.count;
	return 0;
}

int sources_read_file(struct sources *sources, const char *path, struct parse_error *error)
{
	AUTO_FREE char *text = malloc(SOURCES_FILE_MAX + 1);
	size_t length = 0;
	int r = text ? 0 : -ENOMEM;

	/* A site's file may well be a link; what it leads to must still be a regular file. */
	if (!r) {
		AUTO_FREE char *target = realpath(path, NULL);

		r = target ? host_read_at(AT_FDCWD, target, text, SOURCES_FILE_MAX + 1, &length)
			   : -errno;
	}
	if (!r && length > SOURCES_FILE_MAX)
		r = -EFBIG;
	if (r) {
		parse_error_set(error, path, 0, 0,
				"expected a readable file of at most %u bytes: %s",
				SOURCES_FILE_MAX, strerror(-r));
		return r;
	}
	return sources_read_text(sources, path, text, length, error);
}

static bool has_pattern(const char *part)
{
	return strpbrk(part, "*?[") != NULL;
}

/* The first name in @folder that fits @part, into @out; -ENOENT when none does. */
static int first_match(const struct host *host, const char *folder, const char *part,
		       char out[static HOST_NAME_BYTES])
{
	AUTO_NAMES struct host_names names = {0};
	int r = host_list(host, &names, "%s", folder);

	if (r)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		if (!fnmatch(part, names.names[i], FNM_PERIOD) &&
		    strlen(names.names[i]) < HOST_NAME_BYTES) {
			strcpy(out, names.names[i]);
			return 0;
		}
	}
	return -ENOENT;
}

int source_read(const struct host *host, const struct source *source, const char *base,
		struct host_text *out)
{
	char folder[HOST_PATH_BYTES], name[HOST_NAME_BYTES];
	const char *path = source->path;
	int r = host_resolve(host, folder, "%s", base);

	/* Part by part, each folder resolved: a link out of sysfs ends here. */
	while (!r) {
		const char *slash = strchr(path, '/');
		size_t length = slash ? (size_t)(slash - path) : strlen(path);
		char above[HOST_PATH_BYTES];

		if (length >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		if (has_pattern(name))
			r = first_match(host, folder, name, name);
		if (!r && !slash)
			r = host_read(host, out, "%s/%s", folder, name);
		if (r || !slash)
			break;
		strcpy(above, folder);
		r = host_resolve(host, folder, "%s/%s", above, name);
		if (!r && strncmp(folder, "/sys/", 5))
			return -EXDEV;
		path = slash + 1;
	}
	return host_is_absent(r) ? -ENOENT : r;
}
