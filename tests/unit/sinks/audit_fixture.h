/* SPDX-License-Identifier: GPL-2.0-only */
/* A folder with an audit in it, and a key to sign with. */
#ifndef UNIT_SINKS_AUDIT_FIXTURE_H
#define UNIT_SINKS_AUDIT_FIXTURE_H

#include "sinks/audit.h"
#include "sinks/audit_verify.h"

struct audit_fixture {
	char folder[32];
	char file[64];
	char head[80];
	struct audit_options options;
	struct audit *audit;
	bool key_is_missing;            /* nothing can be signed */
	unsigned int dies_at_signature; /* by SIGKILL, so many from now; 0: never */
	char error[AUDIT_ERROR_BYTES];
};

extern struct audit_fixture fixture;

/* For TestSuite: makes and removes the folder; nothing is opened. */
void audit_fixture_init(void);
void audit_fixture_fini(void);

/* Opens it, and asserts that it records; closes it. */
void audit_fixture_open(void);
void audit_fixture_close(void);

/* Adds @count rows of many kinds and asserts that each is on the disk. */
void audit_fixture_fill(unsigned int count);

/* Runs SQL on the file as an enemy would, beside the program. */
void audit_fixture_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One number that SQL gives. */
int64_t audit_fixture_number(const char *sql);

/* What audit_verify says, with the fixture's own key. */
struct audit_report audit_fixture_verify(void);

#endif
