// SPDX-License-Identifier: GPL-2.0-only
#include "config/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

/* The largest errno that the kernel may give (MAX_ERRNO). */
#define ERRNO_MAX 4095

static const struct unit units_bytes[] = {
	{"B", 1},
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
	{"TiB", INT64_C(1) << 40},
};

static const struct unit units_ns[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"s", INT64_C(1000000000)},
	{"min", INT64_C(60000000000)},
	{"h", INT64_C(3600000000000)},
};

static const struct unit units_s[] = {
	{"s", 1},
	{"min", 60},
	{"h", 3600},
	{"d", 86400},
};

const struct quantity quantity_bytes = {
	.what = "a size such as 512MiB (units B, KiB, MiB, GiB, TiB)",
	.units = units_bytes,
	.unit_count = ARRAY_SIZE(units_bytes),
	.schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]{1,19}(B|KiB|MiB|GiB|TiB)$\"}",
};

const struct quantity quantity_ns = {
	.what = "a duration such as 300ms (units ns, us, ms, s, min, h)",
	.units = units_ns,
	.unit_count = ARRAY_SIZE(units_ns),
	.schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]{1,19}(ns|us|ms|s|min|h)$\"}",
};

const struct quantity quantity_s = {
	.what = "an age such as 24h (units s, min, h, d)",
	.units = units_s,
	.unit_count = ARRAY_SIZE(units_s),
	.schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]{1,19}(s|min|h|d)$\"}",
};

int quantity_parse(const struct quantity *quantity, const char *text, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int64_t number;

	if (!digits)
		return -EINVAL;
	for (size_t i = 0; i < quantity->unit_count; i++) {
		const struct unit *unit = &quantity->units[i];

		if (strcmp(text + digits, unit->name) != 0)
			continue;
		errno = 0;
		number = strtoll(text, NULL, 10);
		if (errno == ERANGE || __builtin_mul_overflow(number, unit->factor, &number))
			return -ERANGE;
		*out = number;
		return 0;
	}
	return -EINVAL;
}

void quantity_format(const struct quantity *quantity, int64_t value, char out[QUANTITY_BYTES])
{
	const struct unit *best = &quantity->units[0];

	for (size_t i = 0; value && i < quantity->unit_count; i++)
		if (value % quantity->units[i].factor == 0)
			best = &quantity->units[i];
	snprintf(out, QUANTITY_BYTES, "%" PRId64 "%s", value / best->factor, best->name);
}

/* Exactly @width digits at *text, moved over. -1 when they are not. */
static int take_digits(const char **text, int width)
{
	int number = 0;

	for (int i = 0; i < width; i++) {
		char digit = (*text)[i];

		if (digit < '0' || digit > '9')
			return -1;
		number = number * 10 + (digit - '0');
	}
	*text += width;
	return number;
}

/* "Z" or "+hh:mm", to the end; seconds east of UTC. */
static bool take_offset(const char *text, int *out)
{
	int sign = *text == '-' ? -1 : 1;
	int hours;
	int minutes;

	*out = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	text++;
	hours = take_digits(&text, 2);
	if (hours < 0 || hours > 23 || *text++ != ':')
		return false;
	minutes = take_digits(&text, 2);
	if (minutes < 0 || minutes > 59 || *text)
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

int time_parse(const char *text, int64_t *out)
{
	/* The parts in order: their width, what follows, the bounds. */
	static const struct part {
		int width;
		char follows;
		int low;
		int high;
	} parts[] = {
		{4, '-', 1970, 9999}, {2, '-', 1, 12}, {2, 'T', 1, 31},
		{2, ':', 0, 23},      {2, ':', 0, 59}, {2, '\0', 0, 60},
	};
	int value[ARRAY_SIZE(parts)];
	struct tm tm = {0};
	int offset;
	int day;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		value[i] = take_digits(&text, parts[i].width);
		if (value[i] < parts[i].low || value[i] > parts[i].high)
			return -EINVAL;
		if (parts[i].follows && *text++ != parts[i].follows)
			return -EINVAL;
	}
	if (*text == '.') {
		size_t digits = strspn(text + 1, "0123456789");

		if (!digits)
			return -EINVAL;
		text += 1 + digits;
	}
	if (!take_offset(text, &offset))
		return -EINVAL;

	tm.tm_year = value[0] - 1900;
	tm.tm_mon = value[1] - 1;
	tm.tm_mday = day = value[2];
	tm.tm_hour = value[3];
	tm.tm_min = value[4];
	tm.tm_sec = value[5];
	*out = (int64_t)timegm(&tm) - offset;
	/* timegm makes 30 February 2 March. A leap second alone may move the day. */
	return tm.tm_mday == day || value[5] == 60 ? 0 : -EINVAL;
}

void errno_to_name(int number, char out[ERRNO_NAME_BYTES])
{
	const char *name = strerrorname_np(number);

	if (number > 0 && name)
		snprintf(out, ERRNO_NAME_BYTES, "%s", name);
	else
		snprintf(out, ERRNO_NAME_BYTES, "errno %d", number);
}

int errno_from_name(const char *name)
{
	char known[ERRNO_NAME_BYTES];

	for (int number = 1; number <= ERRNO_MAX; number++) {
		errno_to_name(number, known);
		if (strcmp(known, name) == 0)
			return number;
	}
	return -EINVAL;
}
