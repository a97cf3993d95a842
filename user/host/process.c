// SPDX-License-Identifier: GPL-2.0-only
#include "host/process.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define COMMAND_LINE_MAX (128u << 10)
#define UUID_PATTERN "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"

/* Copies what fits of @text, whole characters only, with '?' for what a terminal must not see. */
static void copy_clean(char *out, size_t size, const char *text, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length;) {
		size_t step = utf8_length(text + i, length - i);
		bool bad = !step || (unsigned char)text[i] < 0x20 || text[i] == 0x7f ||
			   /* C1, U+0080 to U+009F */
			   (step == 2 && (unsigned char)text[i] == 0xc2 &&
			    (unsigned char)text[i + 1] < 0xa0);

		if (used + (bad ? 1 : step) >= size)
			break;
		if (bad)
			out[used++] = '?';
		else
			memcpy(out + used, text + i, step);
		used += bad ? 0 : step;
		i += step ? step : 1;
	}
	out[used] = '\0';
}

static void read_comm(int dir, struct process *out)
{
	char text[PROCESS_COMM_BYTES];
	size_t length = 0;

	if (host_read_at(dir, "comm", text, sizeof(text), &length))
		return;
	if (length && text[length - 1] == '\n')
		length--;
	copy_clean(out->comm, sizeof(out->comm), text, length);
}

/* Only who may trace the process may read it: of another user's, what it says of itself has to do.
 */
static void read_exe(int dir, struct process *out)
{
	char path[HOST_PATH_BYTES];
	ssize_t length = readlinkat(dir, "exe", path, sizeof(path));

	if (length > 0 && (size_t)length < sizeof(path))
		copy_clean(out->exe, sizeof(out->exe), path, (size_t)length);
}

/* The path in a line of /proc/PID/cgroup ("ID:CONTROLLERS:PATH"), or NULL for another hierarchy. */
static const char *cgroup_path(const char *line, bool unified)
{
	static const char systemd[] = ":name=systemd:";
	const char *found;

	if (unified)
		return strncmp(line, "0::", 3) ? NULL : line + 3;
	found = strstr(line, systemd);
	return found ? found + strlen(systemd) : NULL;
}

static bool pick_cgroup(char *text, bool unified, struct process *out)
{
	for (char *line = text; *line;) {
		char *end = strchrnul(line, '\n');
		char ended = *end;
		const char *path;

		*end = '\0';
		path = cgroup_path(line, unified);
		if (path)
			copy_clean(out->cgroup, sizeof(out->cgroup), path, strlen(path));
		/* A hybrid system has all its processes in the root of the unified hierarchy. */
		if (path && *path && strcmp(path, "/"))
			return true;
		*end = ended;
		line = ended ? end + 1 : end;
	}
	return false;
}

static void read_cgroup(int dir, struct process *out)
{
	char text[2 * HOST_PATH_BYTES];
	size_t length = 0;

	if (host_read_at(dir, "cgroup", text, sizeof(text) - 1, &length))
		return;
	text[length] = '\0';
	if (!pick_cgroup(text, true, out))
		pick_cgroup(text, false, out);
}

/* The command line as words that follow each other, each NUL-terminated. */
struct words {
	const char *next;
	const char *end;
};

static const char *next_word(struct words *words)
{
	const char *word = words->next;

	if (word >= words->end)
		return NULL;
	words->next = word + strlen(word) + 1;
	return word;
}

static bool is_qemu(const char *program)
{
	const char *name = strrchr(program, '/');

	name = name ? name + 1 : program;
	return !strncmp(name, "qemu-system-", 12) || !strcmp(name, "qemu-kvm") ||
	       !strcmp(name, "qemu") || !strcmp(name, "kvm");
}

/* One item of a QEMU option, ",," read as a comma, into @out. Gives where the next one starts. */
static const char *option_item(const char *text, char *out, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		if (*text == ',' && *++text != ',')
			break;
		if (used + 1 < size)
			out[used++] = *text;
	}
	out[used] = '\0';
	return text;
}

/* -name [guest=]NAME[,key=value…]: the key may be left out in the first place only. */
static void take_name(const char *option, struct process *out)
{
	char item[HOST_NAME_BYTES + sizeof("guest=")];

	for (bool first = true; *option; first = false) {
		const char *name = NULL;

		option = option_item(option, item, sizeof(item));
		if (!strncmp(item, "guest=", 6))
			name = item + 6;
		else if (first && !strchr(item, '='))
			name = item;
		if (name)
			copy_clean(out->vm_name, sizeof(out->vm_name), name, strlen(name));
	}
}

