/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where vendors keep what: a table of sysfs files and of the place in a descriptor (SEMANTICS 3)
 * that each one fills. A site adds lines of its own by a file:
 *
 *     # base   path                  target                 driver
 *     device   mdev/fw_level         firmware_version
 *     type     vendor/interface      interface_version      acme-*
 *     physfn   infiniband/x/fw_ver   firmware_version       mlx5_vfio_pci
 *     parent   slices                attributes.slices
 *
 * One line per file, columns separated by blanks or tabs; '#' starts a comment, empty lines are
 * fine. Base is where the path starts:
 *   device  the VFIO device itself
 *   type    its mdev type (the folder below mdev_supported_types)
 *   parent  the parent of an mdev
 *   physfn  the physical function of a PCI virtual function
 *   module  the driver's module (/sys/module/NAME); the parent's driver for an mdev
 * A path is relative, without "." and ".."; '*', '?' and […] match within one part, and of several
 * matches the first by name is read. Target is version, interface_version,
 * interface_version_compatible, compatible_type, template, driver_version, firmware_version, or
 * attributes.NAME. Driver is a pattern (fnmatch) over the descriptor's driver; without one the line
 * is for every device.
 *
 * Per target the first line counts whose file exists, a site's lines before the built-in ones. A
 * file that exists and cannot be read makes its target unreadable: the next line does not mend it.
 */
#ifndef HOST_SOURCES_H
#define HOST_SOURCES_H

#include <stddef.h>

#include "base/parse_error.h"
#include "host/host.h"

/* A site's table, read where it exists and no other is named. */
#define SOURCES_SITE_FILE "/etc/migwarden/attributes"
#define SOURCES_FILE_MAX (1u << 20)

enum source_base {
	SOURCE_DEVICE,
	SOURCE_TYPE,
	SOURCE_PARENT,
	SOURCE_PHYSFN,
	SOURCE_MODULE,
	SOURCE_BASE_COUNT_,
};

enum source_target {
	TARGET_VERSION,
	TARGET_INTERFACE_VERSION,
	TARGET_INTERFACE_VERSION_COMPATIBLE,
	TARGET_COMPATIBLE_TYPE,
	TARGET_TEMPLATE,
	TARGET_DRIVER_VERSION,
	TARGET_FIRMWARE_VERSION,
	TARGET_ATTRIBUTE,
};

struct source {
	enum source_base base;
	const char *path;
	enum source_target target;
	const char *attribute; /* TARGET_ATTRIBUTE: its name; else NULL */
	const char *driver;    /* fnmatch pattern; NULL: any device */
};

struct sources {
	struct arena *arena;  /* owns what was read from site files */
	struct source *items; /* in order: the first that exists counts */
	size_t count;
};

/* sources_new - the built-in table. Gives 0 and *out, the caller's; -ENOMEM. */
int sources_new(struct sources **out);

/* sources_free - NULL is fine. */
void sources_free(struct sources *sources);

#define AUTO_SOURCES __attribute__((cleanup(sources_free_ptr)))
static inline void sources_free_ptr(struct sources **sources)
{
	sources_free(*sources);
}

/*
 * sources_read_text - puts the lines of a site's table before those that are there; @name stands
 * for the file in errors. Gives 0; -EINVAL with @error (may be NULL) at the line and column;
 * -ENOMEM. On failure the table is as it was.
 */
int sources_read_text(struct sources *sources, const char *name, const char *text, size_t length,
		      struct parse_error *error);

/*
 * sources_read_file - the same from a file of the machine. -errno of open or read, -EFBIG over
 * SOURCES_FILE_MAX bytes, each with @error filled.
 */
int sources_read_file(struct sources *sources, const char *path, struct parse_error *error);

/*
 * source_read - the file of @source below the host folder @base, byte for byte.
 * Gives 0 and @out; -ENOENT when there is no such file; else errors as host_read, -EXDEV when the
 * path leads out of sysfs.
 */
int source_read(const struct host *host, const struct source *source, const char *base,
		struct host_text *out);

#endif
