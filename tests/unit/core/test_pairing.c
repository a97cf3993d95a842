// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <string.h>

#include "core/pairing.h"
#include "hand_sessions.h"

#define ERROR_NS (10 * MS)

static struct session sources[2], destinations[2];
static const struct session *const source_list[] = {&sources[0], &sources[1]};
static const struct session *const destination_list[] = {&destinations[0], &destinations[1]};
static struct anatomy_item items[4];
static struct pairing pairing;

static void set_up(void)
{
	hand_source(&sources[0]);
	hand_source(&sources[1]);
	hand_destination(&destinations[0]);
	hand_destination(&destinations[1]);
}

TestSuite(pairing, .init = set_up);

static enum pairing_refusal judge(size_t source_count, size_t destination_count)
{
	return pairing_judge(source_list, source_count, destination_list, destination_count,
			     ERROR_NS, items, &pairing);
}

/* The destination's monotonic clock is that much more, its wall clock is as right as it was. */
static void set_clock_ahead(struct session *session, int64_t ahead_ns)
{
	uint64_t ns = (uint64_t)ahead_ns;

	session->begin_ns += ns;
	session->end_ns += ns;
	session->blackout_begin_ns += ns;
	session->blackout_end_ns += ns;
	session->clock_offset_ns -= ahead_ns;
	for (uint32_t i = 0; i < session->phase_count; i++) {
		session->phases[i].begin_ns += ns;
		session->phases[i].end_ns += ns;
		session->phases[i].flow.begin_ns += ns;
		session->phases[i].flow.last_ns += ns;
	}
}

Test(pairing, one_kernel_has_one_clock)
{
	strcpy(destinations[0].boot_id, sources[0].boot_id);
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.method, PAIRING_SAME_CLOCK);
	cr_assert_eq(pairing.shift_ns, 0);
	cr_assert_eq(pairing.uncertainty_ns, 0);
	cr_assert_eq(items[0].session, &sources[0]);
	cr_assert_eq(items[1].session, &destinations[0]);
}

Test(pairing, on_one_clock_bytes_that_arrive_before_they_are_read_are_of_another)
{
	strcpy(destinations[0].boot_id, sources[0].boot_id);
	set_clock_ahead(&destinations[0], -30 * (int64_t)MS);
	cr_assert_eq(judge(1, 1), PAIRING_TIME);
}

Test(pairing, an_empty_boot_id_is_no_proof_of_one_kernel)
{
	*sources[0].boot_id = *destinations[0].boot_id = '\0';
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.method, PAIRING_WALL_CLOCK);
}

Test(pairing, wall_clocks_put_two_kernels_together)
{
	set_clock_ahead(&destinations[0], 7777777 * (int64_t)MS);
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.method, PAIRING_WALL_CLOCK);
	cr_assert_eq(pairing.shift_ns, -7777777 * (int64_t)MS);
	cr_assert_eq(items[1].shift_ns, pairing.shift_ns);
	/* The last byte took 20 ms: 10 ms either way contradict nothing. */
	cr_assert_eq(pairing.uncertainty_ns, ERROR_NS);
	cr_assert(pairing.is_by_uuid);
}

Test(pairing, what_happened_moves_a_wall_clock_that_is_a_little_wrong)
{
	/* The last byte arrives 4 ms before it was read. */
	destinations[0].clock_offset_ns -= 24 * (int64_t)MS;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.method, PAIRING_WALL_CLOCK);
	cr_assert_eq(pairing.shift_ns, -20 * (int64_t)MS);
	cr_assert_eq(pairing.wall_ns, -24 * (int64_t)MS);
	cr_assert_eq(pairing.uncertainty_ns, 6 * MS);
}

Test(pairing, a_wall_clock_that_is_wrong_beyond_its_error_gives_way_to_what_happened)
{
	destinations[0].clock_offset_ns -= 5000 * (int64_t)MS;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.method, PAIRING_CAUSALITY);
	cr_assert_eq(pairing.shift_ns, -20 * (int64_t)MS);
	cr_assert_eq(pairing.uncertainty_ns, UINT64_MAX);
}

