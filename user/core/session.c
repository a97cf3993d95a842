// SPDX-License-Identifier: GPL-2.0-only
/* What a session says: the sums that its readers share. */
#include "core/session.h"

#include <stdlib.h>

#include "base/cleanup.h"

#define NAME_OF(names, value) ((value) < ARRAY_SIZE(names) ? (names)[value] : "unknown")

const char *session_side_name(uint32_t side)
{
	static const char *const names[SESSION_SIDE_COUNT_] = {
		[SESSION_SOURCE] = "source",
		[SESSION_DESTINATION] = "destination",
	};

	return NAME_OF(names, side);
}

const char *session_end_name(uint32_t end)
{
	static const char *const names[SESSION_END_COUNT_] = {
		[SESSION_OPEN] = "open",           [SESSION_COMPLETED] = "completed",
		[SESSION_CANCELLED] = "cancelled", [SESSION_FAILED] = "failed",
		[SESSION_LOST] = "lost",           [SESSION_UNKNOWN] = "unknown",
	};

	return NAME_OF(names, end);
}

const char *session_cause_name(uint32_t cause)
{
	static const char *const names[SESSION_CAUSE_COUNT_] = {
		[SESSION_CAUSE_NONE] = "none",       [SESSION_CAUSE_REFUSED] = "refused",
		[SESSION_CAUSE_RESET] = "reset",     [SESSION_CAUSE_CLOSED] = "closed",
		[SESSION_CAUSE_REMOVED] = "removed", [SESSION_CAUSE_MISSED] = "missed",
		[SESSION_CAUSE_EVICTED] = "evicted", [SESSION_CAUSE_STOPPED] = "stopped",
	};

	return NAME_OF(names, cause);
}

const char *session_failure_name(uint32_t kind)
{
	static const char *const names[SESSION_FAILURE_COUNT_] = {
		[SESSION_FAILURE_NONE] = "none",
		[SESSION_FAILURE_READ] = "read",
		[SESSION_FAILURE_WRITE] = "write",
		[SESSION_FAILURE_ARC] = "arc",
	};

	return NAME_OF(names, kind);
}

const char *session_order_name(uint32_t order)
{
	static const char *const names[] = {
		[SESSION_ORDER_SINGLE] = "single",
		[SESSION_ORDER_SERIAL] = "serial",
		[SESSION_ORDER_PARALLEL] = "parallel",
	};

	return NAME_OF(names, order);
}

const char *alarm_kind_name(uint32_t kind)
{
	static const char *const names[ALARM_KIND_COUNT_] = {
		[ALARM_DEVICE_LOST] = "device-lost",   [ALARM_TRANSFER_FAILED] = "transfer-failed",
		[ALARM_NO_DATA_SIZE] = "no-data-size", [ALARM_ESTIMATE_OFF] = "estimate-off",
		[ALARM_BLACKOUT] = "blackout",         [ALARM_FILE_LEFT_OPEN] = "file-left-open",
	};

	return NAME_OF(names, kind);
}

bool session_is_refused(const struct session *session)
{
	return session->gate.answer == MW_GATE_REFUSED;
}

uint64_t session_blackout_ns(const struct session *session, uint64_t now_ns)
{
	uint64_t end_ns = session->blackout_end_ns ? session->blackout_end_ns : now_ns;

	if (!session->blackout_begin_ns || end_ns <= session->blackout_begin_ns)
		return 0;
	return end_ns - session->blackout_begin_ns;
}

static bool is_final(uint32_t state)
{
	return state == MW_STATE_STOP_COPY || state == MW_STATE_RESUMING;
}

const struct mw_flow *session_final_flow(const struct session *session)
{
	for (uint32_t i = session->phase_count; i > 0; i--) {
		const struct session_phase *phase = &session->phases[i - 1];

		if (phase->has_flow && is_final(phase->state))
			return &phase->flow;
	}
	return NULL;
}

bool session_data_window(const struct session *session, uint64_t *begin_ns, uint64_t *end_ns)
{
	const struct mw_flow *flow = session_final_flow(session);

	if (!flow || !flow->begin_ns || !flow->first_byte_ns || !flow->last_ns)
		return false;
	*begin_ns = flow->begin_ns + flow->first_byte_ns;
	*end_ns = flow->last_ns;
	return true;
}

struct window {
	uint64_t begin_ns;
	uint64_t end_ns;
};

static int compare_windows(const void *a, const void *b)
{
	const struct window *left = a, *right = b;

	return (left->begin_ns > right->begin_ns) - (left->begin_ns < right->begin_ns);
}

/* Sorts the windows; sums the time that any covers, and that two or more do. */
static void sum_windows(struct window *windows, size_t count, struct session_group *group)
{
	uint64_t covered_to = 0, doubled_to = 0;

	/* cppcheck-suppress uninitvar ; all @count of them are set */
	qsort(windows, count, sizeof(*windows), compare_windows);
	for (size_t i = 0; i < count; i++) {
		uint64_t begin = windows[i].begin_ns, end = windows[i].end_ns;
		uint64_t both = end < covered_to ? end : covered_to;
		uint64_t from = begin > doubled_to ? begin : doubled_to;

		if (both > from) {
			group->overlap_ns += both - from;
			doubled_to = both;
		}
		if (end > covered_to) {
			group->data_ns += end - (begin > covered_to ? begin : covered_to);
			covered_to = end;
		}
	}
	if (count < 2)
		group->order = SESSION_ORDER_SINGLE;
	else
		group->order = group->overlap_ns ? SESSION_ORDER_PARALLEL : SESSION_ORDER_SERIAL;
}

/* The earlier of two times of which 0 is none. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_member(struct session_group *group, const struct session *session)
{
	group->side = session->side;
	group->count++;
	group->open += session->end == SESSION_OPEN;
	group->failed += session->end == SESSION_FAILED || session->end == SESSION_LOST;
	group->bytes += session->bytes;
	group->begin_ns = earlier(group->begin_ns, session->begin_ns);
	group->end_ns = later(group->end_ns, session->end_ns);
	group->blackout_begin_ns = earlier(group->blackout_begin_ns, session->blackout_begin_ns);
	group->blackout_end_ns = later(group->blackout_end_ns, session->blackout_end_ns);
}

size_t session_group_of(const struct session *const *sessions, size_t count, uint64_t id,
			struct session_group *out)
{
	struct window windows[SESSION_GROUP_MAX];
	size_t window_count = 0;
	bool goes_on = false;

	*out = (struct session_group){.id = id};
	for (size_t i = 0; i < count; i++) {
		const struct session *session = sessions[i];
		struct window *window = &windows[window_count];

		if (session->group != id)
			continue;
		add_member(out, session);
		goes_on |= session->blackout_begin_ns && !session->blackout_end_ns;
		if (window_count < SESSION_GROUP_MAX &&
		    session_data_window(session, &window->begin_ns, &window->end_ns))
			window_count++;
	}
	if (out->open)
		out->end_ns = 0;
	if (goes_on)
		out->blackout_end_ns = 0;
	sum_windows(windows, window_count, out);
	return out->count;
}
