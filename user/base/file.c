// SPDX-License-Identifier: GPL-2.0-only
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int file_read(int fd, void *buffer, size_t size, size_t *length)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, (char *)buffer + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	*length = used;
	return 0;
}

int file_write(int fd, const void *data, size_t size)
{
	const char *rest = data;

	while (size) {
		ssize_t put = write(fd, rest, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		rest += put;
		size -= (size_t)put;
	}
	return 0;
}

int file_make_folder(const char *path, mode_t mode)
{
	AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	return mkdir(dirname(copy), mode) && errno != EEXIST ? -errno : 0;
}

int file_sync_folder(const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_FD int fd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) ? -errno : 0;
}

static int fill(int fd, mode_t mode, const void *data, size_t size)
{
	int r;

	/* The umask has nothing to say here. */
	if (fchmod(fd, mode))
		return -errno;
	r = file_write(fd, data, size);
	if (!r && fsync(fd))
		r = -errno;
	return r;
}

/* Under its name from one moment to the next; a link, unlike a rename, never replaces. */
static int publish(const char *temporary, const char *path, bool replaces)
{
	if (replaces ? rename(temporary, path) : link(temporary, path))
		return -errno;
	return file_sync_folder(path);
}

static int put(const char *path, mode_t mode, const void *data, size_t size, bool replaces)
{
	AUTO_FREE char *temporary = NULL;
	AUTO_FD int fd = -1;
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fill(fd, mode, data, size);
	if (!r)
		r = publish(temporary, path, replaces);
	if (r || !replaces)
		unlink(temporary);
	return r;
}

int file_create(const char *path, mode_t mode, const void *data, size_t size)
{
	return put(path, mode, data, size, false);
}

int file_replace(const char *path, mode_t mode, const void *data, size_t size)
{
	return put(path, mode, data, size, true);
}
