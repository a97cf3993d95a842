/* SPDX-License-Identifier: GPL-2.0-only */
/* A text that must be refused, with the place and the words of the refusal. */
#ifndef TEST_CONFIG_REFUSAL_H
#define TEST_CONFIG_REFUSAL_H

#include <stddef.h>

struct refusal {
	const char *text;
	unsigned int line;
	unsigned int column;
	const char *message;
};

/* Reads @text as the kind under test; gives the reader's result and fills @message from its error.
 */
struct refusal_answer {
	int result;
	unsigned int line;
	unsigned int column;
	char message[512];
};

typedef struct refusal_answer (*refusal_reader)(const char *text, size_t length);

/* refusal_assert_all - reads each (to the NULL text) and compares place and words exactly. */
void refusal_assert_all(const struct refusal *refusals, refusal_reader read);

/* repeated - @count times @text, malloc'ed. */
char *repeated(const char *text, size_t count);

#endif
