// SPDX-License-Identifier: GPL-2.0-only
#include "core/pairing.h"

#include <string.h>

/* The times of one side that the other side's are held against; 0: not seen. */
struct edges {
	uint64_t begin_ns; /* of the first session */
	uint64_t first_ns; /* the first byte that moved */
	uint64_t last_ns;  /* the last call that moved one */
};

/* The end of the first call that moved a byte, in any phase. */
static uint64_t first_byte(const struct session *session)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < session->phase_count; i++) {
		const struct session_phase *phase = &session->phases[i];
		uint64_t time;

		if (!phase->has_flow || !phase->flow.first_byte_ns || !phase->flow.begin_ns)
			continue;
		if (__builtin_add_overflow(phase->flow.begin_ns, phase->flow.first_byte_ns, &time))
			continue;
		if (!first || time < first)
			first = time;
	}
	return first;
}

/* Source: its blackout's end is the last read. Destination: its blackout's begin the last write. */
static uint64_t last_byte(const struct session *session)
{
	return session->side == SESSION_SOURCE ? session->blackout_end_ns
					       : session->blackout_begin_ns;
}

static struct edges edges_of(const struct session *const *sessions, size_t count)
{
	struct edges edges = {0};

	for (size_t i = 0; i < count; i++) {
		uint64_t first = first_byte(sessions[i]), last = last_byte(sessions[i]);

		if (first && (!edges.first_ns || first < edges.first_ns))
			edges.first_ns = first;
		if (last > edges.last_ns)
			edges.last_ns = last;
		if (!i || sessions[i]->begin_ns < edges.begin_ns)
			edges.begin_ns = sessions[i]->begin_ns;
	}
	return edges;
}

static bool is_read(const struct session *session)
{
	return session->side == SESSION_SOURCE && session->end == SESSION_COMPLETED &&
	       session->blackout_end_ns;
}

static bool is_written(const struct session *session)
{
	return session->side == SESSION_DESTINATION && session->blackout_begin_ns;
}

static bool is_all(const struct session *const *sessions, size_t count,
		   bool (*is_so)(const struct session *session))
{
	for (size_t i = 0; i < count; i++)
		if (!is_so(sessions[i]))
			return false;
	return count > 0;
}

static bool has_driver(const struct session *a, const struct session *b)
{
	return !*a->driver || !*b->driver || !strcmp(a->driver, b->driver);
}

/* Whether all of its bytes were counted. */
static bool is_counted(const struct session *session)
{
	if (session->is_joined || session->is_incomplete || session->phases_dropped)
		return false;
	for (uint32_t i = 0; i < session->phase_count; i++)
		if (session->phases[i].has_flow && session->phases[i].flow.missed_bytes)
			return false;
	return true;
}

static bool has_bytes(const struct session *a, const struct session *b)
{
	return !is_counted(a) || !is_counted(b) || a->bytes == b->bytes;
}

/* Each source a destination of its own. */
static enum pairing_refusal match(const struct session *const *sources,
				  const struct session *const *destinations, size_t count)
{
	bool is_taken[SESSION_GROUP_MAX] = {false};

	for (size_t i = 0; i < count; i++) {
		enum pairing_refusal refusal = PAIRING_DRIVER;

		for (size_t k = 0; k < count && refusal != PAIRING_OK; k++) {
			if (is_taken[k] || !has_driver(sources[i], destinations[k]))
				continue;
			refusal = PAIRING_BYTES;
			if (!has_bytes(sources[i], destinations[k]))
				continue;
			is_taken[k] = true;
			refusal = PAIRING_OK;
		}
		if (refusal != PAIRING_OK)
			return refusal;
	}
	return PAIRING_OK;
}

/* @later - @earlier, both on their own clocks. False where that is no difference of clocks. */
static bool difference(uint64_t later, uint64_t earlier, int64_t *out)
{
	return !__builtin_sub_overflow(later, earlier, out);
}

/* The least shift with which neither the first nor the last byte arrives before it was read. */
static bool earliest_shift(const struct edges *source, const struct edges *destination,
			   int64_t *out)
{
	int64_t first;

	if (!difference(source->last_ns, destination->last_ns, out))
		return false;
	if (!source->first_ns || !destination->first_ns)
		return true;
	if (!difference(source->first_ns, destination->first_ns, &first))
		return false;
	*out = first > *out ? first : *out;
	return true;
}

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static enum pairing_refusal put_together(struct pairing *pairing)
{
	int64_t error =
		pairing->wall_error_ns > INT64_MAX ? INT64_MAX : (int64_t)pairing->wall_error_ns;
	int64_t low, high;

	if (distance(pairing->wall_ns, pairing->earliest_ns) > PAIRING_APART_MAX_NS)
		return PAIRING_TIME;
	if (__builtin_sub_overflow(pairing->wall_ns, error, &low))
		low = INT64_MIN;
	if (__builtin_add_overflow(pairing->wall_ns, error, &high))
		high = INT64_MAX;
	low = pairing->earliest_ns > low ? pairing->earliest_ns : low;
	pairing->shift_ns = pairing->wall_ns > low ? pairing->wall_ns : low;
	if (low > high) {
		pairing->method = PAIRING_CAUSALITY;
		pairing->uncertainty_ns = UINT64_MAX;
		return PAIRING_OK;
	}
	pairing->method = PAIRING_WALL_CLOCK;
	pairing->uncertainty_ns = distance(high, pairing->shift_ns);
	if (distance(pairing->shift_ns, low) > pairing->uncertainty_ns)
		pairing->uncertainty_ns = distance(pairing->shift_ns, low);
	return PAIRING_OK;
}

