// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/reason.h"

#include <string.h>

static const char *const reason_names[] = {
#define X(id, name) [MW_REASON_##id] = name,
	MW_REASONS(X)
#undef X
};

static const char *const stage_names[] = {
#define X(id, name) [MW_STAGE_##id] = name,
	MW_STAGES(X)
#undef X
};

const char *mw_reason_name(enum mw_reason reason)
{
	return (unsigned int)reason < MW_REASON_COUNT_ ? reason_names[reason] : "unknown";
}

bool mw_reason_from_name(const char *name, enum mw_reason *out)
{
	if (!name)
		return false;
	for (unsigned int i = 0; i < MW_REASON_COUNT_; i++) {
		if (!strcmp(name, reason_names[i])) {
			*out = (enum mw_reason)i;
			return true;
		}
	}
	return false;
}

const char *mw_stage_name(enum mw_stage stage)
{
	return (unsigned int)stage < MW_STAGE_COUNT_ ? stage_names[stage] : "unknown";
}

const char *mw_action_name(enum mw_action action)
{
	switch (action) {
	case MW_ACTION_ALLOW:
		return "allow";
	case MW_ACTION_DENY:
		return "deny";
	case MW_ACTION_AUDIT:
		return "audit";
	}
	return "unknown";
}
