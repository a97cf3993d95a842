// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

static char folder[] = "/tmp/file-XXXXXX";
static char path[64];

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/it", folder);
}

static void tear_down(void)
{
	unlink(path);
	/* Nothing is left over. */
	cr_assert_eq(rmdir(folder), 0, "%s", strerror(errno));
}

TestSuite(file, .init = set_up, .fini = tear_down);

static void holds(const char *text)
{
	AUTO_FD int fd = open(path, O_RDONLY);
	char bytes[64];
	size_t length;

	cr_assert_geq(fd, 0);
	cr_assert_eq(file_read(fd, bytes, sizeof(bytes), &length), 0);
	cr_assert_eq(length, strlen(text));
	cr_assert_eq(memcmp(bytes, text, length), 0);
}

Test(file, a_new_one_is_never_made_over_another)
{
	cr_assert_eq(file_create(path, 0600, "one", 3), 0);
	cr_assert_eq(file_create(path, 0600, "two", 3), -EEXIST);
	holds("one");
}

Test(file, the_mode_is_the_one_asked_for_whatever_the_umask)
{
	struct stat st;

	umask(0777);
	cr_assert_eq(file_create(path, 0640, "", 0), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0640);
}

Test(file, what_cannot_be_written_whole_leaves_the_old_one)
{
	const struct rlimit limit = {.rlim_cur = 4, .rlim_max = 4};

	cr_assert_eq(file_replace(path, 0600, "old", 3), 0);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(file_replace(path, 0600, "more than fits", 14), -EFBIG);
	holds("old");
	cr_assert_eq(file_replace(path, 0600, "new", 3), 0);
	holds("new");
}

Test(file, without_a_folder_there_is_no_file)
{
	char deep[128];

	snprintf(deep, sizeof(deep), "%s/no/it", folder);
	cr_assert_eq(file_create(deep, 0600, "x", 1), -ENOENT);
}