/*
 * Live, the destination begins before the source has read all. One that is restored from a file
 * does not, and needs a UUID to be believed.
 */
static bool is_live(const struct edges *source, const struct edges *destination,
		    const struct pairing *pairing)
{
	struct anatomy_item item = {NULL, pairing->shift_ns};
	uint64_t latest;

	if (pairing->is_by_uuid)
		return true;
	if (__builtin_add_overflow(source->last_ns, pairing->wall_error_ns, &latest))
		latest = UINT64_MAX;
	return anatomy_time(&item, destination->begin_ns) <= latest;
}

static enum pairing_refusal judge_clocks(const struct session *const *sources, size_t source_count,
					 const struct session *const *destinations,
					 size_t destination_count, struct pairing *pairing)
{
	const struct session *source = sources[0], *destination = destinations[0];
	struct edges read = edges_of(sources, source_count);
	struct edges written = edges_of(destinations, destination_count);
	enum pairing_refusal refusal;

	if (!earliest_shift(&read, &written, &pairing->earliest_ns))
		return PAIRING_TIME;
	if (*source->boot_id && !strcmp(source->boot_id, destination->boot_id)) {
		pairing->method = PAIRING_SAME_CLOCK;
		if (pairing->earliest_ns > 0 ||
		    distance(0, pairing->earliest_ns) > PAIRING_APART_MAX_NS)
			return PAIRING_TIME;
		return is_live(&read, &written, pairing) ? PAIRING_OK : PAIRING_TIME;
	}
	if (__builtin_sub_overflow(destination->clock_offset_ns, source->clock_offset_ns,
				   &pairing->wall_ns))
		return PAIRING_TIME;
	refusal = put_together(pairing);
	if (refusal == PAIRING_OK && !is_live(&read, &written, pairing))
		return PAIRING_TIME;
	return refusal;
}

enum pairing_refusal pairing_judge(const struct session *const *sources, size_t source_count,
				   const struct session *const *destinations,
				   size_t destination_count, uint64_t wall_error_ns,
				   struct anatomy_item *items, struct pairing *out)
{
	struct pairing pairing = {.wall_error_ns = wall_error_ns};
	enum pairing_refusal refusal;
	bool is_known;

	if (!is_all(sources, source_count, is_read))
		return PAIRING_NO_SOURCE;
	if (!is_all(destinations, destination_count, is_written))
		return PAIRING_NO_DESTINATION;
	is_known = *sources[0]->vm_uuid && *destinations[0]->vm_uuid;
	pairing.is_by_uuid = is_known && !strcmp(sources[0]->vm_uuid, destinations[0]->vm_uuid);
	if (is_known && !pairing.is_by_uuid)
		return PAIRING_UUID;
	if (source_count != destination_count || source_count > SESSION_GROUP_MAX)
		return PAIRING_COUNT;
	refusal = match(sources, destinations, source_count);
	if (refusal == PAIRING_OK)
		refusal = judge_clocks(sources, source_count, destinations, destination_count,
				       &pairing);
	if (refusal != PAIRING_OK)
		return refusal;
	for (size_t i = 0; i < source_count; i++)
		items[i] = (struct anatomy_item){sources[i], 0};
	for (size_t i = 0; i < destination_count; i++)
		items[source_count + i] = (struct anatomy_item){destinations[i], pairing.shift_ns};
	*out = pairing;
	return PAIRING_OK;
}

uint64_t pairing_apart_ns(const struct session *const *sources, size_t source_count,
			  const struct session *const *destinations, size_t destination_count)
{
	struct edges read = edges_of(sources, source_count);
	struct edges written = edges_of(destinations, destination_count);
	int64_t earliest, wall = 0;

	if (!read.last_ns || !written.last_ns ||
	    !difference(read.last_ns, written.last_ns, &earliest))
		return UINT64_MAX;
	if (strcmp(sources[0]->boot_id, destinations[0]->boot_id) != 0 &&
	    __builtin_sub_overflow(destinations[0]->clock_offset_ns, sources[0]->clock_offset_ns,
				   &wall))
		return UINT64_MAX;
	return distance(wall, earliest);
}

const char *pairing_method_name(uint32_t method)
{
	static const char *const names[PAIRING_METHOD_COUNT_] = {
		[PAIRING_SAME_CLOCK] = "same-clock",
		[PAIRING_WALL_CLOCK] = "wall-clock",
		[PAIRING_CAUSALITY] = "causality",
	};

	return method < PAIRING_METHOD_COUNT_ ? names[method] : "unknown";
}
