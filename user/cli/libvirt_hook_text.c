// SPDX-License-Identifier: GPL-2.0-only
#include "cli/libvirt_hook_text.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

#define TEXT_BYTES 2048
/* Beyond these it is the same story again. */
#define DEVICES_SHOWN 4

static const char *at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void line(FILE *out, const char *label, const char *text)
{
	char shown[TEXT_BYTES];

	if (text && *text)
		fprintf(out, "  %-12s %s\n", label, escape_text(shown, sizeof(shown), text));
}

/* Passes, and would not if the policy enforced. */
static bool is_audited(const json_t *device)
{
	const char *action = at(json_object_get(device, "verdict"), "verdict");

	return action && strcmp(action, "audit") == 0;
}

static void show_device(FILE *out, const json_t *device)
{
	const json_t *verdict = json_object_get(device, "verdict");

	line(out, "device", at(device, "device"));
	line(out, "reason", at(verdict, "reason"));
	line(out, "source", at(verdict, "source_value"));
	line(out, "destination", at(verdict, "dest_value"));
	line(out, "rule", at(verdict, "rule"));
	line(out, "hint", at(verdict, "hint"));
}

void hook_text(FILE *out, const json_t *answer)
{
	bool admitted = json_is_true(json_object_get(answer, "admitted"));
	const json_t *device;
	char name[TEXT_BYTES], host[256] = "";
	size_t i, shown = 0, all = 0;

	gethostname(host, sizeof(host) - 1);
	escape_text(name, sizeof(name), at(answer, "domain") ? at(answer, "domain") : "?");
	json_array_foreach(json_object_get(answer, "devices"), i, device)
	{
		if (admitted ? !is_audited(device)
			     : json_is_true(json_object_get(device, "admitted")))
			continue;
		if (!all++)
			fprintf(out, "migwarden: %s %s domain %s\n", host,
				admitted ? "would refuse, if its policy enforced," : "refuses",
				name);
		if (shown++ < DEVICES_SHOWN)
			show_device(out, device);
	}
	if (all > DEVICES_SHOWN)
		fprintf(out, "  and %zu more devices\n", all - DEVICES_SHOWN);
}
