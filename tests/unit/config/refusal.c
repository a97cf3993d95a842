// SPDX-License-Identifier: GPL-2.0-only
#include "refusal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void refusal_assert_all(const struct refusal *refusals, refusal_reader read)
{
	for (const struct refusal *refusal = refusals; refusal->text; refusal++) {
		struct refusal_answer answer = read(refusal->text, strlen(refusal->text));

		cr_expect_eq(answer.result, -EINVAL, "%s: gave %d", refusal->text, answer.result);
		cr_expect_eq(answer.line, refusal->line, "%s: line %u: %s", refusal->text,
			     answer.line, answer.message);
		cr_expect_eq(answer.column, refusal->column, "%s: column %u: %s", refusal->text,
			     answer.column, answer.message);
		cr_expect_str_eq(answer.message, refusal->message, "%s: %s", refusal->text,
				 answer.message);
	}
}

char *repeated(const char *text, size_t count)
{
	size_t length = strlen(text);
	char *out = malloc(length * count + 1);

	cr_assert_not_null(out);
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * length, text, length);
	out[length * count] = '\0';
	return out;
}
