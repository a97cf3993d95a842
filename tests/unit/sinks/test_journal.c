// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sinks/journal.h"
#include "sinks/journal_socket.h"
#include "sinks/release.h"

#define CATALOG "contrib/systemd/migwarden.catalog"

static unsigned int entries_of(const char *id)
{
	AUTO_FILE FILE *file = fopen(CATALOG, "r");
	unsigned int found = 0;
	char line[512];

	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file))
		found += strncmp(line, "-- ", 3) == 0 && strncmp(line + 3, id, strlen(id)) == 0;
	return found;
}

Test(journal, each_kind_that_is_told_has_its_own_entry_in_the_catalog)
{
	unsigned int told = 0;

	for (size_t i = 0; audit_kinds[i]; i++) {
		const char *id = journal_message_id(audit_kinds[i]);

		if (!id)
			continue;
		cr_assert_eq(strspn(id, "0123456789abcdef"), 32, "%s", audit_kinds[i]);
		cr_assert_eq(strlen(id), 32);
		cr_assert_eq(entries_of(id), 1, "%s", audit_kinds[i]);
		told++;
	}
	cr_assert_eq(entries_of(RELEASE_MESSAGE_ID), 1);
	cr_assert_eq(entries_of(JOURNAL_ALARM_ID), 1);
	cr_assert_eq(entries_of(""), told + 2);
}

Test(journal, what_is_of_the_audit_alone_is_not_told)
{
	cr_assert_null(journal_message_id(AUDIT_BEGIN));
	cr_assert_null(journal_message_id(AUDIT_RETENTION));
	cr_assert_null(journal_message_id("nonsense"));
}

static char folder[] = "/tmp/journal-XXXXXX";
static char path[64];

/* A journal of ours, since the real one cannot be made to hang: bound, and read by nobody. */
static int listen_here(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void remove_socket(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(journal_socket, .fini = remove_socket);

Test(journal_socket, a_field_with_a_line_in_it_goes_with_its_length)
{
	static char plain[] = "PRIORITY=4", lines[] = "MESSAGE=a=1\nb";
	const struct iovec fields[] = {{plain, strlen(plain)}, {lines, strlen(lines)}};
	static const char wanted[] = "PRIORITY=4\nMESSAGE\n\5\0\0\0\0\0\0\0a=1\nb\n";
	int fd = listen_here();
	struct journal_socket journal = {.path = path, .fd = -1};
	char got[128];

	cr_assert_eq(journal_socket_send(&journal, fields, 2), 0);
	cr_assert_eq(read(fd, got, sizeof(got)), sizeof(wanted) - 1);
	cr_assert_arr_eq(got, wanted, sizeof(wanted) - 1);
	journal_socket_close(&journal);
	close(fd);
}

/* That it ends is half of the test. */
Test(journal_socket, one_that_hangs_is_given_up_and_told_later_how_much_it_missed)
{
	static char text[] = "MESSAGE=a decision";
	const struct iovec field = {text, strlen(text)};
	int fd = listen_here();
	struct journal_socket journal = {.path = path, .fd = -1};
	char got[512] = "", wanted[64];

	while (!journal_socket_send(&journal, &field, 1))
		;
	cr_assert_eq(journal.lost, 1);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(journal_socket_send(&journal, &field, 1), -EAGAIN);
	cr_assert_eq(journal.lost, 1001);

	while (read(fd, got, sizeof(got)) > 0)
		;
	cr_assert_eq(journal_socket_send(&journal, &field, 1), 0);
	cr_assert_eq(journal.lost, 0);
	cr_assert_gt(read(fd, got, sizeof(got)), 0);
	memset(got, 0, sizeof(got));
	cr_assert_gt(read(fd, got, sizeof(got) - 1), 0);
	snprintf(wanted, sizeof(wanted), "\nMIGWARDEN_LOST=%d\n", 1001);
	cr_assert_not_null(strstr(got, wanted), "%s", got);
	cr_assert_not_null(strstr(got, "MESSAGE_ID=" JOURNAL_GAP_MESSAGE_ID "\n"), "%s", got);
	journal_socket_close(&journal);
	close(fd);
}

Test(journal_socket, where_there_is_no_journal_nothing_is_lost)
{
	static char text[] = "MESSAGE=a decision";
	const struct iovec field = {text, strlen(text)};
	struct journal_socket journal = {.path = "/nowhere/socket", .fd = -1};

	cr_assert_eq(journal_socket_send(&journal, &field, 1), -ENOENT);
	cr_assert_eq(journal.lost, 0);
	journal_socket_close(&journal);
}

Test(journal_socket, only_the_file_that_the_manager_names_is_the_journal)
{
	FILE *file = tmpfile(), *other = tmpfile();
	char stream[64];
	struct stat stat;

	cr_assert_eq(fstat(fileno(file), &stat), 0);
	unsetenv("JOURNAL_STREAM");
	cr_assert_not(journal_is_behind(fileno(file)));
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)stat.st_dev,
		 (unsigned long)stat.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	cr_assert(journal_is_behind(fileno(file)));
	cr_assert_not(journal_is_behind(fileno(other)));
	setenv("JOURNAL_STREAM", "nonsense", 1);
	cr_assert_not(journal_is_behind(fileno(file)));
	fclose(file);
	fclose(other);
}
