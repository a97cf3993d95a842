// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/journal_socket.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

/* As much as the system lets us: a burst then waits in the socket, and not here. */
#define SEND_BUFFER_BYTES (8 << 20)

static int open_socket(struct journal_socket *journal)
{
	const struct timeval wait = {.tv_usec = JOURNAL_WAIT_MS * 1000};
	const int bytes = SEND_BUFFER_BYTES;
	AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)))
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	journal->fd = TAKE_FD(fd);
	return 0;
}

static char *put(char *at, const void *data, size_t size)
{
	memcpy(at, data, size);
	return at + size;
}

/* "NAME=value\n"; with a line's end in the value: the name, its length in 8 bytes, the value. */
static char *put_field(char *at, const struct iovec *field)
{
	const char *text = field->iov_base;
	const char *sign = memchr(text, '=', field->iov_len);
	uint64_t length;

	if (!sign || !memchr(text, '\n', field->iov_len)) {
		at = put(at, text, field->iov_len);
	} else {
		length = htole64(field->iov_len - (size_t)(sign + 1 - text));
		at = put(at, text, (size_t)(sign - text));
		at = put(at, "\n", 1);
		at = put(at, &length, sizeof(length));
		at = put(at, sign + 1, le64toh(length));
	}
	return put(at, "\n", 1);
}

static int send_entry(struct journal_socket *journal, const struct iovec *fields, int count,
		      int flags)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	AUTO_FREE char *entry = NULL;
	size_t room = 0;
	char *end;

	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s", journal->path) >=
	    (int)sizeof(to.sun_path))
		return -ENAMETOOLONG;
	for (int i = 0; i < count; i++)
		room += fields[i].iov_len + sizeof(uint64_t) + 2;
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): an entry has fields. */
	entry = malloc(room);
	if (!entry)
		return -ENOMEM;
	end = entry;
	for (int i = 0; i < count; i++)
		end = put_field(end, &fields[i]);
	if (sendto(journal->fd, entry, (size_t)(end - entry), MSG_NOSIGNAL | flags,
		   (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

#define FIELD(text) ((struct iovec){(text), strlen(text)})

static void tell_lost(struct journal_socket *journal)
{
	char message[128], lost[48];
	struct iovec fields[] = {
		FIELD("MESSAGE_ID=" JOURNAL_GAP_MESSAGE_ID),
		FIELD("PRIORITY=3"),
		FIELD("SYSLOG_IDENTIFIER=migwarden"),
		FIELD("MIGWARDEN_KIND=gap"),
		{message, 0},
		{lost, 0},
	};

	fields[4].iov_len = (size_t)snprintf(
		message, sizeof(message),
		"MESSAGE=The journal did not take %llu entries in time; the audit has their rows.",
		(unsigned long long)journal->lost);
	fields[5].iov_len = (size_t)snprintf(lost, sizeof(lost), "MIGWARDEN_LOST=%llu",
					     (unsigned long long)journal->lost);
	if (!send_entry(journal, fields, ARRAY_SIZE(fields), MSG_DONTWAIT))
		journal->lost = 0;
}

int journal_socket_send(struct journal_socket *journal, const struct iovec *fields, int count)
{
	int r = journal->fd < 0 ? open_socket(journal) : 0;

	if (r)
		return r;
	r = send_entry(journal, fields, count, journal->is_stalled ? MSG_DONTWAIT : 0);
	journal->is_stalled = r == -EAGAIN;
	if (journal->is_stalled)
		journal->lost++;
	else if (!r && journal->lost)
		tell_lost(journal);
	return r;
}

void journal_socket_close(struct journal_socket *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

bool journal_is_behind(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat stat;

	if (!stream || fstat(fd, &stat))
		return false;
	snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)stat.st_dev,
		 (unsigned long long)stat.st_ino);
	return strcmp(stream, ours) == 0;
}
