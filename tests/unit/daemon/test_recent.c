// SPDX-License-Identifier: GPL-2.0-only
/* What the page shows of decisions: the last ones, and a flood of one as one, wherever it stands.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/decode.h"
#include "core/fsm.h"
#include "core/names.h"
#include "daemon/recent.h"
#include "migwarden/reason.h"

static struct recent recent;

static void tear_down(void)
{
	recent_free(&recent);
}

TestSuite(recent, .fini = tear_down);

static struct mw_event_gate refused(const char *device)
{
	struct mw_event_gate event = {
		.direction = MW_INCOMING,
		.answer = MW_GATE_REFUSED,
		.reason = MW_REASON_NO_ADMISSION,
	};

	snprintf(event.head.device, sizeof(event.head.device), "%s", device);
	return event;
}

static void remember(const struct mw_event_gate *event)
{
	json_t *decision =
		json_pack("{s:s, s:s, s:s, s:s}", "device", event->head.device, "answer",
			  gate_answer_name(event->answer), "reason", mw_reason_name(event->reason),
			  "direction", direction_label(event->direction));

	recent_decision(&recent, decision);
	json_decref(decision);
}

static void remember_others(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char device[32];
		struct mw_event_gate other;

		snprintf(device, sizeof(device), "0000:%02x:00.0", i);
		other = refused(device);
		remember(&other);
	}
}

Test(recent, what_is_kept_counts_what_is_like_it)
{
	struct mw_event_gate event = refused("a");
	struct mw_event_gate other = refused("b");

	cr_assert_not(recent_repeats(&recent, &event, 0));
	remember(&event);
	remember_others(RECENT_ITEMS_MAX - 1);
	cr_assert(recent_repeats(&recent, &event, 0));
	cr_assert(recent_repeats(&recent, &event, 0));
	cr_assert_not(recent_repeats(&recent, &other, 0));
	other = refused("a");
	other.answer = MW_GATE_PASSED;
	cr_assert_not(recent_repeats(&recent, &other, 0));
	cr_assert_eq(json_integer_value(json_object_get(recent.decisions.items[0], "more")), 2);
}

Test(recent, what_was_pushed_out_counts_no_more_until_it_is_remembered_again)
{
	struct mw_event_gate event = refused("a");

	remember(&event);
	remember_others(RECENT_ITEMS_MAX);
	cr_assert_not(recent_repeats(&recent, &event, 0));
	remember(&event);
	cr_assert(recent_repeats(&recent, &event, 0));
}
