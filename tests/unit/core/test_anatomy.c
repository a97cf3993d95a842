// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/anatomy.h"
#include "hand_sessions.h"

#define SESSIONS_MAX 8

static struct session sessions[SESSIONS_MAX];
static struct anatomy *anatomy;

static void tear_down(void)
{
	anatomy_free(anatomy);
}

TestSuite(anatomy, .fini = tear_down);

/* Of the first @count of `sessions`. */
static void lay_open(size_t count)
{
	struct anatomy_item items[SESSIONS_MAX];

	for (size_t i = 0; i < count; i++)
		items[i] = (struct anatomy_item){&sessions[i], 0};
	anatomy_free(anatomy);
	anatomy = NULL;
	cr_assert_eq(anatomy_new(items, count, &anatomy), 0);
}

/* The time of all parts of that item and kind; UINT32_MAX is any. */
static uint64_t time_of(uint32_t item, uint32_t kind, uint32_t state)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < anatomy->part_count; i++) {
		const struct part *part = &anatomy->parts[i];

		if ((item == UINT32_MAX || part->item == item) &&
		    (kind == UINT32_MAX || part->kind == kind) &&
		    (state == UINT32_MAX || part->state == state))
			ns += part->ns;
	}
	return ns;
}

static uint64_t time_of_kind(uint32_t kind)
{
	return time_of(UINT32_MAX, kind, UINT32_MAX);
}

static void assert_sums(void)
{
	uint64_t parties = 0;

	for (unsigned int i = 0; i < PARTY_COUNT_; i++)
		parties += anatomy->party_ns[i];
	cr_assert_eq(time_of_kind(UINT32_MAX), anatomy_blackout_ns(anatomy));
	cr_assert_eq(parties, anatomy_blackout_ns(anatomy));
	for (size_t i = 0; i < anatomy->part_count; i++)
		cr_assert_gt(anatomy->parts[i].ns, 0);
}

Test(anatomy, no_session_is_no_anatomy_nor_are_too_many)
{
	struct anatomy_item item = {&sessions[0], 0};

	cr_assert_eq(anatomy_new(&item, 0, &anatomy), -EINVAL);
	cr_assert_eq(anatomy_new(&item, ANATOMY_ITEMS_MAX + 1, &anatomy), -EINVAL);
	cr_assert_null(anatomy);
}

Test(anatomy, a_session_of_which_nothing_is_known_has_no_stretch_and_no_blackout)
{
	hand_empty(&sessions[0]);
	lay_open(1);
	cr_assert_eq(anatomy->stretch_count, 0);
	cr_assert_not(anatomy->has_blackout);
	cr_assert_eq(anatomy->bound, PARTY_UNSEEN);
	cr_assert_null(anatomy->largest);
}

Test(anatomy, a_refused_one_has_no_blackout)
{
	hand_refused(&sessions[0]);
	lay_open(1);
	cr_assert_not(anatomy->has_blackout);
}

Test(anatomy, each_part_of_a_source_has_its_time)
{
	hand_source(&sessions[0]);
	lay_open(1);
	assert_sums();
	cr_assert_eq(anatomy_blackout_ns(anatomy), 400 * MS);
	cr_assert_eq(time_of_kind(PART_ARC), 30 * MS);
	cr_assert_eq(time_of_kind(PART_CALLS), 300 * MS);
	cr_assert_eq(time_of_kind(PART_GAP), 40 * MS);
	/* 20 ms in PRE_COPY_P2P and 10 ms before the first read, less dirty tracking. */
	cr_assert_eq(time_of_kind(PART_DIRTY), 8 * MS);
	cr_assert_eq(time_of_kind(PART_WAIT), 22 * MS);
	cr_assert_eq(anatomy->largest->kind, PART_CALLS);
	cr_assert_eq(anatomy->largest->state, MW_STATE_STOP_COPY);
	cr_assert_eq(anatomy->bound, PARTY_DEVICE);
}

Test(anatomy, what_is_outside_of_the_blackout_counts_for_nothing)
{
	hand_source(&sessions[0]);
	lay_open(1);
	cr_assert_eq(time_of(0, UINT32_MAX, MW_STATE_PRE_COPY), 12 * MS, "only the arc out of it");
	cr_assert_eq(time_of(0, UINT32_MAX, MW_STATE_RUNNING), 0);
}

