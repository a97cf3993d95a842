// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel says of the BPF programs and maps that are loaded, and admissions by the
 * thousand. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "migwarden/wire.h"

#define USES 1000000000
#define NEVER_NS (1ull << 62)

static int print_programs(void)
{
	__u32 id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			printf("program %s %u %u %u\n", info.name, info.verified_insns,
			       info.xlated_prog_len / 8, info.jited_prog_len);
		close(fd);
	}
	return errno == ENOENT ? 0 : -errno;
}

/* The kernel's own account of a map's memory. */
static uint64_t map_bytes(int fd)
{
	char path[64], line[128];
	uint64_t bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %" SCNu64, &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

static int print_maps(void)
{
	__u32 id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			printf("map %s %" PRIu64 "\n", info.name, map_bytes(fd));
		close(fd);
	}
	return errno == ENOENT ? 0 : -errno;
}

/* The newest map of that name; -ENOENT if there is none. */
static int find_map(const char *name)
{
	int found = -ENOENT;
	__u32 id = 0;

	while (bpf_map_get_next_id(id, &id) == 0) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) || strcmp(info.name, name) != 0) {
			close(fd);
			continue;
		}
		if (found >= 0)
			close(found);
		found = fd;
	}
	return found;
}

static int admit(int map, const char *device, __u32 direction)
{
	const struct mw_admission admission = {
		.id = 1,
		.expires_ns = NEVER_NS,
		.uses = USES,
		.allow = 1,
	};
	struct mw_admission_key key = {.direction = direction};

	memcpy(key.device, device, strnlen(device, sizeof(key.device) - 1));
	return bpf_map_update_elem(map, &key, &admission, BPF_ANY);
}

/* Both directions of the devices that are named, and one of as many others as it takes. */
static int admit_all(unsigned int count, char **devices)
{
	int map = find_map("admissions");
	int r = map < 0 ? map : 0;

	for (; *devices && !r; devices++) {
		r = admit(map, *devices, MW_INCOMING);
		if (!r)
			r = admit(map, *devices, MW_OUTGOING);
	}
	for (unsigned int i = 1; i < count && !r; i++) {
		char name[MW_DEVICE_BYTES];

		snprintf(name, sizeof(name), "%08x-509f-382f-3c1e-e6bfe0fa1000", i);
		r = admit(map, name, MW_INCOMING);
	}
	if (map >= 0)
		close(map);
	return r;
}

static bool is_named(const struct bpf_program *program, char *const *prefixes)
{
	const char *name = bpf_program__name(program);

	for (char *const *prefix = prefixes; *prefix; prefix++)
		if (strncmp(name, *prefix, strlen(*prefix)) == 0)
			return true;
	return !*prefixes;
}

/* The programs of an object file whose names begin so, or all of them, until we are killed. */
static int attach(const char *path, char *const *prefixes)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int r;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_named(program, prefixes));
	r = bpf_object__load(object);
	if (r)
		return r;
	bpf_object__for_each_program(program, object)
	{
		if (bpf_program__autoload(program) && !bpf_program__attach(program))
			return -errno;
	}
	fputs("attached\n", stderr);
	pause();
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* How old each record is of those that arrive, a JSON object a line with its time_ns. */
static int print_ages(const char *event)
{
	static const char key[] = "\"time_ns\":";
	char wanted[64], *line = NULL;
	size_t space = 0;

	snprintf(wanted, sizeof(wanted), "\"event\":\"%s\"", event);
	while (getline(&line, &space, stdin) > 0) {
		uint64_t now = now_ns();
		const char *time = strstr(line, key);
		uint64_t made;

		if (!time || !strstr(line, wanted))
			continue;
		made = strtoull(time + sizeof(key) - 1, NULL, 10);
		printf("%" PRIu64 "\n", now - made);
		fflush(stdout);
	}
	free(line);
	return 0;
}

static int usage(void)
{
	fputs("usage: cost-probe programs|maps\n"
	      "       cost-probe admit COUNT DEVICE...\n"
	      "       cost-probe attach OBJECT [PREFIX...]\n"
	      "       cost-probe ages EVENT <JSON-LINES\n"
	      "programs: NAME VERIFIED-INSTRUCTIONS INSTRUCTIONS JITED-BYTES; maps: NAME BYTES;\n"
	      "ages: NS since the record was made\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int r;

	if (argc == 2 && strcmp(argv[1], "programs") == 0)
		r = print_programs();
	else if (argc == 2 && strcmp(argv[1], "maps") == 0)
		r = print_maps();
	else if (argc >= 3 && strcmp(argv[1], "attach") == 0)
		r = attach(argv[2], argv + 3);
	else if (argc == 3 && strcmp(argv[1], "ages") == 0)
		r = print_ages(argv[2]);
	else if (argc > 3 && strcmp(argv[1], "admit") == 0)
		r = admit_all((unsigned int)strtoul(argv[2], NULL, 10), argv + 3);
	else
		return usage();
	if (r)
		fprintf(stderr, "cost-probe: %s: %s\n", argv[1], strerror(-r));
	return r ? 1 : 0;
}