static void take_uuid(const char *text, struct process *out)
{
	char uuid[PROCESS_UUID_BYTES] = "";

	if (strlen(text) != strlen(UUID_PATTERN))
		return;
	for (size_t i = 0; text[i]; i++) {
		bool dash = UUID_PATTERN[i] == '-';

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return;
		uuid[i] = (char)tolower((unsigned char)text[i]);
	}
	strcpy(out->vm_uuid, uuid);
}

static void read_command_line(int dir, char *text, struct process *out)
{
	struct words words = {.next = text};
	const char *word;
	size_t length = 0;

	if (host_read_at(dir, "cmdline", text, COMMAND_LINE_MAX, &length))
		return;
	text[length] = '\0';
	words.end = text + length;
	word = next_word(&words);
	if (word && !*out->exe) {
		copy_clean(out->exe, sizeof(out->exe), word, strlen(word));
		out->exe_is_claimed = true;
	}
	if (!word || !is_qemu(word))
		return;
	while ((word = next_word(&words))) {
		const char *option = word + (word[0] == '-' && word[1] == '-');
		bool name = !strcmp(option, "-name"), uuid = !strcmp(option, "-uuid");

		if (!name && !uuid)
			continue;
		word = next_word(&words);
		if (word && name)
			take_name(word, out);
		else if (word)
			take_uuid(word, out);
	}
}

/* Undoes systemd's "\x2d" in the name of a unit. */
static size_t unescape(char *out, size_t size, const char *text, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		unsigned int byte;

		if (length - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' &&
		    isxdigit((unsigned char)text[i + 2]) && isxdigit((unsigned char)text[i + 3]) &&
		    sscanf(text + i + 2, "%2x", &byte) == 1) {
			out[used++] = (char)byte;
			i += 3;
		} else {
			out[used++] = text[i];
		}
	}
	out[used] = '\0';
	return used;
}

/* libvirt names a machine "qemu-ID-NAME"; older ones have only the name before ".libvirt-qemu". */
static const char *machine_name(const char *machine)
{
	const char *name = machine;

	if (strncmp(machine, "qemu-", 5))
		return NULL;
	name += 5;
	name += strspn(name, "0123456789");
	return name > machine + 5 && *name == '-' && name[1] ? name + 1 : NULL;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	return length > strlen(end) && !memcmp(text + length - strlen(end), end, strlen(end));
}

static void take_scope(const char *part, size_t length, struct process *out)
{
	static const char prefix[] = "machine-", scope[] = ".scope", old[] = ".libvirt-qemu";
	char machine[HOST_NAME_BYTES];
	const char *name;

	if (ends_with(part, length, old)) {
		unescape(machine, sizeof(machine), part, length - strlen(old));
		name = machine_name(machine);
		name = name ? name : machine;
	} else if (!strncmp(part, prefix, strlen(prefix)) && ends_with(part, length, scope)) {
		unescape(machine, sizeof(machine), part + strlen(prefix),
			 length - strlen(prefix) - strlen(scope));
		name = machine_name(machine);
	} else {
		return;
	}
	if (name)
		copy_clean(out->vm_name, sizeof(out->vm_name), name, strlen(name));
}

static void read_scope(struct process *out)
{
	const char *part = out->cgroup;

	while (*part && !*out->vm_name) {
		size_t length = strcspn(part, "/");

		if (length)
			take_scope(part, length, out);
		part += length + (part[length] == '/');
	}
}

int process_read(const struct host *host, pid_t pid, struct process *out)
{
	/* One open folder: what is read below it is of this process, or fails with ESRCH. */
	AUTO_FD int dir = host_open_folder(host, "/proc/%d", (int)pid);
	AUTO_FREE char *text = NULL;

	*out = (struct process){.pid = pid};
	if (dir < 0)
		return dir == -ENOENT || dir == -ENOTDIR ? -ESRCH : dir;
	text = malloc(COMMAND_LINE_MAX + 1);
	if (!text)
		return -ENOMEM;
	read_comm(dir, out);
	/* Each process has a name: none means that it is gone. */
	if (!*out->comm)
		return -ESRCH;
	read_cgroup(dir, out);
	read_exe(dir, out);
	read_command_line(dir, text, out);
	if (!*out->vm_name)
		read_scope(out);
	return 0;
}