Test(anatomy, gaps_that_are_longer_than_the_calls_are_the_vmms)
{
	struct mw_flow *flow = &sessions[0].phases[2].flow;

	hand_source(&sessions[0]);
	flow->driver_ns = 40 * MS;
	flow->gap_ns = 300 * MS;
	lay_open(1);
	assert_sums();
	cr_assert_eq(anatomy->largest->kind, PART_GAP);
	cr_assert_eq(anatomy->bound, PARTY_VMM);
}

Test(anatomy, dirty_tracking_takes_no_more_than_the_device_was_idle)
{
	hand_source(&sessions[0]);
	sessions[0].dirty.stopped.time_ns = UINT64_MAX;
	lay_open(1);
	assert_sums();
	cr_assert_eq(time_of_kind(PART_DIRTY), (20 + 10 + 40) * MS);
	cr_assert_eq(time_of_kind(PART_CALLS), 300 * MS);
}

Test(anatomy, the_end_of_dirty_tracking_counts_where_it_is_in_the_blackout)
{
	hand_source(&sessions[0]);
	sessions[0].dirty.stop_ns = 1604 * MS;
	sessions[0].dirty.stop_duration_ns = 8 * MS;
	lay_open(1);
	cr_assert_eq(time_of_kind(PART_DIRTY), (8 + 4) * MS);
}

Test(anatomy, a_destination_begins_with_the_last_write)
{
	hand_destination(&sessions[0]);
	lay_open(1);
	assert_sums();
	cr_assert_eq(anatomy_blackout_ns(anatomy), 60 * MS);
	cr_assert_eq(time_of_kind(PART_WAIT), 12 * MS);
	cr_assert_eq(time_of_kind(PART_ARC), 48 * MS);
	cr_assert_eq(time_of_kind(PART_CALLS), 0);
}

Test(anatomy, a_blackout_without_an_end_lasts_until_the_last_that_was_seen)
{
	hand_lost(&sessions[0]);
	lay_open(1);
	assert_sums();
	cr_assert(anatomy->is_open);
	cr_assert_eq(anatomy_blackout_ns(anatomy), 42 * MS);
}

Test(anatomy, devices_one_after_the_other_have_all_the_time_of_their_turn)
{
	hand_source(&sessions[0]);
	hand_second(&sessions[1]);
	lay_open(2);
	assert_sums();
	cr_assert_eq(anatomy_blackout_ns(anatomy), 500 * MS);
	cr_assert_eq(time_of(0, PART_CALLS, UINT32_MAX), 300 * MS);
	cr_assert_eq(time_of(1, PART_CALLS, UINT32_MAX), 40 * MS);
	/* It waits while the first one is read: that is the first one's time. */
	cr_assert_lt(time_of(1, PART_WAIT, MW_STATE_PRE_COPY_P2P), 30 * MS);
}

Test(anatomy, devices_at_one_time_share_it)
{
	hand_source(&sessions[0]);
	hand_source(&sessions[1]);
	hand_source(&sessions[2]);
	lay_open(3);
	assert_sums();
	cr_assert_eq(anatomy_blackout_ns(anatomy), 400 * MS);
	/* Each third is cut into calls and gaps by itself, to the nanosecond below. */
	cr_assert_leq(time_of(1, PART_CALLS, UINT32_MAX), 100 * MS);
	cr_assert_geq(time_of(1, PART_CALLS, UINT32_MAX), 100 * MS - 1);
	cr_assert_geq(time_of_kind(PART_CALLS), 300 * MS - 3);
}

Test(anatomy, both_sides_make_one_blackout_with_the_way_between_them)
{
	hand_source(&sessions[0]);
	hand_destination(&sessions[1]);
	lay_open(2);
	assert_sums();
	cr_assert(anatomy->is_merged);
	cr_assert_eq(anatomy_blackout_ns(anatomy), 480 * MS);
	cr_assert_eq(time_of(0, PART_CALLS, UINT32_MAX), 300 * MS);
	/* From the last read at 2000 ms to the last write at 2020 ms, the driver's calls and the
	 * way. */
	cr_assert_eq(time_of(1, PART_CALLS, UINT32_MAX) + time_of(1, PART_TRANSFER, UINT32_MAX),
		     20 * MS);
	cr_assert_gt(time_of(1, PART_TRANSFER, UINT32_MAX), time_of(1, PART_CALLS, UINT32_MAX));
	cr_assert_eq(time_of(1, PART_ARC, UINT32_MAX), 48 * MS);
}

