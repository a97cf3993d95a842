// SPDX-License-Identifier: GPL-2.0-only
#include "config/collection.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/input.h"

#define PLACE_BYTES 4200

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length > strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* One walk: who is told of what, and where an error goes. */
struct walk {
	collection_visitor visit;
	collection_refusal refuse; /* NULL: what cannot be read ends the walk */
	void *data;
	struct parse_error *error;
};

/* What becomes of the walk when something could not be read. */
static int refused(const struct walk *walk, int r)
{
	return walk->refuse && r != -ENOMEM ? walk->refuse(r, walk->error, walk->data) : r;
}

static int visit_file(const struct walk *walk, const char *path)
{
	struct descriptor *descriptor;
	int r = descriptor_read_file(path, &descriptor, walk->error);

	return r ? refused(walk, r) : walk->visit(path, descriptor, walk->data);
}

/* A file of lines, and the one that was read last. */
struct lines {
	FILE *file;
	const char *name;
	unsigned int number;
	char *line; /* DESCRIPTOR_FILE_MAX bytes */
	size_t length;
};

static void skip_line(FILE *file)
{
	int byte;

	do {
		byte = getc_unlocked(file);
	} while (byte != EOF && byte != '\n');
}

/*
 * The next line, its newline left out. Gives 1; 0 when none is left; -EINVAL for one that is too
 * long, behind which it goes on; -errno.
 */
static int next_line(struct lines *lines, struct parse_error *error)
{
	size_t used = 0;
	int byte;

	lines->number++;
	while ((byte = getc_unlocked(lines->file)) != EOF && byte != '\n') {
		if (used == DESCRIPTOR_FILE_MAX) {
			skip_line(lines->file);
			return parse_error_set(error, lines->name, lines->number, 1,
					       "expected a line of at most %u KiB",
					       DESCRIPTOR_FILE_MAX >> 10);
		}
		lines->line[used++] = (char)byte;
	}
	if (ferror(lines->file)) {
		int r = -errno;

		parse_error_set(error, lines->name, lines->number, 1, "expected a line, got \"%s\"",
				strerror(errno));
		return r;
	}
	lines->length = used;
	return byte != EOF || used;
}

static bool is_blank_line(const struct lines *lines)
{
	for (size_t i = 0; i < lines->length; i++)
		if (!strchr(" \t\r", lines->line[i]) || !lines->line[i])
			return false;
	return true;
}

static int visit_line(const struct walk *walk, const struct lines *lines)
{
	struct descriptor *descriptor;
	char place[PLACE_BYTES];
	int r;

	if (is_blank_line(lines))
		return 0;
	r = descriptor_read_text(lines->name, lines->line, lines->length, &descriptor, walk->error);
	if (r) {
		if (walk->error && walk->error->line)
			walk->error->line += lines->number - 1;
		return refused(walk, r);
	}
	snprintf(place, sizeof(place), "%s:%u", lines->name, lines->number);
	return walk->visit(place, descriptor, walk->data);
}

static int visit_each_line(const struct walk *walk, struct lines *lines)
{
	int r;

	do {
		r = next_line(lines, walk->error);
		if (r > 0) {
			r = visit_line(walk, lines);
		} else if (r < 0) {
			r = refused(walk, r);
			/* Behind an error of reading there is nothing more to be had. */
			if (ferror(lines->file))
				return r;
		} else {
			return 0;
		}
	} while (!r);
	return r;
}

static int visit_lines(const struct walk *walk, const char *path)
{
	AUTO_FREE char *line = malloc(DESCRIPTOR_FILE_MAX);
	AUTO_FILE FILE *opened = NULL;
	struct lines lines = {.file = stdin, .name = "<stdin>", .line = line};

	if (strcmp(path, "-") != 0) {
		opened = fopen(path, "re");
		lines.file = opened;
		lines.name = path;
	}
	if (!line || !lines.file) {
		int r = line ? -errno : -ENOMEM;

		parse_error_set(walk->error, path, 0, 0, "expected descriptors, got \"%s\"",
				strerror(-r));
		return refused(walk, r);
	}
	return visit_each_line(walk, &lines);
}

static int visit_either(const struct walk *walk, const char *path)
{
	if (ends_in(path, ".jsonl") || strcmp(path, "-") == 0)
		return visit_lines(walk, path);
	return visit_file(walk, path);
}

static int is_wanted(const struct dirent *entry)
{
	return ends_in(entry->d_name, ".json") || ends_in(entry->d_name, ".jsonl");
}

static int visit_entry(const struct walk *walk, const char *folder, const char *name)
{
	char file[PLACE_BYTES];

	if (snprintf(file, sizeof(file), "%s/%s", folder, name) >= (int)sizeof(file)) {
		parse_error_set(walk->error, folder, 0, 0, "expected a shorter path");
		return refused(walk, -ENAMETOOLONG);
	}
	return visit_either(walk, file);
}

static int visit_folder(const struct walk *walk, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_wanted, alphasort);
	int r = 0;

	if (count < 0) {
		r = -errno;
		parse_error_set(walk->error, path, 0, 0, "expected a folder, got \"%s\"",
				strerror(errno));
		return r;
	}
	for (int i = 0; i < count; i++) {
		if (!r)
			r = visit_entry(walk, path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int collection_each_readable(const char *path, collection_visitor visit, collection_refusal refuse,
			     void *data, struct parse_error *error)
{
	struct walk walk = {.visit = visit, .refuse = refuse, .data = data, .error = error};
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return visit_folder(&walk, path);
	return visit_either(&walk, path);
}

int collection_each(const char *path, collection_visitor visit, void *data,
		    struct parse_error *error)
{
	return collection_each_readable(path, visit, NULL, data, error);
}
