// SPDX-License-Identifier: GPL-2.0-only
#include "host/devlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>

#include "base/cleanup.h"

#define HEADER_BYTES (NLMSG_HDRLEN + GENL_HDRLEN)
#define TIMEOUT_S 1
#define REQUEST_BYTES 1024
#define ANSWER_BYTES 32768
/* To one request: the answer and its acknowledgement. */
#define ANSWERS_MAX 2

/* Names of running versions that stand for the whole firmware, the best one first. */
static const char *const preferred[] = {"fw", "fw.version", "fw.mgmt"};
#define RANK_OTHER ARRAY_SIZE(preferred)
#define RANK_NONE (RANK_OTHER + 1)

typedef int (*take_attribute)(const struct nlattr *attribute, void *context);

/* What an answer says; the strings lie in it. */
struct info {
	const char *bus;
	const char *name;
	const char *version;
	size_t rank;
};

struct named_version {
	const char *name;
	const char *value;
};

/* Attributes, one after the other up to the very end, each checked to lie inside. */
static int each_attribute(const void *start, size_t size, take_attribute take, void *context)
{
	for (size_t offset = 0; offset < size;) {
		const void *at = (const char *)start + offset;
		const struct nlattr *attribute = at;
		int r;

		if (!mnl_attr_ok(attribute, (int)(size - offset)))
			return -EBADMSG;
		r = take(attribute, context);
		if (r)
			return r;
		offset += (size_t)MNL_ALIGN(attribute->nla_len);
	}
	return 0;
}

static int each_nested(const struct nlattr *nest, take_attribute take, void *context)
{
	return each_attribute(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), take,
			      context);
}

static int each_of_message(const void *message, size_t size, take_attribute take, void *context)
{
	const struct nlmsghdr *header = message;

	if (size < HEADER_BYTES || size > INT32_MAX || header->nlmsg_len < HEADER_BYTES ||
	    header->nlmsg_len > size)
		return -EBADMSG;
	return each_attribute((const char *)message + HEADER_BYTES,
			      header->nlmsg_len - HEADER_BYTES, take, context);
}

/* A string has one NUL, its last byte. */
static int take_string(const struct nlattr *attribute, const char **out)
{
	const char *text = mnl_attr_get_payload(attribute);

	if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) ||
	    strlen(text) + 1 != mnl_attr_get_payload_len(attribute))
		return -EBADMSG;
	*out = text;
	return 0;
}

static int take_of_version(const struct nlattr *attribute, void *context)
{
	struct named_version *version = context;

	switch (mnl_attr_get_type(attribute)) {
	case DEVLINK_ATTR_INFO_VERSION_NAME:
		return take_string(attribute, &version->name);
	case DEVLINK_ATTR_INFO_VERSION_VALUE:
		return take_string(attribute, &version->value);
	}
	return 0;
}

static int take_running(const struct nlattr *nest, struct info *info)
{
	struct named_version version = {0};
	size_t rank = 0;
	int r = each_nested(nest, take_of_version, &version);

	if (r)
		return r;
	if (!version.name || !version.value)
		return -EBADMSG;
	while (rank < ARRAY_SIZE(preferred) && strcmp(version.name, preferred[rank]) != 0)
		rank++;
	if (*version.value && rank < info->rank) {
		info->rank = rank;
		info->version = version.value;
	}
	return 0;
}

static int take_of_info(const struct nlattr *attribute, void *context)
{
	struct info *info = context;

	switch (mnl_attr_get_type(attribute)) {
	case DEVLINK_ATTR_BUS_NAME:
		return take_string(attribute, &info->bus);
	case DEVLINK_ATTR_DEV_NAME:
		return take_string(attribute, &info->name);
	case DEVLINK_ATTR_INFO_VERSION_RUNNING:
		return take_running(attribute, info);
	}
	return 0;
}

int devlink_parse_info(const void *message, size_t size, const char *bus, const char *name,
		       char out[static DEVLINK_VERSION_BYTES])
{
	struct info info = {.rank = RANK_NONE};
	const struct genlmsghdr *generic;
	int r = each_of_message(message, size, take_of_info, &info);

	out[0] = '\0';
	if (r)
		return r;
	generic = (const void *)((const char *)message + NLMSG_HDRLEN);
	if (generic->cmd != DEVLINK_CMD_INFO_GET || !info.bus || !info.name ||
	    strcmp(info.bus, bus) != 0 || strcmp(info.name, name) != 0)
		return -EBADMSG;
	if (!info.version)
		return -ENODATA;
	if (strlen(info.version) >= DEVLINK_VERSION_BYTES)
		return -EMSGSIZE;
	strcpy(out, info.version);
	return 0;
}

