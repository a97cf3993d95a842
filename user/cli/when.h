/* SPDX-License-Identifier: GPL-2.0-only */
/* Times as people write them on a command line. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

/* For usage errors. */
#define WHEN_FORMS                                                                               \
	"a time such as 2026-11-20, \"2026-11-20 14:30\", 14:30, yesterday, 2h (ago), @SECONDS " \
	"or RFC 3339, UTC where no zone is given"

/*
 * when_parse - what @text means at @now_s (seconds since the epoch), in nanoseconds since the
 * epoch. Gives 0; -EINVAL; -ERANGE when that is before 1970 or after 2262.
 */
int when_parse(const char *text, int64_t now_s, int64_t *out_ns);

#endif
