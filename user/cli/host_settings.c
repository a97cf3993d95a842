// SPDX-License-Identifier: GPL-2.0-only
#include "cli/host_settings.h"

#include <errno.h>
#include <unistd.h>

#include "cli/verb.h"
#include "host/key.h"
#include "sinks/audit.h"

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

void host_audit(const struct settings *settings, struct daemon_options *out)
{
	out->audit = settings->audit_file ? settings->audit_file : AUDIT_FILE_DEFAULT;
	if (settings->audit == AUDIT_OFF)
		out->audit = NULL;
	out->audit_required = settings->audit == AUDIT_REQUIRED;
	out->audit_age_s = settings->audit_age_s;
	out->audit_bytes = (uint64_t)settings->audit_bytes;
	out->key = settings->key ? settings->key : KEY_FILE_DEFAULT;
}