Test(anatomy, another_clock_moves_the_times_and_nothing_else)
{
	struct anatomy_item items[2] = {{&sessions[0], 0}, {&sessions[1], -3600000 * (int64_t)MS}};

	hand_source(&sessions[0]);
	hand_destination(&sessions[1]);
	for (uint32_t i = 0; i < sessions[1].arc_count; i++)
		sessions[1].arcs[i].end_ns += 3600000 * MS;
	sessions[1].phases[0].begin_ns += 3600000 * MS;
	sessions[1].phases[0].end_ns += 3600000 * MS;
	sessions[1].phases[0].flow.last_ns += 3600000 * MS;
	sessions[1].begin_ns += 3600000 * MS;
	sessions[1].end_ns += 3600000 * MS;
	sessions[1].blackout_begin_ns += 3600000 * MS;
	sessions[1].blackout_end_ns += 3600000 * MS;
	cr_assert_eq(anatomy_new(items, 2, &anatomy), 0);
	assert_sums();
	cr_assert_eq(anatomy_blackout_ns(anatomy), 480 * MS);
	cr_assert_eq(time_of(1, PART_ARC, UINT32_MAX), 48 * MS);
}

Test(anatomy, a_clock_that_leaves_the_range_of_time_stops_at_its_ends)
{
	struct anatomy_item back = {&sessions[0], INT64_MIN}, forward = {&sessions[0], INT64_MAX};

	cr_assert_eq(anatomy_time(&back, 5), 1);
	cr_assert_eq(anatomy_time(&back, UINT64_MAX), (uint64_t)INT64_MAX);
	cr_assert_eq(anatomy_time(&forward, UINT64_MAX), UINT64_MAX);
	cr_assert_eq(anatomy_time(&forward, 0), 0, "not seen stays not seen");
}

static uint64_t random_u64(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Times that no kernel would tell: any order, overlaps, some of them absurd. */
static uint64_t random_time(void)
{
	switch (random_u64() % 16) {
	case 0:
		return 0;
	case 1:
		return random_u64();
	case 2:
		return UINT64_MAX;
	default:
		return random_u64() % (1000 * MS);
	}
}

static uint32_t random_below(uint32_t end)
{
	return (uint32_t)(random_u64() % end);
}

static void fill(struct session *session)
{
	memset(session, 0, sizeof(*session));
	session->side = random_below(SESSION_SIDE_COUNT_);
	session->begin_ns = random_time();
	session->end_ns = random_time();
	session->blackout_begin_ns = random_time();
	session->blackout_end_ns = random_time();
	session->dirty.stopped.time_ns = random_time();
	session->dirty.stop_ns = random_time();
	session->dirty.stop_duration_ns = random_time();
	session->arc_count = random_below(SESSION_ARCS_MAX + 1);
	for (uint32_t i = 0; i < session->arc_count; i++)
		session->arcs[i] = (struct session_arc){
			random_time(), random_time(), random_below(8), random_below(8), 0, 0};
	session->phase_count = random_below(SESSION_PHASES_MAX + 1);
	for (uint32_t i = 0; i < session->phase_count; i++) {
		struct session_phase *phase = &session->phases[i];

		phase->begin_ns = random_time();
		phase->end_ns = random_time();
		phase->state = random_below(8);
		phase->has_flow = random_below(2);
		phase->flow.calls = random_below(2);
		phase->flow.driver_ns = random_time();
		phase->flow.gap_ns = random_time();
		phase->flow.last_ns = random_time();
	}
}

static void assert_stretches(void)
{
	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];

		cr_assert_lt(stretch->begin_ns, stretch->end_ns);
		if (i && stretch[-1].item == stretch->item)
			cr_assert_leq(stretch[-1].end_ns, stretch->begin_ns);
	}
}

Test(anatomy, the_parts_are_the_blackout_whatever_a_file_says)
{
	for (unsigned int round = 0; round < 2000; round++) {
		size_t count = 1 + random_below(SESSIONS_MAX);

		for (size_t i = 0; i < count; i++)
			fill(&sessions[i]);
		lay_open(count);
		assert_stretches();
		if (anatomy->has_blackout)
			assert_sums();
	}
}
