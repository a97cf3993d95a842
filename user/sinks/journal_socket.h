/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries for the journal, by its own protocol (systemd's JOURNAL_NATIVE_PROTOCOL). Not by
 * sd_journal_sendv(), which waits for ever on a journal that hangs, and the daemon's loop with it.
 */
#ifndef SINKS_JOURNAL_SOCKET_H
#define SINKS_JOURNAL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"
/* How long an entry waits for a journal that is busy. One that hangs costs that once. */
#define JOURNAL_WAIT_MS 50

/* Of an entry that says how many others were not taken. */
#define JOURNAL_GAP_MESSAGE_ID "11ccf31703e8479981f426facdc80bd7"

/* Begins as {.path = …, .fd = -1}; the path is borrowed. */
struct journal_socket {
	const char *path;
	int fd;          /* opened by the first entry */
	bool is_stalled; /* it took the last one not: the next does not wait */
	uint64_t lost;   /* that it has not taken, and was not told of */
};

/*
 * journal_socket_send - one entry of @count fields, each "NAME=value". 0; -EAGAIN when the journal
 * does not read: the entry is counted, and the first one that is taken again is followed by one
 * that tells the count; else -errno, as -ENOENT where there is no journal.
 */
int journal_socket_send(struct journal_socket *journal, const struct iovec *fields, int count);

/* journal_socket_close - nothing is told of what was lost. */
void journal_socket_close(struct journal_socket *journal);

/*
 * journal_is_behind - whether what is written to @fd becomes an entry of the journal, as the
 * service manager says in $JOURNAL_STREAM.
 */
bool journal_is_behind(int fd);

#endif
