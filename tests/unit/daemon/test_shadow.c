// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/shadow.h"
#include "migwarden/reason.h"

static struct daemon daemon_state;
static struct policy *shadow;
static struct shadow_view view;

static void set_up(void)
{
	cr_assert_eq(policy_default(&shadow), 0);
	daemon_state.shadow = shadow;
}

static void tear_down(void)
{
	policy_free(shadow);
	admissions_free(&daemon_state.admissions);
}

TestSuite(shadow, .init = set_up, .fini = tear_down);

static const struct admission *remember(enum mw_gate_answer answer)
{
	const struct admission *admission = admissions_add(
		&daemon_state.admissions, "a", MW_INCOMING, 1, strdup("why"), json_object());

	if (answer)
		admissions_add_shadow(&daemon_state.admissions, answer, strdup("why not"));
	return admission;
}

static struct mw_event_gate by_default(enum mw_gate_answer answer)
{
	return (struct mw_event_gate){
		.direction = MW_INCOMING,
		.answer = answer,
		.basis = MW_BASIS_DEFAULT,
		.reason = MW_REASON_NO_ADMISSION,
	};
}

Test(shadow, an_admission_that_both_judge_alike_is_no_difference)
{
	cr_assert_not(shadow_of_admission(remember(MW_GATE_PASSED), MW_GATE_PASSED, &view));
}

Test(shadow, an_admission_that_it_would_refuse_is_told_with_its_reason)
{
	cr_assert(shadow_of_admission(remember(MW_GATE_REFUSED), MW_GATE_PASSED, &view));
	cr_assert_str_eq(view.answer, "refused");
	cr_assert_str_eq(view.explanation, "why not");
}

Test(shadow, an_admission_that_it_never_saw_is_no_difference)
{
	cr_assert_not(shadow_of_admission(remember(0), MW_GATE_PASSED, &view));
}

Test(shadow, a_default_is_held_against_its_own_default)
{
	const struct mw_event_gate event = by_default(MW_GATE_REFUSED);

	shadow->incoming = MW_ACTION_DENY;
	cr_assert_not(shadow_of_event(&daemon_state, &event, NULL, &view));
	shadow->incoming = MW_ACTION_ALLOW;
	cr_assert(shadow_of_event(&daemon_state, &event, NULL, &view));
	cr_assert_str_eq(view.answer, "passed");
	cr_assert_str_eq(view.explanation, "ok (the default of built-in)");
}

Test(shadow, a_device_has_the_default_that_the_shadow_has_for_it)
{
	struct device_default own = {
		.match = {.driver = "mtty"},
		.incoming = MW_ACTION_ALLOW,
		.incoming_position = {9, 1},
	};
	struct gate_default known = {
		.device = "a",
		.of = {{.id = 1, .allow = 1}, {.id = 0, .allow = 1}},
	};
	struct mw_event_gate event = by_default(MW_GATE_REFUSED);

	shadow->incoming = MW_ACTION_DENY;
	shadow->device_defaults = &own;
	shadow->device_default_count = 1;
	daemon_state.shadow_defaults = (struct gate_defaults){&known, 1};
	/* Of another device nothing is known, and the strictest denies. */
	strcpy(event.head.device, "b");
	cr_assert_not(shadow_of_event(&daemon_state, &event, NULL, &view));
	strcpy(event.head.device, "a");
	cr_assert(shadow_of_event(&daemon_state, &event, NULL, &view));
	cr_assert_str_eq(view.answer, "passed");
	cr_assert_str_eq(view.explanation, "ok (built-in:9)");
}

Test(shadow, a_bypass_is_no_matter_of_policy)
{
	struct mw_event_gate event = by_default(MW_GATE_REFUSED);

	shadow->incoming = MW_ACTION_ALLOW;
	event.reason = MW_REASON_STATE_BYPASS;
	cr_assert_not(shadow_of_event(&daemon_state, &event, NULL, &view));
}

Test(shadow, without_one_there_is_no_difference)
{
	const struct mw_event_gate event = by_default(MW_GATE_REFUSED);

	daemon_state.shadow = NULL;
	cr_assert_not(shadow_of_event(&daemon_state, &event, NULL, &view));
}
