// SPDX-License-Identifier: GPL-2.0-only
#include "cli/host_settings.h"

#include <errno.h>
#include <unistd.h>

#include "cli/verb.h"

int host_settings(const char *path, struct settings **out)
{
	struct parse_error error = {0};
	int r;

	if (!path && access(SETTINGS_FILE_DEFAULT, F_OK) && errno == ENOENT)
		return settings_new(out);
	r = settings_read_file(path ? path : SETTINGS_FILE_DEFAULT, out, &error);
	if (r)
		verb_refuse(&error);
	return r;
}
