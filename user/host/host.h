/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file trees of a host that this program reads, /sys and /proc, and nothing else of it. The
 * root is a parameter, so that tests can hand in a tree of their own.
 *
 * All paths here are the host's ("/sys/bus/…"), without the root. Nothing is ever written, and what
 * the kernel or a driver put into a name or a file is bounded and checked before it is used.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define HOST_PATH_BYTES 4096
#define HOST_NAME_BYTES 256
/* What one sysfs attribute can hold on a machine with 4 KiB pages. */
#define HOST_TEXT_MAX 4096
/* Entries of one folder; more is refused with -EOVERFLOW. */
#define HOST_NAMES_MAX 65536

/* Another value after each boot, the same until the next. */
#define HOST_BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

struct host;

struct host_text {
	size_t length;
	char text[HOST_TEXT_MAX + 1]; /* NUL-terminated, no NUL before that, valid UTF-8 */
};

struct host_names {
	char **names; /* sorted by strcmp */
	size_t count;
};

/*
 * host_open - the host whose trees lie under @root; NULL or "/" is this machine.
 * Gives 0 and *out, the caller's; -errno when @root/sys is not a folder one can reach; -ENOMEM.
 */
int host_open(const char *root, struct host **out);

/* host_close - NULL is fine. */
void host_close(struct host *host);

#define AUTO_HOST __attribute__((cleanup(host_close_ptr)))
static inline void host_close_ptr(struct host **host)
{
	host_close(*host);
}

/*
 * host_read - one attribute file, whole, into @out.
 * Gives 0; -ENOENT or -ENOTDIR when there is none; -EISDIR or -EINVAL when it is no regular file
 * (nothing is read from it, a FIFO does not block); -EFBIG over HOST_TEXT_MAX bytes; -EILSEQ when
 * it holds a NUL or is not UTF-8; -ELOOP when it is a symbolic link; else the -errno of open or
 * read. On failure @out is the empty text.
 */
int host_read(const struct host *host, struct host_text *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* host_read_line - as host_read, without the one newline that ends a sysfs value. */
int host_read_line(const struct host *host, struct host_text *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * host_read_at - up to @size bytes of a regular file below the open folder @dir (AT_FDCWD: @path is
 * the machine's own). Gives 0 and *length; *length == @size when there may be more. Errors as
 * host_read, but for -EFBIG and -EILSEQ: the bytes are given as they are.
 */
int host_read_at(int dir, const char *path, char *buffer, size_t size, size_t *length);

/* host_open_folder - an O_CLOEXEC descriptor of a folder, the caller's, or -errno. */
int host_open_folder(const struct host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * host_link_name - the last part of what a symbolic link points to, the way sysfs names a driver, a
 * bus or a type. Gives 0; -ENOENT or -ENOTDIR when there is no link; -EINVAL when it is no link or
 * ends in nothing usable; -ENAMETOOLONG; else -errno. On failure @out is "".
 */
int host_link_name(const struct host *host, char out[static HOST_NAME_BYTES], const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

/*
 * host_resolve - the canonical path, without links. Gives 0; -EXDEV when it leads out of the root;
 * -ENAMETOOLONG; else the -errno of realpath. On failure @out is "".
 */
int host_resolve(const struct host *host, char out[static HOST_PATH_BYTES], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * host_list - names in a folder, hidden ones left out.
 * Gives 0 and @out, freed by host_names_free; -ENOENT when there is no such folder (@out is empty);
 * -EOVERFLOW, -ENOMEM, else -errno.
 */
int host_list(const struct host *host, struct host_names *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* host_names_free - frees the names; an empty list is fine. */
void host_names_free(struct host_names *names);

#define AUTO_NAMES __attribute__((cleanup(host_names_free)))

/* host_is_absent - whether a negative errno says that the file is not there at all. */
static inline bool host_is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR;
}

/* host_is_text - whether all @length bytes are UTF-8 and none is NUL. */
bool host_is_text(const char *text, size_t length);

#endif
