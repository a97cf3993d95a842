// SPDX-License-Identifier: GPL-2.0-only
#include "host/uevents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#define KERNEL_GROUP 1 /* udev has its own */
/* The kernel's own are at most 2 KiB of variables behind a path. */
#define MESSAGE_BYTES 8192
/* In one go: who else speaks without end must not keep the caller. */
#define MESSAGES_MAX 4096

struct uevents {
	struct mnl_socket *socket;
};

int uevents_open(struct uevents **out)
{
	struct uevents *uevents = calloc(1, sizeof(*uevents));

	if (!uevents)
		return -ENOMEM;
	uevents->socket = mnl_socket_open2(NETLINK_KOBJECT_UEVENT, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!uevents->socket ||
	    mnl_socket_bind(uevents->socket, KERNEL_GROUP, MNL_SOCKET_AUTOPID)) {
		int error = errno;

		uevents_close(uevents);
		return -error;
	}
	*out = uevents;
	return 0;
}

void uevents_close(struct uevents *uevents)
{
	if (!uevents)
		return;
	if (uevents->socket)
		mnl_socket_close(uevents->socket);
	free(uevents);
}

int uevents_fd(const struct uevents *uevents)
{
	return mnl_socket_get_fd(uevents->socket);
}

bool uevents_take(struct uevents *uevents)
{
	char message[MESSAGE_BYTES];
	bool has_news = false;

	for (int i = 0; i < MESSAGES_MAX; i++) {
		ssize_t size = mnl_socket_recvfrom(uevents->socket, message, sizeof(message));

		if (size > 0)
			has_news |= uevent_is_of_devices(message, (size_t)size);
		else if (size < 0 && (errno == ENOBUFS || errno == ENOSPC))
			/* What was lost, or did not fit, may have been one. */
			has_news = true;
		else if (size <= 0 && errno != EINTR)
			break;
	}
	return has_news;
}

static bool begins(const char *message, const char *action)
{
	return !strncmp(message, action, strlen(action));
}

bool uevent_is_of_devices(const char *message, size_t size)
{
	const char *end = message + size;
	bool is_removal;

	if (!size || end[-1])
		return false;
	is_removal = begins(message, "remove@");
	if (!is_removal && !begins(message, "add@"))
		return false;
	for (const char *at = message; at < end; at += strlen(at) + 1)
		if (!strcmp(at, "SUBSYSTEM=vfio-dev") ||
		    (is_removal && !strcmp(at, "SUBSYSTEM=mdev")))
			return true;
	return false;
}
