// SPDX-License-Identifier: GPL-2.0-only
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int say(char *why, size_t size)
{
	const char *message = dlerror();

	snprintf(why, size, "%s", message ? message : "the dynamic linker does not say why");
	return -ELIBACC;
}

/* Looks at all of them before the first is stored: a table is whole, or as it was. */
static int fill(const struct library *library, void *handle, void *calls)
{
	size_t at = 0;

	for (const char *name = library->names; *name; name += strlen(name) + 1, at++) {
		void *symbol = dlsym(handle, name);

		if (!symbol)
			return -ENOENT;
		if (calls)
			memcpy((char *)calls + at * sizeof(symbol), &symbol, sizeof(symbol));
	}
	return 0;
}

int library_load(struct library *library, char *why, size_t size)
{
	void *handle;

	if (library->is_loaded)
		return 0;
	/* Of what it brings along most is never called: RTLD_NOW would bind all of that. */
	handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return say(why, size);
	if (fill(library, handle, NULL)) {
		say(why, size);
		dlclose(handle);
		return -ELIBACC;
	}
	fill(library, handle, library->calls);
	library->is_loaded = true;
	return 0;
}
