// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_model.h"
#include "cli/top_text.h"
#include "migwarden/reason.h"

static struct top_model model;
static struct session session;

static void set_up(void)
{
	cr_assert_eq(top_model_open(&model), 0);
	session = (struct session){
		.id = 1,
		.end = SESSION_OPEN,
		.state = MW_STATE_PRE_COPY,
		.begin_ns = 1000,
		.phase_count = 1,
		.phases = {{.begin_ns = 2000, .state = MW_STATE_PRE_COPY}},
	};
	strcpy(session.device, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
	strcpy(session.vm_name, "db-3");
}

static void tear_down(void)
{
	top_model_close(&model);
}

TestSuite(top, .init = set_up, .fini = tear_down);

static void begin(uint64_t id, const char *device)
{
	session.id = id;
	session.end = SESSION_OPEN;
	session.end_ns = 0;
	snprintf(session.device, sizeof(session.device), "%s", device);
	top_model_outcome(&model, SESSION_BEGAN, &session, NULL);
}

static void end(enum session_end how, uint64_t now_ns)
{
	session.end = how;
	session.end_ns = now_ns;
	top_model_outcome(&model, SESSION_ENDED, &session, NULL);
}

static void live(const char *device, uint64_t bytes)
{
	const struct mw_flow flow = {.bytes = bytes};

	top_model_live(&model, device, &flow);
}

static const struct top_row *row_at(size_t index)
{
	const struct top_row **rows;

	cr_assert_gt(top_model_order(&model, &rows), index);
	return rows[index];
}

static const char *row_text(int width)
{
	static char line[TOP_LINE_BYTES];

	return top_text_row(&model, row_at(0), width, line);
}

Test(top, a_device_that_migrates_again_has_one_row_anew)
{
	const struct session_alarm alarm = {.kind = ALARM_DEVICE_LOST};

	begin(1, "a");
	top_model_outcome(&model, SESSION_ALARMED, &session, &alarm);
	session.bytes = 96;
	end(SESSION_LOST, 5000);
	cr_assert_eq(row_at(0)->alarm_count, 1);
	cr_assert_eq(row_at(0)->bytes, 96);
	session.bytes = 0;
	begin(2, "a");
	cr_assert_eq(model.count, 1);
	cr_assert_eq(row_at(0)->alarm_count, 0);
	cr_assert_eq(row_at(0)->bytes, 0);
	cr_assert_eq(model.open, 1);
	cr_assert_eq(model.ended, 1);
}

Test(top, what_comes_late_of_an_earlier_session_does_not_touch_the_row)
{
	begin(1, "a");
	end(SESSION_COMPLETED, 5000);
	begin(2, "a");
	session.id = 1;
	session.bytes = 77;
	top_model_outcome(&model, SESSION_CHANGED, &session, NULL);
	cr_assert_eq(row_at(0)->session, 2);
	cr_assert_eq(row_at(0)->bytes, 0);
}

Test(top, bytes_are_what_was_told_and_what_is_open)
{
	begin(1, "a");
	session.bytes = 100;
	top_model_outcome(&model, SESSION_CHANGED, &session, NULL);
	top_model_live_begin(&model);
	live("a", 20);
	live("a", 3);
	live("b", 1000);
	top_model_sample(&model, 10000);
	cr_assert_eq(row_at(0)->bytes, 123);
}

Test(top, bytes_do_not_go_back_between_the_close_of_a_file_and_its_record)
{
	begin(1, "a");
	top_model_live_begin(&model);
	live("a", 500);
	top_model_sample(&model, 10000);
	top_model_live_begin(&model);
	top_model_sample(&model, 20000);
	cr_assert_eq(row_at(0)->bytes, 500);
	session.bytes = 512;
	end(SESSION_COMPLETED, 30000);
	cr_assert_eq(row_at(0)->bytes, 512);
}

Test(top, what_is_told_is_not_counted_as_open_too)
{
	begin(1, "a");
	top_model_live_begin(&model);
	live("a", 4000);
	top_model_sample(&model, 10000);
	session.bytes = 4096;
	top_model_outcome(&model, SESSION_CHANGED, &session, NULL);
	cr_assert_eq(row_at(0)->bytes, 4096);
	end(SESSION_COMPLETED, 20000);
	top_model_sample(&model, 30000);
	cr_assert_eq(row_at(0)->bytes, 4096);
}

Test(top, the_rate_is_of_the_time_between_two_looks)
{
	begin(1, "a");
	top_model_sample(&model, 1000000000);
	top_model_live_begin(&model);
	live("a", 3000);
	top_model_sample(&model, 1500000000);
	cr_assert_eq(row_at(0)->bytes_per_s, 6000);
	top_model_sample(&model, 2500000000);
	cr_assert_eq(row_at(0)->bytes_per_s, 0);
}

Test(top, a_look_at_the_same_time_leaves_the_rate)
{
	begin(1, "a");
	top_model_sample(&model, 1000);
	live("a", 3000);
	top_model_sample(&model, 1000);
	top_model_sample(&model, 500);
	cr_assert_eq(row_at(0)->bytes_per_s, 0);
}

Test(top, each_key_sorts_and_reverses)
{
	begin(1, "b");
	session.begin_ns = 5000;
	strcpy(session.vm_name, "app");
	begin(2, "a");
	for (enum top_sort sort = 0; sort < TOP_SORT_COUNT_; sort++) {
		const struct top_row *first;

		model.sort = sort;
		model.is_reverse = false;
		first = row_at(0);
		cr_assert_neq(first, row_at(1));
		model.is_reverse = true;
		/* Where they are alike the name decides, in either direction. */
		if (sort == TOP_BY_BEGIN || sort == TOP_BY_DEVICE || sort == TOP_BY_VM)
			cr_assert_eq(row_at(1), first, "by %s", top_sort_name(sort));
	}
	model.is_reverse = false;
	model.sort = TOP_BY_DEVICE;
	cr_assert_str_eq(row_at(0)->device, "a");
	model.sort = TOP_BY_VM;
	cr_assert_str_eq(row_at(0)->vm, "app");
	model.sort = TOP_BY_BEGIN;
	cr_assert_eq(row_at(0)->begin_ns, 5000, "the latest is the first");
}

Test(top, a_filter_looks_at_device_vm_state_and_side)
{
	static const char *const found[] = {"", "B8F4", "DB-", "pre_c", "sour"};
	const struct top_row **rows;

	begin(1, "83b8f4f2");
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		snprintf(model.filter, sizeof(model.filter), "%s", found[i]);
		cr_assert_eq(top_model_order(&model, &rows), 1, "\"%s\"", found[i]);
	}
	strcpy(model.filter, "destination");
	cr_assert_eq(top_model_order(&model, &rows), 0);
}

