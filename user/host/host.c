// SPDX-License-Identifier: GPL-2.0-only
#include "host/host.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/utf8.h"

struct host {
	/* Canonical, without a slash at its end: "" is this machine. */
	size_t root_length;
	char root[];
};

_Static_assert(HOST_PATH_BYTES >= PATH_MAX, "realpath needs that much");

int host_open(const char *root, struct host **out)
{
	AUTO_FREE char *canonical = realpath(root ? root : "/", NULL);
	struct host *host;
	char sys[HOST_PATH_BYTES];
	struct stat status;
	size_t length;

	if (!canonical)
		return -errno;
	length = strcmp(canonical, "/") ? strlen(canonical) : 0;
	if ((size_t)snprintf(sys, sizeof(sys), "%.*s/sys", (int)length, canonical) >= sizeof(sys))
		return -ENAMETOOLONG;
	if (stat(sys, &status))
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;

	host = calloc(1, sizeof(*host) + length + 1);
	if (!host)
		return -ENOMEM;
	host->root_length = length;
	memcpy(host->root, canonical, length);
	*out = host;
	return 0;
}

void host_close(struct host *host)
{
	free(host);
}

/* The machine's own path of a host path. */
static int full_path(const struct host *host, char out[static HOST_PATH_BYTES], const char *format,
		     va_list args)
{
	size_t room = HOST_PATH_BYTES - host->root_length;
	int length;

	if (host->root_length >= HOST_PATH_BYTES)
		return -ENAMETOOLONG;
	memcpy(out, host->root, host->root_length);
	length = vsnprintf(out + host->root_length, room, format, args);
	return length < 0 || (size_t)length >= room ? -ENAMETOOLONG : 0;
}

static int read_fd(int fd, char *buffer, size_t size, size_t *length)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, buffer + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		done += (size_t)got;
	}
	*length = done;
	return 0;
}

int host_read_at(int dir, const char *path, char *buffer, size_t size, size_t *length)
{
	/* O_NONBLOCK: a FIFO in the way must not hang us before we know that it is one. */
	AUTO_FD int fd =
		openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return read_fd(fd, buffer, size, length);
}

static int read_text(const struct host *host, struct host_text *out, const char *format,
		     va_list args)
{
	char path[HOST_PATH_BYTES];
	size_t length = 0;
	int r;

	out->length = 0;
	out->text[0] = '\0';
	r = full_path(host, path, format, args);
	if (!r)
		r = host_read_at(AT_FDCWD, path, out->text, sizeof(out->text), &length);
	if (!r && length > HOST_TEXT_MAX)
		r = -EFBIG;
	if (!r && !host_is_text(out->text, length))
		r = -EILSEQ;
	if (!r)
		out->length = length;
	out->text[out->length] = '\0';
	return r;
}

int host_read(const struct host *host, struct host_text *out, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = read_text(host, out, format, args);
	va_end(args);
	return r;
}

int host_read_line(const struct host *host, struct host_text *out, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = read_text(host, out, format, args);
	va_end(args);
	if (!r && out->length && out->text[out->length - 1] == '\n')
		out->text[--out->length] = '\0';
	return r;
}

int host_open_folder(const struct host *host, const char *format, ...)
{
	char path[HOST_PATH_BYTES];
	va_list args;
	int r, fd;

	va_start(args, format);
	r = full_path(host, path, format, args);
	va_end(args);
	if (r)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int link_name(const char *path, char out[static HOST_NAME_BYTES])
{
	char target[HOST_PATH_BYTES];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	const char *name;

	if (length < 0)
		return -errno;
	if ((size_t)length == sizeof(target) - 1)
		return -ENAMETOOLONG;
	target[length] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	if (strlen(name) >= HOST_NAME_BYTES)
		return -ENAMETOOLONG;
	strcpy(out, name);
	return 0;
}

int host_link_name(const struct host *host, char out[static HOST_NAME_BYTES], const char *format,
		   ...)
{
	char path[HOST_PATH_BYTES];
	va_list args;
	int r;

	out[0] = '\0';
	va_start(args, format);
	r = full_path(host, path, format, args);
	va_end(args);
	return r ? r : link_name(path, out);
}

int host_resolve(const struct host *host, char out[static HOST_PATH_BYTES], const char *format, ...)
{
	char path[HOST_PATH_BYTES];
	AUTO_FREE char *canonical = NULL;
	va_list args;
	int r;

	out[0] = '\0';
	va_start(args, format);
	r = full_path(host, path, format, args);
	va_end(args);
	if (r)
		return r;
	canonical = realpath(path, NULL);
	if (!canonical)
		return -errno;
	if (strncmp(canonical, host->root, host->root_length) ||
	    canonical[host->root_length] != '/')
		return -EXDEV;
	strcpy(out, canonical + host->root_length);
	return 0;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int names_add(struct host_names *names, const char *name)
{
	/* Room doubles at powers of two, as in arena_grow. */
	if (!(names->count & (names->count - 1))) {
		size_t room = names->count ? names->count * 2 : 1;
		char **bigger = reallocarray(names->names, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		names->names = bigger;
	}
	names->names[names->count] = strdup(name);
	if (!names->names[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

static int names_read(DIR *dir, struct host_names *names)
{
	struct dirent *entry;
	int r;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (entry->d_name[0] == '.')
			continue;
		if (names->count == HOST_NAMES_MAX)
			return -EOVERFLOW;
		r = names_add(names, entry->d_name);
		if (r)
			return r;
	}
}

int host_list(const struct host *host, struct host_names *out, const char *format, ...)
{
	AUTO_NAMES struct host_names names = {0};
	AUTO_DIR DIR *dir = NULL;
	char path[HOST_PATH_BYTES];
	va_list args;
	int r;

	*out = (struct host_names){0};
	va_start(args, format);
	r = full_path(host, path, format, args);
	va_end(args);
	if (r)
		return r;
	dir = opendir(path);
	if (!dir)
		return -errno;
	r = names_read(dir, &names);
	if (r)
		return r;
	if (names.count)
		qsort(names.names, names.count, sizeof(*names.names), by_name);
	*out = names;
	names = (struct host_names){0};
	return 0;
}

void host_names_free(struct host_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct host_names){0};
}

bool host_is_text(const char *text, size_t length)
{
	size_t step;

	for (size_t i = 0; i < length; i += step) {
		step = utf8_length(text + i, length - i);
		if (!step || !text[i])
			return false;
	}
	return true;
}
