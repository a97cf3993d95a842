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

static int visit_file(const char *path, collection_visitor visit, void *data,
		      struct parse_error *error)
{
	struct descriptor *descriptor;
	int r = descriptor_read_file(path, &descriptor, error);

	return r ? r : visit(path, descriptor, data);
}

/* The next line, its newline left out, into @line: DESCRIPTOR_FILE_MAX bytes. 0: none is left. */
static int next_line(FILE *file, const char *path, unsigned int number, char *line, size_t *length,
		     struct parse_error *error)
{
	size_t used = 0;
	int byte;

	while ((byte = getc_unlocked(file)) != EOF && byte != '\n') {
		if (used == DESCRIPTOR_FILE_MAX)
			return parse_error_set(error, path, number, 1,
					       "expected a line of at most %u KiB",
					       DESCRIPTOR_FILE_MAX >> 10);
		line[used++] = (char)byte;
	}
	if (ferror(file)) {
		int r = -errno;

		parse_error_set(error, path, number, 1, "expected a line, got \"%s\"",
				strerror(errno));
		return r;
	}
	*length = used;
	return byte != EOF || used;
}

static bool is_blank_line(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static int visit_line(const char *path, unsigned int number, const char *line, size_t length,
		      collection_visitor visit, void *data, struct parse_error *error)
{
	struct descriptor *descriptor;
	char place[PLACE_BYTES];
	int r;

	if (is_blank_line(line, length))
		return 0;
	r = descriptor_read_text(path, line, length, &descriptor, error);
	if (r) {
		if (error && error->line)
			error->line += number - 1;
		return r;
	}
	snprintf(place, sizeof(place), "%s:%u", path, number);
	return visit(place, descriptor, data);
}

static int visit_lines(const char *path, collection_visitor visit, void *data,
		       struct parse_error *error)
{
	AUTO_FREE char *line = malloc(DESCRIPTOR_FILE_MAX);
	AUTO_FILE FILE *file = fopen(path, "re");
	unsigned int number = 1;
	int r;

	if (!line || !file) {
		r = -errno;
		parse_error_set(error, path, 0, 0, "expected descriptors, got \"%s\"",
				strerror(errno));
		return r;
	}
	for (;; number++) {
		size_t length = 0;

		r = next_line(file, path, number, line, &length, error);
		if (r <= 0)
			return r;
		r = visit_line(path, number, line, length, visit, data, error);
		if (r)
			return r;
	}
}

static int visit_either(const char *path, collection_visitor visit, void *data,
			struct parse_error *error)
{
	return ends_in(path, ".jsonl") ? visit_lines(path, visit, data, error)
				       : visit_file(path, visit, data, error);
}

static int is_wanted(const struct dirent *entry)
{
	return ends_in(entry->d_name, ".json") || ends_in(entry->d_name, ".jsonl");
}

static int visit_folder(const char *path, collection_visitor visit, void *data,
			struct parse_error *error)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_wanted, alphasort);
	int r = 0;

	if (count < 0) {
		r = -errno;
		parse_error_set(error, path, 0, 0, "expected a folder, got \"%s\"",
				strerror(errno));
		return r;
	}
	for (int i = 0; i < count; i++) {
		char file[PLACE_BYTES];

		if (!r && snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name) >=
				  (int)sizeof(file)) {
			parse_error_set(error, path, 0, 0, "expected a shorter path");
			r = -ENAMETOOLONG;
		}
		if (!r)
			r = visit_either(file, visit, data, error);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int collection_each(const char *path, collection_visitor visit, void *data,
		    struct parse_error *error)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return visit_folder(path, visit, data, error);
	return visit_either(path, visit, data, error);
}
