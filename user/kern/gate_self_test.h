/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proof that a gate judges: calls of our own on a file that is no device, which the programs
 * take for those of a device without a name while the control map names this thread.
 */
#ifndef KERN_GATE_SELF_TEST_H
#define KERN_GATE_SELF_TEST_H

#include <stdbool.h>

#include "kern/gate.h"

/* The maps that the test writes to; both are left as they were found. */
struct self_test_maps {
	int control;
	int admissions;
};

/* gate_self_test() over its maps; @default_denies is what the rules in force say of incoming. */
int self_test_run(const struct self_test_maps *maps, bool default_denies,
		  char error[static GATE_ERROR_BYTES]);

#endif
