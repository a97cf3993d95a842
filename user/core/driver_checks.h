/* SPDX-License-Identifier: GPL-2.0-only */
/* What the drivers of the kernel tree check in a state that comes in, and with which errno. */
#ifndef CORE_DRIVER_CHECKS_H
#define CORE_DRIVER_CHECKS_H

#include <stdint.h>

#include "core/session.h"

/*
 * driver_check_find - what likely did not match when a call of @driver (a module; "-" and "_" are
 * the same) failed. @kind: enum session_failure_kind; @error: -errno; @offset: bytes of the data
 * file before that call. Static text, or NULL when nothing is known of it.
 */
const char *driver_check_find(const char *driver, uint32_t kind, int32_t error, uint64_t offset);

#endif
