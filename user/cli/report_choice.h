/* SPDX-License-Identifier: GPL-2.0-only */
/* Which migrations of an input a report is about. */
#ifndef CLI_REPORT_CHOICE_H
#define CLI_REPORT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/report_input.h"
#include "sinks/report.h"

struct report_choice {
	uint64_t id;        /* 0: any */
	const char *vm;     /* name or UUID; NULL: any */
	const char *device; /* NULL: any */
	bool is_all;        /* all that fit, not only the last */
};

/* Reports, and what they are made of; the sessions stay the input's. */
struct report_set {
	struct report *reports;
	struct pairing pairing; /* of the only one that both sides make */
	size_t count;
};

/*
 * report_choose - the migrations of @input that fit, each with all devices of its VM. Gives
 * EXIT_YES; EXIT_NO and says so where none fits; EXIT_BAD and has said why.
 */
int report_choose(const struct report_input *input, const struct report_choice *choice,
		  struct report_set *out);

/*
 * report_merge - one migration of two sides: the one that fits of @source's, and its other side
 * among
 * @destination's. Gives as report_choose; EXIT_NO says why they do not belong together.
 */
int report_merge(const struct report_input *source, const struct report_input *destination,
		 const struct report_choice *choice, uint64_t wall_error_ns,
		 struct report_set *out);

/* report_set_free - leaves an empty one. */
void report_set_free(struct report_set *set);

#define AUTO_REPORT_SET __attribute__((cleanup(report_set_free)))

#endif
