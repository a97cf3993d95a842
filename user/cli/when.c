// SPDX-License-Identifier: GPL-2.0-only
#include "cli/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/scalar.h"

#define DAY_S 86400
#define NS_PER_S INT64_C(1000000000)
#define WORD_BYTES 64

/* A date, a time of today, or both; a time that is left out is midnight. */
static int parse_date(const char *text, int64_t today_s, int64_t *out)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",          "%H:%M:%S",          "%H:%M",
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		time_t today = today_s;
		const char *end;
		struct tm tm;

		gmtime_r(&today, &tm);
		end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		/* strptime takes the 31st of February. */
		struct tm same = tm;
		time_t seconds = timegm(&same);

		if (same.tm_mday != tm.tm_mday || same.tm_mon != tm.tm_mon)
			return -EINVAL;
		*out = seconds;
		return 0;
	}
	return -EINVAL;
}

/* "2h", "-2h", "2h ago". */
static int parse_ago(const char *text, int64_t now_s, int64_t *out)
{
	static const char ago[] = " ago";
	char word[WORD_BYTES];
	size_t length;
	int64_t span;

	snprintf(word, sizeof(word), "%s", *text == '-' ? text + 1 : text);
	length = strlen(word);
	if (length > strlen(ago) && text_equal(word + length - strlen(ago), ago))
		word[length - strlen(ago)] = '\0';
	if (quantity_parse(&quantity_s, word, &span))
		return -EINVAL;
	return __builtin_sub_overflow(now_s, span, out) ? -ERANGE : 0;
}

static int parse_seconds(const char *text, int64_t *out)
{
	uint64_t seconds;

	if (!slice_to_u64(slice_of(text), &seconds))
		return -EINVAL;
	if (seconds > INT64_MAX)
		return -ERANGE;
	*out = (int64_t)seconds;
	return 0;
}

int when_parse(const char *text, int64_t now_s, int64_t *out_ns)
{
	int64_t today_s = now_s - now_s % DAY_S, seconds;
	int r = 0;

	if (strlen(text) >= WORD_BYTES)
		return -EINVAL;
	if (text_equal(text, "now"))
		seconds = now_s;
	else if (text_equal(text, "today"))
		seconds = today_s;
	else if (text_equal(text, "yesterday"))
		seconds = today_s - DAY_S;
	else if (*text == '@')
		r = parse_seconds(text + 1, &seconds);
	else if (time_parse(text, &seconds) && parse_date(text, today_s, &seconds))
		r = parse_ago(text, now_s, &seconds);
	if (r)
		return r;
	if (seconds < 0 || seconds > INT64_MAX / NS_PER_S)
		return -ERANGE;
	*out_ns = seconds * NS_PER_S;
	return 0;
}
