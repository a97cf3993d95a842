/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files that are there whole, on the disk, or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * file_create - a new file @path with @size bytes of @data. When it gives 0 they are on the disk,
 * whatever happens then; otherwise @path is as it was. -EEXIST when it is there already; else
 * -errno.
 */
int file_create(const char *path, mode_t mode, const void *data, size_t size);

/* file_replace - the same, over what was there. */
int file_replace(const char *path, mode_t mode, const void *data, size_t size);

/*
 * file_read - up to @size bytes from where @fd stands. Gives 0 and *length (== @size when there may
 * be more), or -errno.
 */
int file_read(int fd, void *buffer, size_t size, size_t *length);

/* file_write - all of @size bytes from where @fd stands. 0 or -errno; then some may be there. */
int file_write(int fd, const void *data, size_t size);

/* file_make_folder - the folder of @path, where only it is missing. 0, also when it is there;
 * -errno. */
int file_make_folder(const char *path, mode_t mode);

/* file_sync_folder - makes durable which names the folder of @path has. 0 or -errno. */
int file_sync_folder(const char *path);

#endif
