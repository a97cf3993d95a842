// SPDX-License-Identifier: GPL-2.0-only
#include "base/units.h"

#include <stdio.h>
#include <time.h>

#include "base/cleanup.h"

/* Three digits whatever the size: 1.23, 12.3, 123. */
static const char *scaled(double value, const char *unit, char *out)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(out, UNITS_TEXT_BYTES, "%.*f %s", decimals, value, unit);
	return out;
}

const char *format_duration(uint64_t ns, char out[static UNITS_TEXT_BYTES])
{
	if (ns < 1000) {
		snprintf(out, UNITS_TEXT_BYTES, "%u ns", (unsigned int)ns);
		return out;
	}
	if (ns < 999500)
		return scaled((double)ns / 1e3, "µs", out);
	if (ns < 999500000)
		return scaled((double)ns / 1e6, "ms", out);
	return scaled((double)ns / 1e9, "s", out);
}

const char *format_bytes(uint64_t bytes, char out[static UNITS_TEXT_BYTES])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, UNITS_TEXT_BYTES, "%u B", (unsigned int)bytes);
		return out;
	}
	while (value >= 1023.5 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	return scaled(value, units[unit], out);
}

/* The bytes of a record may say any time: what cannot be shown is shown as the nearest that can. */
static int64_t wall_ns(uint64_t time_ns, int64_t offset_ns)
{
	int64_t ns;

	if (__builtin_add_overflow(time_ns, offset_ns, &ns))
		return INT64_MAX;
	return ns < 0 ? 0 : ns;
}

const char *format_clock(uint64_t time_ns, int64_t offset_ns, char out[static UNITS_TEXT_BYTES])
{
	int64_t ns = wall_ns(time_ns, offset_ns);
	time_t seconds = ns / 1000000000;
	char date[UNITS_TEXT_BYTES - 10];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, UNITS_TEXT_BYTES, "%s.%06dZ", date, (int)(ns % 1000000000 / 1000));
	return out;
}
