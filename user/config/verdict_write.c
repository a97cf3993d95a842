// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/json_text.h"

const char *stage_result_name(enum stage_result result)
{
	switch (result) {
	case STAGE_NOT_EVALUATED:
		return "not-evaluated";
	case STAGE_PASSED:
		return "passed";
	case STAGE_PASSED_WITH_WARNING:
		return "warning";
	case STAGE_SKIPPED:
		return "skipped";
	case STAGE_FAILED:
		return "failed";
	}
	return "unknown";
}

static json_t *text_or_null(const char *text)
{
	return json_text(text && *text ? text : NULL);
}

static json_t *warnings_to_json(const struct verdict *verdict)
{
	AUTO_JSON json_t *list = json_array();
	size_t kept = verdict->warning_count < VERDICT_WARNINGS ? verdict->warning_count
								: VERDICT_WARNINGS;

	for (size_t i = 0; i < kept; i++)
		if (json_array_append_new(list, json_text(verdict->warnings[i])))
			return NULL;
	if (verdict->warning_count > kept &&
	    json_array_append_new(list, json_sprintf("%zu more warnings were not kept",
						     verdict->warning_count - kept)))
		return NULL;
	return TAKE_PTR(list);
}

static json_t *stages_to_json(const struct verdict *verdict)
{
	AUTO_JSON json_t *object = json_object();

	for (int stage = MW_STAGE_NONE + 1; stage < MW_STAGE_COUNT_; stage++)
		if (json_object_set_new(object, mw_stage_name((enum mw_stage)stage),
					json_string(stage_result_name(verdict->stages[stage]))))
			return NULL;
	return TAKE_PTR(object);
}

static json_t *rule_to_json(const struct verdict *verdict)
{
	char place[4096 + 16];

	if (!verdict->policy_file || !verdict->position.line)
		return json_null();
	snprintf(place, sizeof(place), "%s:%u", verdict->policy_file, verdict->position.line);
	return json_text(place);
}

json_t *verdict_to_json(const struct verdict *verdict)
{
	const struct entry {
		const char *key;
		json_t *value;
	} entries[] = {
		{"verdict", json_text(mw_action_name(verdict->action))},
		{"reason", json_text(mw_reason_name(verdict->reason))},
		{"stage", verdict->stage == MW_STAGE_NONE
				  ? json_null()
				  : json_text(mw_stage_name(verdict->stage))},
		{"field", text_or_null(verdict->field)},
		{"comparator", json_text(verdict->comparator)},
		{"direction", json_text(verdict->direction)},
		{"source_value",
		 json_text(verdict->has_source_value ? verdict->source_value : NULL)},
		{"dest_value", json_text(verdict->has_dest_value ? verdict->dest_value : NULL)},
		{"rule", rule_to_json(verdict)},
		{"rule_name", json_text(verdict->rule ? verdict->rule->name : NULL)},
		{"hint", text_or_null(verdict->hint)},
		{"create_type", text_or_null(verdict->create_type)},
		{"warnings", warnings_to_json(verdict)},
		{"stages", stages_to_json(verdict)},
	};
	AUTO_JSON json_t *object = json_object();
	int r = 0;

	/* Each value is owned by the object, or freed by the failing call. */
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		r |= json_object_set_new(object, entries[i].key, entries[i].value);
	return r ? NULL : TAKE_PTR(object);
}
