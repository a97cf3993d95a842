/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the loopback port listens, as text and as numbers. */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

struct loopback {
	bool is_ipv6;
	uint16_t port; /* 0: nowhere */
};

/* What loopback_parse takes, for messages. */
#define LOOPBACK_FORMS "127.0.0.1:PORT or [::1]:PORT, with a port from 1 to 65535"

/*
 * loopback_parse - "127.0.0.1:9750" or "[::1]:9750", and nothing else: no other address, so that
 * nobody outside of the host is answered, and no name, which a resolver could make anything of.
 * Gives true and *out; false with *out untouched.
 */
bool loopback_parse(const char *text, struct loopback *out);

#endif
