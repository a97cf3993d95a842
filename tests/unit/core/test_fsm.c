// SPDX-License-Identifier: GPL-2.0-only
/*
 * SEMANTICS 2.13 and vfio_mig_get_next_state. The oracle is written by hand per set of
 * capabilities, as walks, where the code has one table of first steps.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/fsm.h"

/* One letter a state: Stop, Running, Copy (STOP_COPY), resuMing, p2p (P), prE, preQ (PRE_COPY_P2P)
 */
static const char letters[] = "XSRCMPEQ";

static char letter(uint32_t state)
{
	return letters[state];
}

/*
 * walks[from][to] in the order STOP RUNNING STOP_COPY RESUMING RUNNING_P2P PRE_COPY PRE_COPY_P2P;
 * NULL: refused.
 */
typedef const char *const walk_table[7][7];

static walk_table base = {
	{"S", "SR", "SC", "SM", NULL, NULL, NULL},   {"RS", "R", "RSC", "RSM", NULL, NULL, NULL},
	{"CS", "CSR", "C", "CSM", NULL, NULL, NULL}, {"MS", "MSR", "MSC", "M", NULL, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},  {NULL, NULL, NULL, NULL, NULL, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

static walk_table p2p = {
	{"S", "SPR", "SC", "SM", "SP", NULL, NULL},
	{"RPS", "R", "RPSC", "RPSM", "RP", NULL, NULL},
	{"CS", "CSPR", "C", "CSM", "CSP", NULL, NULL},
	{"MS", "MSPR", "MSC", "M", "MSP", NULL, NULL},
	{"PS", "PR", "PSC", "PSM", "P", NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

static walk_table pre_copy = {
	{"S", "SR", "SC", "SM", NULL, "SRE", NULL},  {"RS", "R", "RSC", "RSM", NULL, "RE", NULL},
	{"CS", "CSR", "C", "CSM", NULL, NULL, NULL}, {"MS", "MSR", "MSC", "M", NULL, "MSRE", NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},  {"ERS", "ER", "EC", "ERSM", NULL, "E", NULL},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

static walk_table both = {
	{"S", "SPR", "SC", "SM", "SP", "SPRE", "SPQ"},
	{"RPS", "R", "RPSC", "RPSM", "RP", "RE", "RPQ"},
	{"CS", "CSPR", "C", "CSM", "CSP", NULL, NULL},
	{"MS", "MSPR", "MSC", "M", "MSP", "MSPRE", "MSPQ"},
	{"PS", "PR", "PSC", "PSM", "P", "PRE", "PQ"},
	{"ERPS", "ER", "EQC", "ERPSM", "ERP", "E", "EQ"},
	{"QPS", "QPR", "QC", "QPSM", "QP", "QE", "Q"},
};

static void check_walks(uint32_t capabilities, walk_table expected)
{
	for (uint32_t from = 1; from <= 7; from++) {
		for (uint32_t to = 1; to <= 7; to++) {
			const char *walk = expected[from - 1][to - 1];
			enum mig_state path[FSM_ARCS_MAX];
			char got[FSM_ARCS_MAX + 1] = "";
			int count = fsm_walk(from, to, capabilities, path);

			for (int i = 0; i < count; i++)
				got[i] = letter(path[i]);
			if (!walk)
				cr_expect_eq(count, -EINVAL, "%x: %c to %c gives %s", capabilities,
					     letter(from), letter(to), got);
			else
				cr_expect_str_eq(got, walk, "%x: %c to %c", capabilities,
						 letter(from), letter(to));
		}
	}
}

Test(fsm, walks_of_a_device_with_stop_copy_only)
{
	check_walks(1, base);
}

Test(fsm, walks_of_a_device_with_p2p)
{
	check_walks(3, p2p);
}

Test(fsm, walks_of_a_device_with_pre_copy)
{
	check_walks(5, pre_copy);
}

Test(fsm, walks_of_a_device_with_p2p_and_pre_copy)
{
	check_walks(7, both);
}

Test(fsm, nothing_leads_into_or_out_of_error)
{
	enum mig_state path[FSM_ARCS_MAX];
	enum mig_state next = MIG_RESUMING;

	for (uint32_t capabilities = 0; capabilities < 8; capabilities++) {
		for (uint32_t state = 0; state < 8; state++) {
			cr_expect_eq(fsm_walk(MIG_ERROR, state, capabilities, path), -EINVAL);
			cr_expect_eq(fsm_walk(state, MIG_ERROR, capabilities, path), -EINVAL);
			cr_expect_eq(fsm_next(MIG_ERROR, state, capabilities, &next), -EINVAL);
			cr_expect_eq(fsm_next(state, MIG_ERROR, capabilities, &next), -EINVAL);
		}
	}
	cr_expect_eq(next, MIG_RESUMING);
}

Test(fsm, states_from_eight_on_are_refused)
{
	enum mig_state path[FSM_ARCS_MAX];
	enum mig_state next;

	cr_expect_eq(fsm_walk(MIG_RUNNING, 8, 7, path), -EINVAL);
	cr_expect_eq(fsm_walk(8, MIG_RUNNING, 7, path), -EINVAL);
	cr_expect_eq(fsm_walk(0xffffffffu, 0xffffffffu, 7, path), -EINVAL);
	cr_expect_eq(fsm_next(8, 8, 7, &next), -EINVAL);
}

Test(fsm, a_device_without_stop_copy_has_no_walks)
{
	static const uint32_t sets[] = {0, 2, 4, 6};
	enum mig_state path[FSM_ARCS_MAX];

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (uint32_t from = 0; from < 8; from++) {
			for (uint32_t to = 0; to < 8; to++)
				cr_expect_eq(fsm_walk(from, to, sets[i], path), -EINVAL);
		}
	}
}

Test(fsm, a_set_to_the_same_state_is_done_at_once)
{
	enum mig_state path[FSM_ARCS_MAX];

	cr_expect_eq(fsm_walk(MIG_RUNNING, MIG_RUNNING, 1, path), 1);
	cr_expect_eq(path[0], MIG_RUNNING);
	cr_expect_eq(fsm_walk(MIG_PRE_COPY, MIG_PRE_COPY, 1, path), -EINVAL);
}

Test(fsm, each_step_is_the_first_of_the_walk_that_is_left)
{
	static const uint32_t sets[] = {1, 3, 5, 7};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (uint32_t from = 1; from < 8; from++) {
			for (uint32_t to = 1; to < 8; to++) {
				enum mig_state path[FSM_ARCS_MAX];
				int count = fsm_walk(from, to, sets[i], path);

				for (int j = 0; j + 1 < count; j++) {
					enum mig_state next;

					cr_assert_eq(fsm_next(path[j], to, sets[i], &next), 0);
					cr_assert_eq(next, path[j + 1]);
				}
			}
		}
	}
}

/* SEMANTICS 2.13, the arcs that a driver has to have; no walk may ask for another. */
Test(fsm, walks_are_made_of_driver_arcs_only)
{
	static const struct {
		uint32_t capabilities;
		const char *arcs;
	} drivers[] = {
		{1, "MS SM SC CS RS SR"},
		{3, "MS SM SC CS RP PR PS SP"},
		{5, "MS SM SC CS RS SR RE ER EC"},
		{7, "MS SM SC CS RP PR PS SP RE ER EQ QE QP PQ QC"},
	};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		for (uint32_t from = 1; from < 8; from++) {
			for (uint32_t to = 1; to < 8; to++) {
				enum mig_state path[FSM_ARCS_MAX];
				int count = fsm_walk(from, to, drivers[i].capabilities, path);

				for (int j = 0; j + 1 < count; j++) {
					char arc[3] = {letter(path[j]), letter(path[j + 1]), 0};

					cr_assert_not_null(strstr(drivers[i].arcs, arc), "%x: %s",
							   drivers[i].capabilities, arc);
				}
			}
		}
	}
}

Test(fsm, a_data_fd_comes_from_four_arcs)
{
	static const char arcs[] = "RE PQ SC SM";

	for (uint32_t from = 0; from < 10; from++) {
		for (uint32_t to = 0; to < 10; to++) {
			char arc[3] = {0};
			bool expected = false;

			if (from < 8 && to < 8) {
				arc[0] = letter(from);
				arc[1] = letter(to);
				expected = strstr(arcs, arc);
			}
			cr_expect_eq(fsm_makes_data_fd(from, to), expected, "%s", arc);
		}
	}
}

/* The gate's guard looks no further at a SET of these (bpf/gate.bpf.c, is_without_data). */
Test(fsm, no_way_to_a_state_without_data_gives_a_data_fd)
{
	static const enum mig_state targets[] = {MIG_STOP, MIG_RUNNING, MIG_RUNNING_P2P};
	enum mig_state path[FSM_ARCS_MAX];
	size_t walks = 0;

	for (uint32_t capabilities = 0; capabilities < 8; capabilities++) {
		for (uint32_t from = 0; from < MIG_STATE_COUNT_; from++) {
			for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
				int states = fsm_walk(from, targets[i], capabilities, path);

				for (int arc = 1; arc < states; arc++)
					cr_expect_not(fsm_makes_data_fd(path[arc - 1], path[arc]),
						      "%u to %u with %u", from, targets[i],
						      capabilities);
				walks += states > 1;
			}
		}
	}
	cr_expect_gt(walks, 30);
}

Test(fsm, states_exist_as_capabilities_say)
{
	cr_expect(fsm_state_exists(MIG_RUNNING, 1));
	cr_expect_not(fsm_state_exists(MIG_RUNNING, 0));
	cr_expect_not(fsm_state_exists(MIG_RUNNING_P2P, 5));
	cr_expect(fsm_state_exists(MIG_RUNNING_P2P, 3));
	cr_expect_not(fsm_state_exists(MIG_PRE_COPY, 3));
	cr_expect_not(fsm_state_exists(MIG_PRE_COPY_P2P, 5));
	cr_expect(fsm_state_exists(MIG_PRE_COPY_P2P, 7));
	cr_expect(fsm_state_exists(MIG_PRE_COPY_P2P, 15));
	cr_expect(fsm_state_exists(MIG_ERROR, 0));
	cr_expect_not(fsm_state_exists(8, 7));
}

Test(fsm, names_go_both_ways_in_any_spelling)
{
	enum mig_state state;

	for (uint32_t i = 0; i < MIG_STATE_COUNT_; i++) {
		cr_assert(mig_state_from_name(mig_state_name(i), &state));
		cr_expect_eq((uint32_t)state, i);
	}
	cr_assert(mig_state_from_name("stop-copy", &state));
	cr_expect_eq(state, MIG_STOP_COPY);
	cr_assert(mig_state_from_name("Pre_Copy-P2p", &state));
	cr_expect_eq(state, MIG_PRE_COPY_P2P);
	cr_expect_str_eq(mig_state_name(8), "UNKNOWN");
}

Test(fsm, an_unknown_name_leaves_the_result_alone)
{
	enum mig_state state = MIG_RESUMING;

	cr_expect_not(mig_state_from_name("STOPP", &state));
	cr_expect_not(mig_state_from_name("STO", &state));
	cr_expect_not(mig_state_from_name("", &state));
	cr_expect_not(mig_state_from_name(NULL, &state));
	cr_expect_eq(state, MIG_RESUMING);
}
