// SPDX-License-Identifier: GPL-2.0-only
#include "host/mdev.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define PARENTS "/sys/class/mdev_bus"

extern char **environ;

/* Fedora has it in the first, Debian in the second. NULL: it is not installed. */
static char *find_mdevctl(void)
{
	static char places[][sizeof("/usr/sbin/mdevctl")] = {"/usr/sbin/mdevctl",
							     "/usr/bin/mdevctl"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!access(places[i], X_OK))
			return places[i];
	return NULL;
}

static bool has_room(const struct host *host, const char *parent, const char *type)
{
	struct host_text text;
	uint64_t count;

	return !host_read_line(host, &text,
			       PARENTS "/%s/mdev_supported_types/%s/available_instances", parent,
			       type) &&
	       slice_to_u64(slice_of(text.text), &count) && count;
}

/* A name that is one part of a path and nothing else. */
static bool is_name(const char *text)
{
	return *text && *text != '.' && !strchr(text, '/');
}

int mdev_find_parent(const struct host *host, const char *type, char out[static HOST_NAME_BYTES])
{
	AUTO_NAMES struct host_names parents = {0};
	int r = is_name(type) ? host_list(host, &parents, PARENTS) : -EINVAL;

	if (r)
		return host_is_absent(r) ? -ENOENT : r;
	for (size_t i = 0; i < parents.count; i++) {
		if (!has_room(host, parents.names[i], type) ||
		    strlen(parents.names[i]) >= HOST_NAME_BYTES)
			continue;
		strcpy(out, parents.names[i]);
		return 0;
	}
	return -ENOENT;
}

static int run(char *const *arguments)
{
	int status;
	pid_t child;
	posix_spawn_file_actions_t actions;
	int r = -posix_spawn_file_actions_init(&actions);

	if (r)
		return r;
	/* The standard output of the hook is the domain's XML. */
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	r = -posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return r;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static int write_attribute(const struct host *host, const char *text, const char *folder,
			   const char *attribute)
{
	AUTO_FD int dir = host_open_folder(host, "%s", folder);
	AUTO_FD int fd = -1;
	ssize_t length = (ssize_t)strlen(text);

	if (dir < 0)
		return dir;
	fd = openat(dir, attribute, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	return write(fd, text, (size_t)length) == length ? 0 : -errno;
}

static int new_uuid(const struct host *host, char uuid[static MDEV_UUID_BYTES])
{
	struct host_text text;
	int r = host_read_line(host, &text, "/proc/sys/kernel/random/uuid");

	if (r)
		return r;
	if (text.length != MDEV_UUID_BYTES - 1)
		return -EINVAL;
	memcpy(uuid, text.text, MDEV_UUID_BYTES);
	return 0;
}

int mdev_create(const struct host *host, const char *parent, const char *type,
		char uuid[static MDEV_UUID_BYTES])
{
	char *arguments[] = {find_mdevctl(), "start",  "--uuid",     uuid, "--parent",
			     (char *)parent, "--type", (char *)type, NULL};
	char folder[HOST_PATH_BYTES];
	int r = is_name(parent) && is_name(type) ? new_uuid(host, uuid) : -EINVAL;

	if (r)
		return r;
	if (arguments[0])
		return run(arguments);
	snprintf(folder, sizeof(folder), PARENTS "/%s/mdev_supported_types/%s", parent, type);
	return write_attribute(host, uuid, folder, "create");
}

int mdev_remove(const struct host *host, const char *uuid)
{
	char *arguments[] = {find_mdevctl(), "stop", "--uuid", (char *)uuid, NULL};
	char folder[HOST_PATH_BYTES];
	AUTO_FD int device = -1;

	if (!is_name(uuid))
		return -EINVAL;
	snprintf(folder, sizeof(folder), "/sys/bus/mdev/devices/%s", uuid);
	/* mdevctl would complain of one that is gone, and fail like that for all else. */
	device = host_open_folder(host, "%s", folder);
	if (device < 0)
		return device;
	if (arguments[0])
		return run(arguments);
	return write_attribute(host, "1", folder, "remove");
}
