// SPDX-License-Identifier: GPL-2.0-only
#include "base/loopback.h"

#include <string.h>

#include "base/text.h"

#define PORT_DIGITS_MAX 5

static bool skip(const char **text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*text, prefix, length) != 0)
		return false;
	*text += length;
	return true;
}

bool loopback_parse(const char *text, struct loopback *out)
{
	bool is_ipv6 = skip(&text, "[::1]:");
	uint64_t port;

	if (!is_ipv6 && !skip(&text, "127.0.0.1:"))
		return false;
	if (strlen(text) > PORT_DIGITS_MAX || !slice_to_u64(slice_of(text), &port) || !port ||
	    port > UINT16_MAX)
		return false;
	*out = (struct loopback){.is_ipv6 = is_ipv6, .port = (uint16_t)port};
	return true;
}
