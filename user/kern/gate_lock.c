// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "kern/gate.h"

int gate_lock(void)
{
	AUTO_FD int fd = -1;

	/* The one place that the service may write in; of a service it is there already. */
	if (mkdir(GATE_LOCK_FOLDER, 0755) && errno != EEXIST)
		return -errno;
	fd = open(GATE_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return TAKE_FD(fd);
}
