// SPDX-License-Identifier: GPL-2.0-only
#include "config/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define READ_START_BYTES (64u << 10)

struct cursor cursor_at_start(const struct input *input)
{
	return (struct cursor){
		.text = input->text,
		.length = input->length,
		.position = {.line = 1, .column = 1},
	};
}

void cursor_move(struct cursor *cursor, size_t offset)
{
	if (offset > cursor->length)
		offset = cursor->length;
	if (offset < cursor->offset) {
		cursor->offset = 0;
		cursor->position = (struct position){.line = 1, .column = 1};
	}
	for (; cursor->offset < offset; cursor->offset++) {
		if (cursor->text[cursor->offset] == '\n') {
			cursor->position.line++;
			cursor->position.column = 1;
		} else {
			cursor->position.column++;
		}
	}
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", text[i]))
			return false;
	return true;
}

/* Text that a parser may see: not empty, no NUL, no byte order mark, UTF-8 to the end. */
static int input_check(const struct input *input, const char *what, struct parse_error *error)
{
	const char *nul = memchr(input->text, '\0', input->length);
	size_t valid = utf8_valid_length(input->text, input->length);
	size_t nul_at = nul ? (size_t)(nul - input->text) : input->length;
	struct cursor cursor = cursor_at_start(input);

	cursor_move(&cursor, valid < nul_at ? valid : nul_at);
	if (nul_at < valid || (nul && nul_at == valid))
		return parse_error_set(error, input->name, cursor.position.line,
				       cursor.position.column, "expected text, got a NUL byte");
	if (valid < input->length)
		return parse_error_set(error, input->name, cursor.position.line,
				       cursor.position.column, "expected UTF-8, got byte 0x%02x",
				       (unsigned char)input->text[valid]);
	if (input->length >= 3 && memcmp(input->text, "\xef\xbb\xbf", 3) == 0)
		return parse_error_set(error, input->name, 1, 1,
				       "expected %s, got a byte order mark", what);
	if (is_blank(input->text, input->length))
		return parse_error_set(error, input->name, 1, 1, "expected %s, got an empty file",
				       what);
	return 0;
}

static int refuse_size(const char *name, size_t size_max, uint64_t size, const char *what,
		       struct parse_error *error)
{
	if (size)
		parse_error_set(error, name, 0, 0,
				"expected %s of at most %zu KiB, got a file of %llu KiB", what,
				size_max >> 10, (unsigned long long)(size >> 10));
	else
		parse_error_set(error, name, 0, 0, "expected %s of at most %zu KiB, got more", what,
				size_max >> 10);
	return -EFBIG;
}

int input_from_memory(const char *name, const char *text, size_t length, size_t size_max,
		      const char *what, struct input *out, struct parse_error *error)
{
	struct input input = {.name = name, .text = text, .length = length};
	int r;

	if (length > size_max)
		return refuse_size(name, size_max, length, what, error);
	r = input_check(&input, what, error);
	if (r)
		return r;
	*out = input;
	return 0;
}

static int refuse_errno(const char *name, const char *what, int number, struct parse_error *error)
{
	parse_error_set(error, name, 0, 0, "expected %s, got \"%s\"", what, strerror(number));
	return -number;
}

/*
 * Reads to the end or one byte past the cap. The buffer has one byte more for the final NUL.
 * *size holds the size to start with and, at the end, the bytes read.
 */
static int read_bounded(int fd, size_t size_max, char **buffer, size_t *size)
{
	size_t room = *size;
	size_t used = 0;

	for (;;) {
		ssize_t got;

		if (used == room || !*buffer) {
			char *more;

			if (used == room)
				room = room * 2 < size_max + 1 ? room * 2 : size_max + 1;
			more = realloc(*buffer, room + 1);
			if (!more)
				return -ENOMEM;
			*buffer = more;
		}
		got = read(fd, *buffer + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		used += (size_t)got;
		if (got == 0 || used > size_max)
			break;
	}
	(*buffer)[used] = '\0';
	*size = used;
	return 0;
}

/* Looks at what @fd is before a byte is read. *size becomes the size of a first buffer. */
static int input_stat(int fd, const char *name, size_t size_max, const char *what, size_t *size,
		      struct parse_error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return refuse_errno(name, what, errno, error);
	if (S_ISDIR(st.st_mode)) {
		parse_error_set(error, name, 0, 0, "expected %s, got a directory", what);
		return -EISDIR;
	}
	*size = size_max < READ_START_BYTES ? size_max + 1 : READ_START_BYTES;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_size > (off_t)size_max)
		return refuse_size(name, size_max, (uint64_t)st.st_size, what, error);
	/* One byte more, so that the read that finds the end needs no second buffer. */
	*size = (size_t)st.st_size + 1;
	return 0;
}

int input_open(const char *path, size_t size_max, const char *what, struct input *out,
	       struct parse_error *error)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "<stdin>" : path;
	AUTO_FREE char *buffer = NULL;
	AUTO_FD int opened = -1;
	size_t size = 0;
	int r;

	if (!is_stdin) {
		opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (opened < 0)
			return refuse_errno(name, what, errno, error);
	}
	r = input_stat(is_stdin ? STDIN_FILENO : opened, name, size_max, what, &size, error);
	if (r)
		return r;
	r = read_bounded(is_stdin ? STDIN_FILENO : opened, size_max, &buffer, &size);
	if (r)
		return refuse_errno(name, what, -r, error);
	if (size > size_max)
		return refuse_size(name, size_max, 0, what, error);

	r = input_from_memory(name, buffer, size, size_max, what, out, error);
	if (r)
		return r;
	out->owned = TAKE_PTR(buffer);
	return 0;
}

void input_close(struct input *input)
{
	free(input->owned);
	*input = (struct input){0};
}
