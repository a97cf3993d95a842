// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/gate.h"
#include "kern/gate_pins.h"

bool pins_root_is_bpffs(void)
{
	struct statfs status;

	return statfs(GATE_PIN_ROOT, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

bool pins_exist(void)
{
	return access(PINS_FOLDER, F_OK) == 0;
}

bool pins_are_begun(void)
{
	return access(PINS_NEW_FOLDER, F_OK) == 0;
}

const char *pins_path(char out[static PINS_PATH_BYTES], const char *folder, const char *kind,
		      const char *name)
{
	snprintf(out, PINS_PATH_BYTES, "%s/%s_%s", folder, kind, name);
	return out;
}

static bool is_keeper(const char *pin)
{
	size_t length = strlen(pin), of_name = strlen(PINS_KEEPER);

	return length >= of_name && strcmp(pin + length - of_name, PINS_KEEPER) == 0;
}

static int remove_some(const char *folder, const char *begin, bool keepers)
{
	AUTO_DIR DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, begin, strlen(begin)) == 0 &&
		    is_keeper(entry->d_name) == keepers && unlinkat(dirfd(dir), entry->d_name, 0))
			return -errno;
	return 0;
}

/* The pins whose names begin so. */
static int remove_pins(const char *folder, const char *begin)
{
	int r = remove_some(folder, begin, false);

	return r ? r : remove_some(folder, begin, true);
}

int pins_remove_kind(const char *folder, const char *kind)
{
	char begin[PINS_PATH_BYTES];

	snprintf(begin, sizeof(begin), "%s_", kind);
	return remove_pins(folder, begin);
}

int pins_remove_chosen(const char *folder, const char *kind, pins_choice choice,
		       const void *context)
{
	AUTO_DIR DIR *dir = opendir(folder);
	size_t length = strlen(kind);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, kind, length) && entry->d_name[length] == '_' &&
		    choice(context, entry->d_name + length + 1) &&
		    unlinkat(dirfd(dir), entry->d_name, 0))
			return -errno;
	return 0;
}

int pins_remove(const char *folder)
{
	int r = remove_pins(folder, "");

	if (r)
		return r;
	return rmdir(folder) ? -errno : 0;
}

int pins_begin(char folder[static PINS_PATH_BYTES])
{
	int r;

	if (!pins_root_is_bpffs())
		return -ENOTDIR;
	r = pins_remove(PINS_NEW_FOLDER);
	if (r && r != -ENOENT)
		return r;
	if (mkdir(PINS_NEW_FOLDER, 0700))
		return -errno;
	snprintf(folder, PINS_PATH_BYTES, "%s", PINS_NEW_FOLDER);
	return 0;
}

int pins_commit(const char *folder)
{
	return rename(folder, PINS_FOLDER) ? -errno : 0;
}

int pins_abandon(void)
{
	return pins_remove(PINS_NEW_FOLDER);
}
