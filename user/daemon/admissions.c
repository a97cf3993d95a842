// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/admissions.h"

#include <stdio.h>
#include <stdlib.h>

static void admission_free(struct admission *admission)
{
	if (!admission)
		return;
	free(admission->explanation);
	free(admission->shadow_explanation);
	json_decref(admission->verdict);
	json_decref(admission->detail);
	free(admission);
}

void admissions_free(struct admissions *admissions)
{
	for (size_t i = 0; i < ADMISSIONS_MAX; i++) {
		admission_free(admissions->slots[i]);
		admissions->slots[i] = NULL;
	}
}

const struct admission *admissions_add(struct admissions *admissions, const char *device,
				       enum mw_direction direction, uint64_t expires_ns,
				       char *explanation, json_t *verdict)
{
	struct admission *admission = calloc(1, sizeof(*admission));
	struct admission **slot;

	if (!admission) {
		free(explanation);
		json_decref(verdict);
		return NULL;
	}
	admission->id = ++admissions->last_id;
	admission->direction = direction;
	snprintf(admission->device, sizeof(admission->device), "%s", device);
	admission->expires_ns = expires_ns;
	admission->explanation = explanation;
	admission->verdict = verdict;

	slot = &admissions->slots[admission->id % ADMISSIONS_MAX];
	admission_free(*slot);
	*slot = admission;
	return admission;
}

void admissions_add_shadow(struct admissions *admissions, enum mw_gate_answer answer,
			   char *explanation)
{
	struct admission *last = admissions->slots[admissions->last_id % ADMISSIONS_MAX];

	if (!last || !explanation) {
		free(explanation);
		return;
	}
	free(last->shadow_explanation);
	last->shadow_answer = answer;
	last->shadow_explanation = explanation;
}

void admissions_add_detail(struct admissions *admissions, json_t *detail)
{
	struct admission *last = admissions->slots[admissions->last_id % ADMISSIONS_MAX];

	if (!last) {
		json_decref(detail);
		return;
	}
	json_decref(last->detail);
	last->detail = detail;
}

const char *admission_domain(const struct admission *admission)
{
	return json_string_value(json_object_get(admission->detail, "uuid"));
}

const struct admission *admissions_find(const struct admissions *admissions, uint64_t id)
{
	const struct admission *admission = admissions->slots[id % ADMISSIONS_MAX];

	return admission && admission->id == id ? admission : NULL;
}
