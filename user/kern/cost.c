// SPDX-License-Identifier: GPL-2.0-only
#include "kern/cost.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define FDINFO_BYTES 1024
#define IDS_MAX (2 * COST_ITEMS_MAX)

/* Programs and maps that were counted: several descriptors may be of one. */
struct seen {
	uint32_t ids[IDS_MAX];
	size_t count;
};

/* Gives whether @id is new, and has a place. */
static bool see(struct seen *seen, uint32_t id)
{
	for (size_t i = 0; i < seen->count; i++)
		if (seen->ids[i] == id)
			return false;
	if (seen->count == IDS_MAX)
		return false;
	seen->ids[seen->count++] = id;
	return true;
}

static struct cost_item *item_of(struct cost_item items[static COST_ITEMS_MAX], size_t *count,
				 const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	if (*count == COST_ITEMS_MAX)
		return NULL;
	snprintf(items[*count].name, COST_NAME_BYTES, "%s", name);
	return &items[(*count)++];
}

/* A number of fdinfo, "memlock:\t4096"; false where there is no such line. */
static bool number_of(const char *text, const char *key, unsigned long long *out)
{
	const char *at = strstr(text, key);

	return at && sscanf(at + strlen(key), ":%llu", out) == 1;
}

static void add_program(struct cost *cost, struct seen *seen, int fd, const char *fdinfo)
{
	struct bpf_prog_info info = {0};
	unsigned long long bytes = 0;
	struct cost_item *item;
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || !see(seen, info.id))
		return;
	item = item_of(cost->programs, &cost->program_count, info.name);
	if (!item)
		return;
	number_of(fdinfo, "\nmemlock", &bytes);
	item->bytes += bytes;
	item->runs += info.run_cnt;
	item->run_ns += info.run_time_ns;
}

static void add_map(struct cost *cost, struct seen *seen, int fd, const char *fdinfo)
{
	struct bpf_map_info info = {0};
	unsigned long long bytes = 0;
	struct cost_item *item;
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || !see(seen, info.id))
		return;
	item = item_of(cost->maps, &cost->map_count, info.name);
	if (!item)
		return;
	number_of(fdinfo, "\nmemlock", &bytes);
	item->bytes += bytes;
}

/* Empty where it cannot be read: the descriptor may be that of the folder itself. */
static void read_text(int folder, const char *name, char *out, size_t size)
{
	AUTO_FD int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;

	if (fd < 0 || file_read(fd, out, size - 1, &length))
		length = 0;
	out[length] = '\0';
}

static bool stats_are_enabled(void)
{
	char text[FDINFO_BYTES];

	read_text(AT_FDCWD, "/proc/sys/kernel/bpf_stats_enabled", text, sizeof(text));
	return *text == '1';
}

int cost_read(struct cost *out)
{
	AUTO_DIR DIR *folder = opendir("/proc/self/fdinfo");
	struct seen programs = {0}, maps = {0};
	char text[FDINFO_BYTES];
	struct dirent *entry;

	if (!folder)
		return -errno;
	*out = (struct cost){.has_runs = stats_are_enabled()};
	while ((entry = readdir(folder))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		read_text(dirfd(folder), entry->d_name, text, sizeof(text));
		if (strstr(text, "\nprog_type:"))
			add_program(out, &programs, fd, text);
		else if (strstr(text, "\nmap_type:"))
			add_map(out, &maps, fd, text);
	}
	return 0;
}
