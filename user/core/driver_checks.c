// SPDX-License-Identifier: GPL-2.0-only
#include "core/driver_checks.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct check {
	const char *driver;
	enum session_failure_kind kind;
	int32_t error;
	uint64_t least;
	uint64_t most;
	const char *text;
};

#define ANY UINT64_MAX
#define CHECK(driver, call, number, least, most, text) \
	{driver, SESSION_FAILURE_##call, -(number), least, most, text},

static const struct check checks[] = {
#include "core/driver_checks.def"
};

/* As the kernel compares names of modules. */
static bool same_module(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

const char *driver_check_find(const char *driver, uint32_t kind, int32_t error, uint64_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct check *check = &checks[i];

		if (check->kind == (enum session_failure_kind)kind && check->error == error &&
		    offset >= check->least && offset <= check->most &&
		    same_module(check->driver, driver))
			return check->text;
	}
	return NULL;
}