Test(pairing, the_first_byte_counts_as_the_last_does)
{
	/* Both last ones at one time, but the first arrives 30 ms before it was read. */
	uint64_t read =
		sources[0].phases[0].flow.begin_ns + sources[0].phases[0].flow.first_byte_ns;
	struct mw_flow *flow = &destinations[0].phases[0].flow;

	flow->first_byte_ns = read - 30 * MS - flow->begin_ns;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_eq(pairing.earliest_ns, 30 * (int64_t)MS);
}

Test(pairing, days_apart_are_two_migrations)
{
	destinations[0].clock_offset_ns += 86400 * 1000 * (int64_t)MS;
	cr_assert_eq(judge(1, 1), PAIRING_TIME);
}

Test(pairing, other_vms_do_not_belong_together)
{
	strcpy(destinations[0].vm_uuid, "11111111-4b5a-4978-8695-a4b3c2d1e0f0");
	cr_assert_eq(judge(1, 1), PAIRING_UUID);
}

Test(pairing, without_a_uuid_devices_and_bytes_say_it)
{
	*destinations[0].vm_uuid = '\0';
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	cr_assert_not(pairing.is_by_uuid);
}

Test(pairing, a_destination_that_began_when_all_was_read_needs_a_uuid)
{
	/* As from a file. */
	strcpy(destinations[0].boot_id, sources[0].boot_id);
	destinations[0].begin_ns = sources[0].blackout_end_ns + ERROR_NS + 1;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
	*destinations[0].vm_uuid = '\0';
	cr_assert_eq(judge(1, 1), PAIRING_TIME);
	destinations[0].begin_ns--;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
}

Test(pairing, other_bytes_do_not_belong_together)
{
	destinations[0].bytes--;
	cr_assert_eq(judge(1, 1), PAIRING_BYTES);
	/* But where not all were counted, they say nothing. */
	destinations[0].phases[0].flow.missed_bytes = 1;
	cr_assert_eq(judge(1, 1), PAIRING_OK);
}

Test(pairing, another_driver_does_not_belong_to_it)
{
	strcpy(destinations[0].driver, "hisi_acc_vfio_pci");
	cr_assert_eq(judge(1, 1), PAIRING_DRIVER);
}

Test(pairing, every_device_needs_one_on_the_other_side)
{
	cr_assert_eq(judge(2, 1), PAIRING_COUNT);
	cr_assert_eq(judge(2, 2), PAIRING_OK);
	destinations[1].bytes = sources[1].bytes = 4096;
	cr_assert_eq(judge(2, 2), PAIRING_OK);
	sources[1].bytes = sources[0].bytes;
	cr_assert_eq(judge(2, 2), PAIRING_BYTES);
}

Test(pairing, a_source_that_was_not_read_to_its_end_has_no_other_side)
{
	sources[0].end = SESSION_CANCELLED;
	cr_assert_eq(judge(1, 1), PAIRING_NO_SOURCE);
	cr_assert_eq(judge(0, 1), PAIRING_NO_SOURCE);
}

Test(pairing, a_destination_that_was_not_written_has_no_other_side)
{
	cr_assert_eq(judge(1, 0), PAIRING_NO_DESTINATION);
	hand_refused(&destinations[0]);
	cr_assert_eq(judge(1, 1), PAIRING_NO_DESTINATION);
}

Test(pairing, times_beyond_any_clock_are_refused)
{
	sources[0].blackout_end_ns = UINT64_MAX;
	destinations[0].blackout_begin_ns = 1;
	cr_assert_eq(judge(1, 1), PAIRING_TIME);
	set_up();
	destinations[0].clock_offset_ns = INT64_MIN;
	sources[0].clock_offset_ns = INT64_MAX;
	cr_assert_eq(judge(1, 1), PAIRING_TIME);
}
