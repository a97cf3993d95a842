/* SPDX-License-Identifier: GPL-2.0-only */
/* What the metrics say of now: read from the daemon, its process and the kernel. */
#ifndef DAEMON_MEASURE_H
#define DAEMON_MEASURE_H

#include "daemon/state.h"
#include "sinks/metrics.h"

/* measure_text - the metrics as text, malloc'ed and the caller's, its length in *size; NULL: no
 * memory. */
char *measure_text(struct daemon *daemon, enum metrics_format format, size_t *size);

#endif
