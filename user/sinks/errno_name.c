// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/errno_name.h"

#include <stddef.h>
#include <string.h>

#define MAX_ERRNO 4095 /* linux/err.h */

const char *errno_name(int32_t result)
{
	return result < 0 && result >= -MAX_ERRNO ? strerrorname_np(-result) : NULL;
}
