// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sinks/audit_head.h"

static const struct audit_head head = {
	.database = "00112233445566778899aabbccddeeff",
	.seq = UINT64_MAX,
	.hash = {1, 2, 3},
	.key_id = "7849ac3049680be1",
	.signature = {4, 5, 6},
};

Test(audit_head, what_was_written_is_what_is_read)
{
	char text[AUDIT_HEAD_BYTES];
	struct audit_head again;
	size_t length = audit_head_format(&head, text);

	cr_assert(audit_head_parse(text, length, &again));
	cr_assert_str_eq(again.database, head.database);
	cr_assert_eq(again.seq, head.seq);
	cr_assert_eq(memcmp(again.hash, head.hash, sizeof(head.hash)), 0);
	cr_assert_str_eq(again.key_id, head.key_id);
	cr_assert_eq(memcmp(again.signature, head.signature, sizeof(head.signature)), 0);
}

Test(audit_head, no_part_of_it_is_a_head)
{
	char text[AUDIT_HEAD_BYTES];
	struct audit_head again;
	size_t length = audit_head_format(&head, text);

	for (size_t cut = 0; cut < length; cut++)
		cr_assert_not(audit_head_parse(text, cut, &again), "%zu", cut);
	text[length] = 'x';
	cr_assert_not(audit_head_parse(text, length + 1, &again));
}

Test(audit_head, none_is_told_from_a_bad_one)
{
	struct audit_head again;

	cr_assert_eq(audit_head_read("/nonexistent", &again), -ENOENT);
	cr_assert_eq(audit_head_read("/dev/zero", &again), -EINVAL);
}