/* One conversation with the kernel. */
struct talk {
	struct mnl_socket *socket;
	uint32_t sequence;
	uint16_t family; /* its number, different on each machine */
	const char *bus;
	const char *name;
	char *version;
	char answer[ANSWER_BYTES] __attribute__((aligned(8)));
};

static void talk_close(struct talk **talk)
{
	if (*talk && (*talk)->socket)
		mnl_socket_close((*talk)->socket);
	free(*talk);
}

#define AUTO_TALK __attribute__((cleanup(talk_close)))

static int talk_open(struct talk *talk)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_S};

	talk->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!talk->socket || mnl_socket_bind(talk->socket, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(mnl_socket_get_fd(talk->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)))
		return -errno;
	return 0;
}

static struct nlmsghdr *request_new(struct talk *talk, void *buffer, uint16_t family,
				    uint8_t command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++talk->sequence;
	generic->cmd = command;
	generic->version = 1;
	return request;
}

/* Sends, and hands each answer to @take until the kernel acknowledges. */
static int exchange(struct talk *talk, const struct nlmsghdr *request, mnl_cb_t take)
{
	if (mnl_socket_sendto(talk->socket, request, request->nlmsg_len) < 0)
		return -errno;
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		ssize_t length =
			mnl_socket_recvfrom(talk->socket, talk->answer, sizeof(talk->answer));
		int r;

		if (length < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		r = mnl_cb_run(talk->answer, (size_t)length, talk->sequence,
			       mnl_socket_get_portid(talk->socket), take, talk);
		if (r < 0)
			return -errno;
		if (r == MNL_CB_STOP)
			return 0;
	}
	return -EPROTO;
}

/* libmnl wants errno. */
static int taken(int r)
{
	errno = -r;
	return r ? MNL_CB_ERROR : MNL_CB_OK;
}

static int take_family_id(const struct nlattr *attribute, void *context)
{
	struct talk *talk = context;

	if (mnl_attr_get_type(attribute) != CTRL_ATTR_FAMILY_ID)
		return 0;
	if (mnl_attr_validate(attribute, MNL_TYPE_U16))
		return -EBADMSG;
	talk->family = mnl_attr_get_u16(attribute);
	return 0;
}

static int take_family(const struct nlmsghdr *answer, void *context)
{
	return taken(each_of_message(answer, answer->nlmsg_len, take_family_id, context));
}

static int take_info(const struct nlmsghdr *answer, void *context)
{
	struct talk *talk = context;
	int r = answer->nlmsg_type != talk->family
			? -EBADMSG
			: devlink_parse_info(answer, answer->nlmsg_len, talk->bus, talk->name,
					     talk->version);

	return taken(r);
}

static int ask_family(struct talk *talk)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *request = request_new(talk, buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	int r;

	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
	r = exchange(talk, request, take_family);
	return r || talk->family ? r : -EBADMSG;
}

static int ask_info(struct talk *talk)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(8)));
	struct nlmsghdr *request = request_new(talk, buffer, talk->family, DEVLINK_CMD_INFO_GET);
	int r;

	if (!mnl_attr_put_strz_check(request, sizeof(buffer), DEVLINK_ATTR_BUS_NAME, talk->bus) ||
	    !mnl_attr_put_strz_check(request, sizeof(buffer), DEVLINK_ATTR_DEV_NAME, talk->name))
		return -ENODEV;
	r = exchange(talk, request, take_info);
	return r || *talk->version ? r : -EBADMSG;
}

/* Whether an errno means that there is nobody to tell us, rather than that telling failed. */
static bool is_silence(int error)
{
	switch (-error) {
	case EAFNOSUPPORT: /* no netlink: not built, or a sandbox */
	case EPROTONOSUPPORT:
	case EPERM:
	case EACCES:
	case ENOENT:     /* no family of that name */
	case ENODEV:     /* no such instance */
	case EOPNOTSUPP: /* its driver has nothing to say */
		return true;
	}
	return false;
}

int devlink_firmware(const char *bus, const char *name, char out[static DEVLINK_VERSION_BYTES])
{
	AUTO_TALK struct talk *talk = calloc(1, sizeof(*talk));
	int r;

	out[0] = '\0';
	if (!talk)
		return -ENOMEM;
	talk->bus = bus;
	talk->name = name;
	talk->version = out;
	r = talk_open(talk);
	if (!r)
		r = ask_family(talk);
	if (!r)
		r = ask_info(talk);
	if (r)
		out[0] = '\0';
	return is_silence(r) ? -ENODATA : r;
}
