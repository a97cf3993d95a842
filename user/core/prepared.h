/* SPDX-License-Identifier: GPL-2.0-only */
/* What descriptor_prepare keeps; for the core's own files. */
#ifndef CORE_PREPARED_H
#define CORE_PREPARED_H

#include "core/descriptor.h"
#include "core/ranges.h"
#include "core/template.h"

struct descriptor_prepared {
	/* The text each was parsed from: another pointer in the fact means that it was set again.
	 */
	const char *ranges_text;
	const struct range *ranges;
	size_t range_count;
	bool ranges_malformed;

	const char *template_text;
	const struct template *template; /* NULL when it is malformed */
	struct template_error template_error;
};

#endif
