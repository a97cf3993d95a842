/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of what a call gave, from a record that may say anything. */
#ifndef SINKS_ERRNO_NAME_H
#define SINKS_ERRNO_NAME_H

#include <stdint.h>

/* errno_name - "EPERM" for -1; NULL for what is no -errno of Linux. Static. */
const char *errno_name(int32_t result);

#endif
