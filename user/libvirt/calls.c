// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/calls.h"

#include <stdio.h>

struct libvirt_calls libvirt;
LIBRARY(static, library, libvirt, LIBVIRT_LIST, SONAME_LIBVIRT, "recommended",
	"stamps the domains of libvirt");

static char missing[512];

int calls_load(void)
{
	char why[256];
	int r = library_load(&library, why, sizeof(why));

	if (r)
		snprintf(missing, sizeof(missing), "libvirt is not installed (libvirt0): %s", why);
	else
		*missing = '\0';
	return r;
}

const char *calls_missing(void)
{
	return missing;
}
