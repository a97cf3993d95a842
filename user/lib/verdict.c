// SPDX-License-Identifier: GPL-2.0-only
#include "migwarden/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "config/config.h"
#include "config/json_text.h"
#include "core/compare.h"
#include "core/match.h"
#include "lib/handle.h"

/* Nobody has judged: fail closed (SEMANTICS 0). */
static void say_deny(struct verdict *verdict)
{
	*verdict = (struct verdict){
		.action = MW_ACTION_DENY,
		.reason = MW_REASON_POLICY_DENY,
	};
}

int mw_verdict_new(struct mw_verdict **out)
{
	struct verdict *verdict = malloc(sizeof(*verdict));

	if (!verdict)
		return -ENOMEM;
	say_deny(verdict);
	*out = verdict_handle(verdict);
	return 0;
}

void mw_verdict_free(struct mw_verdict *verdict)
{
	free(verdict_of(verdict));
}

int mw_judge(const struct mw_policy *policy, const struct mw_descriptor *source,
	     const struct mw_descriptor *dest, const struct mw_circumstances *circumstances,
	     struct mw_verdict *verdict)
{
	static const struct mw_circumstances usual = MW_CIRCUMSTANCES_INIT;
	struct compare_context context;

	if (!circumstances)
		circumstances = &usual;
	if (circumstances->size != sizeof(*circumstances) || !circumstances->device_count) {
		say_deny(verdict_of(verdict));
		return -EINVAL;
	}
	context = (struct compare_context){
		.now_s = circumstances->now_s ? circumstances->now_s : (int64_t)time(NULL),
		.device_count = circumstances->device_count,
		.may_create = circumstances->may_create,
	};
	compare(policy_of(policy), descriptor_of(source), descriptor_of(dest), &context,
		verdict_of(verdict));
	return 0;
}

bool mw_verdict_is_compatible(const struct mw_verdict *verdict)
{
	return match_is_fit(verdict_of(verdict));
}

enum mw_action mw_verdict_action(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->action;
}

enum mw_reason mw_verdict_reason(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->reason;
}

enum mw_stage mw_verdict_stage(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->stage;
}

const char *mw_verdict_stage_result(const struct mw_verdict *verdict, enum mw_stage stage)
{
	if ((unsigned int)stage >= MW_STAGE_COUNT_)
		return stage_result_name(STAGE_NOT_EVALUATED);
	return stage_result_name(verdict_of(verdict)->stages[stage]);
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

const char *mw_verdict_field(const struct mw_verdict *verdict)
{
	return text_or_null(verdict_of(verdict)->field);
}

const char *mw_verdict_comparator(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->comparator;
}

const char *mw_verdict_direction(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->direction;
}

const char *mw_verdict_source_value(const struct mw_verdict *handle)
{
	const struct verdict *verdict = verdict_of(handle);

	return verdict->has_source_value ? verdict->source_value : NULL;
}

const char *mw_verdict_dest_value(const struct mw_verdict *handle)
{
	const struct verdict *verdict = verdict_of(handle);

	return verdict->has_dest_value ? verdict->dest_value : NULL;
}

const char *mw_verdict_rule_name(const struct mw_verdict *handle)
{
	const struct verdict *verdict = verdict_of(handle);

	return verdict->rule ? verdict->rule->name : NULL;
}

const char *mw_verdict_rule_file(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->policy_file;
}

unsigned int mw_verdict_rule_line(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->position.line;
}

unsigned int mw_verdict_rule_column(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->position.column;
}

const char *mw_verdict_hint(const struct mw_verdict *verdict)
{
	return text_or_null(verdict_of(verdict)->hint);
}

const char *mw_verdict_create_type(const struct mw_verdict *verdict)
{
	return text_or_null(verdict_of(verdict)->create_type);
}

size_t mw_verdict_warning_count(const struct mw_verdict *verdict)
{
	return verdict_of(verdict)->warning_count;
}

const char *mw_verdict_warning(const struct mw_verdict *handle, size_t index)
{
	const struct verdict *verdict = verdict_of(handle);

	return index < verdict->warning_count && index < VERDICT_WARNINGS ? verdict->warnings[index]
									  : NULL;
}

char *mw_verdict_to_json(const struct mw_verdict *verdict)
{
	AUTO_JSON json_t *json = verdict_to_json(verdict_of(verdict));

	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}