Test(top, over_capacity_what_ended_makes_room_first)
{
	char name[16];

	begin(1, "ended");
	end(SESSION_COMPLETED, 1u << 30);
	for (uint64_t i = 2; i <= TOP_ROWS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "d%llu", (unsigned long long)i);
		begin(i, name);
	}
	cr_assert_eq(model.count, TOP_ROWS_MAX);
	for (size_t i = 0; i < model.count; i++)
		cr_assert_str_neq(model.rows[i].device, "ended");
}

Test(top, no_line_is_wider_than_asked)
{
	char line[TOP_LINE_BYTES];
	const struct top_head head = {
		.host = "a-host-with-a-long-name", .kernel = "6", .gate = "x"};

	begin(1, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
	for (int width = 0; width < 300; width++) {
		cr_assert_leq(strlen(row_text(width)), width);
		cr_assert_leq(strlen(top_text_heading(&model, width, line)), width);
		cr_assert_leq(strlen(top_text_head(&model, &head, 0, width, line)), width);
		cr_assert_leq(strlen(top_text_head(&model, &head, 1, width, line)), width);
	}
}

Test(top, forty_columns_have_the_device_its_state_and_its_rate)
{
	begin(1, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
	cr_assert_str_eq(row_text(39), "83b8f~fa1001  PRE_COPY            0 B/s");
}

Test(top, all_columns_fit_into_a_wide_terminal)
{
	char line[TOP_LINE_BYTES];

	begin(1, "a");
	cr_assert_not_null(strstr(top_text_heading(&model, 200, line), "ALARMS"));
	cr_assert_null(strstr(top_text_heading(&model, 80, line), "ALARMS"));
}

Test(top, names_cannot_move_the_cursor)
{
	strcpy(session.vm_name, "\x1b[2J\n");
	begin(1, "a\x1b");
	cr_assert_null(strpbrk(row_text(200), "\x1b\n"));
	strcpy(model.filter, "\x1b");
}

Test(top, what_nobody_knows_is_null_in_json)
{
	const struct top_head head = {.host = "h", .kernel = "k", .gate = "none"};
	json_t *object, *row;

	begin(1, "a");
	object = top_to_json(&model, &head);
	row = json_array_get(json_object_get(object, "devices"), 0);
	cr_assert(json_is_null(json_object_get(row, "estimate_bytes")));
	cr_assert(json_is_null(json_object_get(row, "verdict")));
	cr_assert(json_is_null(json_object_get(row, "alarm")));
	cr_assert_str_eq(json_string_value(json_object_get(row, "state")), "PRE_COPY");
	json_decref(object);
}

static void decide(uint32_t answer, uint64_t begin_ns)
{
	const struct top_decision decision = {
		.device = "a",
		.vm = "db-3",
		.side = SESSION_SOURCE,
		.answer = answer,
		.reason = MW_REASON_NO_ADMISSION,
		.begin_ns = begin_ns,
		.end_ns = begin_ns + 10,
	};

	top_model_decide(&model, &decision);
}

Test(top, what_the_daemon_tells_of_a_migration_is_its_verdict)
{
	begin(1, "a");
	decide(MW_GATE_PASSED, session.begin_ns + 5000);
	cr_assert_eq(row_at(0)->answer, MW_GATE_PASSED);
	end(SESSION_COMPLETED, 5000);
	cr_assert_eq(row_at(0)->answer, MW_GATE_PASSED);
	begin(2, "a");
	cr_assert_eq(row_at(0)->answer, 0);
}

Test(top, a_verdict_of_another_migration_is_not_that_of_the_row)
{
	session.begin_ns = 5000000000;
	begin(1, "a");
	decide(MW_GATE_PASSED, 1000);
	decide(MW_GATE_REFUSED, 1000);
	cr_assert_eq(row_at(0)->answer, 0);
	cr_assert_eq(row_at(0)->session, 1);
}

Test(top, what_only_the_gate_has_seen_is_a_row_until_the_device_migrates)
{
	decide(MW_GATE_REFUSED, 1000);
	cr_assert_eq(model.count, 1);
	cr_assert_eq(row_at(0)->end, SESSION_FAILED);
	cr_assert_eq(row_at(0)->answer, MW_GATE_REFUSED);
	cr_assert_str_eq(row_at(0)->vm, "db-3");
	session.begin_ns = 5000000000;
	begin(1, "a");
	cr_assert_eq(model.count, 1);
	cr_assert_eq(row_at(0)->session, 1);
	cr_assert_eq(row_at(0)->answer, 0);
}

Test(top, a_refusal_does_not_take_the_row_of_a_migration_that_goes_on)
{
	begin(1, "a");
	decide(MW_GATE_REFUSED, 5000000000);
	cr_assert_eq(row_at(0)->session, 1);
	end(SESSION_COMPLETED, 1000000000);
	decide(MW_GATE_REFUSED, 5000000000);
	cr_assert_eq(row_at(0)->session, 0);
	cr_assert_eq(row_at(0)->answer, MW_GATE_REFUSED);
}
