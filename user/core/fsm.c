// SPDX-License-Identifier: GPL-2.0-only
#include "core/fsm.h"

#include <errno.h>

#include "core/descriptor.h"
#include "migwarden/wire.h"

static const char *const state_names[MIG_STATE_COUNT_] = {
	[MIG_ERROR] = "ERROR",       [MIG_STOP] = "STOP",
	[MIG_RUNNING] = "RUNNING",   [MIG_STOP_COPY] = "STOP_COPY",
	[MIG_RESUMING] = "RESUMING", [MIG_RUNNING_P2P] = "RUNNING_P2P",
	[MIG_PRE_COPY] = "PRE_COPY", [MIG_PRE_COPY_P2P] = "PRE_COPY_P2P",
};

static const uint8_t state_needs[MIG_STATE_COUNT_] = MW_STATE_NEEDS;

static const uint8_t first_step[MIG_STATE_COUNT_][MIG_STATE_COUNT_] = MW_FIRST_STEPS;

_Static_assert((int)MIG_STATE_COUNT_ == MW_STATES, "the same states");

const char *mig_state_name(uint32_t state)
{
	return state < MIG_STATE_COUNT_ ? state_names[state] : "UNKNOWN";
}

static bool same_name(const char *given, const char *name)
{
	for (; *given && *name; given++, name++) {
		char c = *given;

		if (c == '-')
			c = '_';
		else if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c != *name)
			return false;
	}
	return *given == *name;
}

bool mig_state_from_name(const char *name, enum mig_state *out)
{
	if (!name)
		return false;
	for (unsigned int i = 0; i < MIG_STATE_COUNT_; i++) {
		if (same_name(name, state_names[i])) {
			*out = (enum mig_state)i;
			return true;
		}
	}
	return false;
}

bool fsm_state_exists(uint32_t state, uint32_t capabilities)
{
	/* The kernel holds ERROR for a state of every device. */
	if (state == MIG_ERROR)
		return true;
	return state < MIG_STATE_COUNT_ && (state_needs[state] & ~capabilities) == 0;
}

static bool settable(uint32_t state, uint32_t capabilities)
{
	return state != MIG_ERROR && fsm_state_exists(state, capabilities);
}

int fsm_next(uint32_t from, uint32_t to, uint32_t capabilities, enum mig_state *next)
{
	uint32_t step;

	if (!settable(from, capabilities) || !settable(to, capabilities))
		return -EINVAL;

	/* A state that the device lacks is stepped over: the driver sees one longer arc. */
	step = first_step[from][to];
	while (step != MIG_ERROR && !fsm_state_exists(step, capabilities))
		step = first_step[step][to];
	if (step == MIG_ERROR)
		return -EINVAL;
	*next = (enum mig_state)step;
	return 0;
}

int fsm_walk(uint32_t from, uint32_t to, uint32_t capabilities,
	     enum mig_state path[static FSM_ARCS_MAX])
{
	enum mig_state states[FSM_ARCS_MAX];
	int count = 0;

	if (!settable(from, capabilities) || !settable(to, capabilities))
		return -EINVAL;
	states[count++] = (enum mig_state)from;
	while (states[count - 1] != (enum mig_state)to) {
		int r;

		if (count == FSM_ARCS_MAX)
			return -EINVAL;
		r = fsm_next(states[count - 1], to, capabilities, &states[count]);
		if (r)
			return r;
		count++;
	}
	for (int i = 0; i < count; i++)
		path[i] = states[i];
	return count;
}

bool fsm_makes_data_fd(uint32_t from, uint32_t to)
{
	return (from == MIG_RUNNING && to == MIG_PRE_COPY) ||
	       (from == MIG_RUNNING_P2P && to == MIG_PRE_COPY_P2P) ||
	       (from == MIG_STOP && to == MIG_STOP_COPY) ||
	       (from == MIG_STOP && to == MIG_RESUMING);
}
