// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "base/loopback.h"

Test(loopback, both_families_are_taken)
{
	struct loopback at = {0};

	cr_assert(loopback_parse("127.0.0.1:9750", &at));
	cr_assert_not(at.is_ipv6);
	cr_assert_eq(at.port, 9750);
	cr_assert(loopback_parse("[::1]:65535", &at));
	cr_assert(at.is_ipv6);
	cr_assert_eq(at.port, 65535);
}

Test(loopback, what_others_could_reach_is_refused)
{
	static const char *const texts[] = {
		"0.0.0.0:9750",         "[::]:9750",         ":9750",
		"192.168.1.1:9750",     "localhost:9750",    "127.0.0.2:9750",
		"[::ffff:7f00:1]:9750", "::1:9750",          "127.0.0.1.:9750",
		"127.1:9750",           "host.example:9750",
	};
	struct loopback at = {0};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_not(loopback_parse(texts[i], &at), "%s", texts[i]);
	cr_assert_eq(at.port, 0);
}

Test(loopback, a_port_is_a_number_from_1_to_65535)
{
	static const char *const texts[] = {
		"127.0.0.1",       "127.0.0.1:",      "127.0.0.1:0",          "127.0.0.1:65536",
		"127.0.0.1:99999", "127.0.0.1:-1",    "127.0.0.1:80x",        "127.0.0.1: 80",
		"127.0.0.1:80 ",   "127.0.0.1:00080", "127.0.0.1:000080",     "[::1]",
		"[::1]:",          "[::1]9750",       "127.0.0.1:4294967376",
	};
	struct loopback at = {0};

	/* A zero before it is a number all the same. */
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_eq(loopback_parse(texts[i], &at), i == 9, "%s", texts[i]);
	cr_assert_eq(at.port, 80);
}
