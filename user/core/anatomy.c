// SPDX-License-Identifier: GPL-2.0-only
#include "core/anatomy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A phase is cut into three at most: before, in and after its calls. */
#define STRETCHES_MAX (SESSION_ARCS_MAX + 3 * SESSION_PHASES_MAX)
#define NO_ITEM UINT32_MAX

/* What goes before what, where several are at one time. */
enum rank {
	RANK_NONE,
	RANK_IDLE,    /* the destination waits */
	RANK_STREAM,  /* the destination writes what the source has read before */
	RANK_WAITING, /* the source waits */
	RANK_BUSY,
};

/* The sweep over the stretches of all items within the blackout. */
struct sweep {
	const struct anatomy *anatomy;
	const struct stretch **order;  /* by begin */
	const struct stretch **active; /* those of now: one of each item at most */
	size_t active_count;
	uint64_t *ns; /* of each stretch: its share */
	uint64_t unseen_ns;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t min_ns(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_ns(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t anatomy_time(const struct anatomy_item *item, uint64_t time_ns)
{
	uint64_t distance = (uint64_t)item->shift_ns;

	if (!time_ns)
		return 0;
	if (item->shift_ns >= 0)
		return add(time_ns, distance);
	distance = -distance;
	/* 1, as 0 would be "not seen". */
	return time_ns > distance ? time_ns - distance : 1;
}

/* The last that a session knows of. */
static uint64_t last_seen(const struct session *session)
{
	uint64_t last = max_ns(session->end_ns, session->begin_ns);

	for (uint32_t i = 0; i < session->arc_count; i++)
		last = max_ns(last, session->arcs[i].end_ns);
	for (uint32_t i = 0; i < session->phase_count; i++) {
		last = max_ns(last, max_ns(session->phases[i].begin_ns, session->phases[i].end_ns));
		if (session->phases[i].has_flow)
			last = max_ns(last, session->phases[i].flow.last_ns);
	}
	last = max_ns(last, max_ns(session->dirty.start_ns, session->dirty.stop_ns));
	if (session->data_size.calls)
		last = max_ns(last, session->data_size.last.time_ns);
	if (session->precopy.calls)
		last = max_ns(last, session->precopy.last.time_ns);
	return max_ns(last, session->blackout_end_ns);
}

/* With the times of the session, which are put on the clock of the anatomy here. */
static void put(struct anatomy *anatomy, struct stretch stretch)
{
	const struct anatomy_item *item = &anatomy->items[stretch.item];

	stretch.begin_ns = anatomy_time(item, stretch.begin_ns);
	stretch.end_ns = anatomy_time(item, stretch.end_ns);
	if (stretch.end_ns > stretch.begin_ns)
		anatomy->stretches[anatomy->stretch_count++] = stretch;
}

static void put_arc(struct anatomy *anatomy, uint32_t item, uint32_t index)
{
	const struct session_arc *arc = &anatomy->items[item].session->arcs[index];

	put(anatomy,
	    (struct stretch){
		    .begin_ns = arc->end_ns > arc->duration_ns ? arc->end_ns - arc->duration_ns : 1,
		    .end_ns = arc->end_ns,
		    .item = item,
		    .kind = STRETCH_ARC,
		    .state = arc->from,
		    .to = arc->to,
		    .index = index,
	    });
}

/* Cuts what is in @stretch, the whole of the phase, into before, in and after its calls. */
static void put_data(struct anatomy *anatomy, const struct stretch *whole,
		     const struct mw_flow *flow)
{
	uint64_t calls_ns = add(flow->driver_ns, flow->gap_ns);
	struct stretch before = *whole, data = *whole, after = *whole;

	data.end_ns = min_ns(max_ns(flow->last_ns, whole->begin_ns), whole->end_ns);
	if (data.end_ns - data.begin_ns > calls_ns)
		data.begin_ns = data.end_ns - calls_ns;
	data.kind = STRETCH_DATA;
	data.is_open = whole->is_open && data.end_ns == whole->end_ns;
	before.end_ns = data.begin_ns;
	before.place = STRETCH_BEFORE;
	before.is_open = false;
	after.begin_ns = data.end_ns;
	after.place = STRETCH_AFTER;
	put(anatomy, before);
	put(anatomy, data);
	put(anatomy, after);
}

static void put_phase(struct anatomy *anatomy, uint32_t item, uint32_t index, uint64_t last_ns)
{
	const struct session *session = anatomy->items[item].session;
	const struct session_phase *phase = &session->phases[index];
	struct stretch whole = {
		.begin_ns = phase->begin_ns ? phase->begin_ns : session->begin_ns,
		.end_ns = phase->end_ns ? phase->end_ns : last_ns,
		.item = item,
		.kind = STRETCH_WAIT,
		.state = phase->state,
		.to = MW_STATE_NONE,
		.index = index,
		.is_open = !phase->end_ns,
	};

	if (whole.begin_ns >= whole.end_ns)
		return;
	if (phase->has_flow && phase->flow.calls)
		put_data(anatomy, &whole, &phase->flow);
	else
		put(anatomy, whole);
}

static int by_begin(const void *a, const void *b)
{
	const struct stretch *one = a, *two = b;

	if (one->begin_ns != two->begin_ns)
		return one->begin_ns < two->begin_ns ? -1 : 1;
	if (one->end_ns != two->end_ns)
		return one->end_ns < two->end_ns ? -1 : 1;
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct stretch *one = *(const struct stretch *const *)a;
	const struct stretch *two = *(const struct stretch *const *)b;
	int r = by_begin(one, two);

	return r ? r : (one > two) - (one < two);
}

/* Records of a sane kernel do not overlap; those of a file may, and the later one gives way. */
static void separate(struct anatomy *anatomy, size_t first)
{
	size_t count = first;
	uint64_t free_ns = 0;

	qsort(anatomy->stretches + first, anatomy->stretch_count - first,
	      sizeof(*anatomy->stretches), by_begin);
	for (size_t i = first; i < anatomy->stretch_count; i++) {
		struct stretch stretch = anatomy->stretches[i];

		stretch.begin_ns = max_ns(stretch.begin_ns, free_ns);
		if (stretch.begin_ns >= stretch.end_ns)
			continue;
		free_ns = stretch.end_ns;
		anatomy->stretches[count++] = stretch;
	}
	anatomy->stretch_count = count;
}

static void lay_out(struct anatomy *anatomy, uint32_t index)
{
	const struct anatomy_item *item = &anatomy->items[index];
	const struct session *session = item->session;
	uint64_t begin = anatomy_time(item, session->begin_ns);
	uint64_t last = last_seen(session);
	size_t first = anatomy->stretch_count;

	for (uint32_t i = 0; i < session->arc_count; i++)
		put_arc(anatomy, index, i);
	for (uint32_t i = 0; i < session->phase_count; i++)
		put_phase(anatomy, index, i, last);
	separate(anatomy, first);
	if (anatomy->stretch_count > first) {
		uint64_t earliest = anatomy->stretches[first].begin_ns;

		begin = begin ? min_ns(begin, earliest) : earliest;
	}
	if (begin && (!anatomy->begin_ns || begin < anatomy->begin_ns))
		anatomy->begin_ns = begin;
	anatomy->end_ns = max_ns(anatomy->end_ns, anatomy_time(item, last));
}

static bool has_side(const struct anatomy *anatomy, enum session_side side)
{
	for (size_t i = 0; i < anatomy->count; i++)
		if (anatomy->items[i].session->side == side)
			return true;
	return false;
}

/* Of both sides: begins on the source, ends on the destination. */
static void find_blackout(struct anatomy *anatomy)
{
	uint64_t begin = 0, end = 0;

	for (size_t i = 0; i < anatomy->count; i++) {
		const struct anatomy_item *item = &anatomy->items[i];
		bool is_source = item->session->side == SESSION_SOURCE;
		uint64_t first = anatomy_time(item, item->session->blackout_begin_ns);
		uint64_t last = anatomy_time(item, item->session->blackout_end_ns);

		if (!first)
			continue;
		if ((!anatomy->is_merged || is_source) && (!begin || first < begin))
			begin = first;
		if (anatomy->is_merged && is_source)
			continue;
		if (!last)
			anatomy->is_open = true;
		end = max_ns(end, last);
	}
	if (!begin || (!end && !anatomy->is_open))
		return;
	anatomy->has_blackout = true;
	anatomy->blackout_begin_ns = begin;
	anatomy->blackout_end_ns = max_ns(begin, anatomy->is_open ? anatomy->end_ns : end);
}

static enum rank rank_of(const struct sweep *sweep, const struct stretch *stretch)
{
	const struct anatomy *anatomy = sweep->anatomy;
	bool is_source = anatomy->items[stretch->item].session->side == SESSION_SOURCE;

	switch ((enum stretch_kind)stretch->kind) {
	case STRETCH_ARC:
		return RANK_BUSY;
	case STRETCH_DATA:
		return is_source || !anatomy->is_merged ? RANK_BUSY : RANK_STREAM;
	case STRETCH_WAIT:
		return is_source ? RANK_WAITING : RANK_IDLE;
	case STRETCH_COUNT_:
		break;
	}
	return RANK_NONE;
}

/* Once all of its state is read, a device of the source has no more part in the blackout. */
static uint64_t limit_of(const struct anatomy *anatomy, uint32_t index)
{
	const struct anatomy_item *item = &anatomy->items[index];
	uint64_t end = anatomy_time(item, item->session->blackout_end_ns);

	return end && item->session->side == SESSION_SOURCE ? end : UINT64_MAX;
}

static uint64_t end_of(const struct sweep *sweep, const struct stretch *stretch)
{
	return min_ns(stretch->end_ns, limit_of(sweep->anatomy, stretch->item));
}

/* @ns among those of the highest rank, to the last nanosecond. */
static void share(struct sweep *sweep, uint64_t ns)
{
	enum rank highest = RANK_NONE;
	uint64_t count = 0, left;

	for (size_t i = 0; i < sweep->active_count; i++) {
		enum rank rank = rank_of(sweep, sweep->active[i]);

		if (rank < highest)
			continue;
		count = rank > highest ? 1 : count + 1;
		highest = rank;
	}
	if (!count) {
		sweep->unseen_ns += ns;
		return;
	}
	left = ns % count;
	for (size_t i = 0; i < sweep->active_count; i++) {
		const struct stretch *stretch = sweep->active[i];

		if (rank_of(sweep, stretch) != highest)
			continue;
		sweep->ns[stretch - sweep->anatomy->stretches] += ns / count + (left ? 1 : 0);
		left -= left ? 1 : 0;
	}
}

/* Takes up what has begun at @now, drops what is over. Gives when the next of both happens. */
static uint64_t step(struct sweep *sweep, size_t *next, uint64_t now)
{
	const struct anatomy *anatomy = sweep->anatomy;
	uint64_t until = anatomy->blackout_end_ns;
	size_t kept = 0;

	while (*next < anatomy->stretch_count && sweep->order[*next]->begin_ns <= now) {
		const struct stretch *stretch = sweep->order[(*next)++];

		if (end_of(sweep, stretch) > now)
			sweep->active[sweep->active_count++] = stretch;
	}
	for (size_t i = 0; i < sweep->active_count; i++) {
		uint64_t end = end_of(sweep, sweep->active[i]);

		if (end <= now)
			continue;
		until = min_ns(until, end);
		sweep->active[kept++] = sweep->active[i];
	}
	sweep->active_count = kept;
	if (*next < anatomy->stretch_count)
		until = min_ns(until, sweep->order[*next]->begin_ns);
	return until;
}

static void run(struct sweep *sweep)
{
	const struct anatomy *anatomy = sweep->anatomy;
	uint64_t now = anatomy->blackout_begin_ns;
	size_t next = 0;

	for (size_t i = 0; i < anatomy->stretch_count; i++)
		sweep->order[i] = &anatomy->stretches[i];
	qsort(sweep->order, anatomy->stretch_count, sizeof(*sweep->order), by_order);
	while (now < anatomy->blackout_end_ns) {
		uint64_t until = step(sweep, &next, now);

		share(sweep, until - now);
		now = until;
	}
}

/* Adds to a part like it from @first on, or as a new one. */
static void put_part(struct anatomy *anatomy, size_t first, struct part new)
{
	if (!new.ns)
		return;
	for (size_t i = first; i < anatomy->part_count; i++) {
		struct part *part = &anatomy->parts[i];

		if (part->item == new.item && part->kind == new.kind && part->place == new.place &&
		    part->state == new.state && part->to == new.to) {
			part->ns += new.ns;
			return;
		}
	}
	anatomy->parts[anatomy->part_count++] = new;
}

/* The share of a data stretch that the driver had, as its calls and the gaps between them are. */
static uint64_t calls_share(const struct mw_flow *flow, uint64_t ns)
{
	long double all = (long double)flow->driver_ns + (long double)flow->gap_ns;

	return all > 0 ? min_ns(ns, (uint64_t)((long double)ns * (flow->driver_ns / all))) : 0;
}

static void put_parts(struct anatomy *anatomy, size_t first, const struct stretch *stretch,
		      uint64_t ns)
{
	const struct session *session = anatomy->items[stretch->item].session;
	bool is_stream = anatomy->is_merged && session->side == SESSION_DESTINATION;
	struct part part = {.ns = ns,
			    .item = stretch->item,
			    .kind = stretch->kind == STRETCH_ARC ? PART_ARC : PART_WAIT,
			    .place = stretch->place,
			    .state = stretch->state,
			    .to = stretch->to};

	if (stretch->kind != STRETCH_DATA) {
		put_part(anatomy, first, part);
		return;
	}
	part.kind = PART_CALLS;
	part.ns = calls_share(&session->phases[stretch->index].flow, ns);
	put_part(anatomy, first, part);
	part.kind = is_stream ? PART_TRANSFER : PART_GAP;
	part.ns = ns - part.ns;
	put_part(anatomy, first, part);
}

/* What the calls of dirty tracking took of the blackout: their sum is all that is known. */
static uint64_t dirty_ns(const struct anatomy *anatomy, uint32_t index)
{
	const struct anatomy_item *item = &anatomy->items[index];
	const struct session_dirty *dirty = &item->session->dirty;
	uint64_t end = anatomy_time(item, dirty->stop_ns);
	uint64_t begin = end > dirty->stop_duration_ns ? end - dirty->stop_duration_ns : 0;

	end = min_ns(end, min_ns(anatomy->blackout_end_ns, limit_of(anatomy, index)));
	begin = max_ns(begin, anatomy->blackout_begin_ns);
	return add(dirty->stopped.time_ns, end > begin ? end - begin : 0);
}

/* Nothing says when they were, but they were while nothing else was asked of the device. */
static void take_dirty(struct anatomy *anatomy, size_t first, uint32_t item)
{
	static const enum part_kind from[] = {PART_WAIT, PART_GAP};
	uint64_t wanted = dirty_ns(anatomy, item), left = wanted;

	for (size_t k = 0; k < ARRAY_SIZE(from); k++)
		for (size_t i = first; i < anatomy->part_count && left; i++) {
			struct part *part = &anatomy->parts[i];
			uint64_t taken = part->kind == from[k] ? min_ns(part->ns, left) : 0;

			part->ns -= taken;
			left -= taken;
		}
	put_part(anatomy, first,
		 (struct part){.ns = wanted - left,
			       .item = item,
			       .kind = PART_DIRTY,
			       .state = MW_STATE_NONE,
			       .to = MW_STATE_NONE});
}

static void weigh(struct anatomy *anatomy)
{
	size_t count = 0;

	for (size_t i = 0; i < anatomy->part_count; i++)
		if (anatomy->parts[i].ns)
			anatomy->parts[count++] = anatomy->parts[i];
	anatomy->part_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct part *part = &anatomy->parts[i];

		anatomy->party_ns[part_party(part)] += part->ns;
		if (!anatomy->largest || part->ns > anatomy->largest->ns)
			anatomy->largest = part;
	}
	for (unsigned int party = 0; party < PARTY_UNSEEN; party++)
		if (anatomy->party_ns[party] &&
		    (anatomy->bound == PARTY_UNSEEN ||
		     anatomy->party_ns[party] > anatomy->party_ns[anatomy->bound]))
			anatomy->bound = (enum party)party;
}

static void put_all_parts(struct anatomy *anatomy, const struct sweep *sweep)
{
	size_t i = 0;

	for (uint32_t item = 0; item < anatomy->count; item++) {
		size_t first = anatomy->part_count;

		for (; i < anatomy->stretch_count && anatomy->stretches[i].item == item; i++)
			put_parts(anatomy, first, &anatomy->stretches[i], sweep->ns[i]);
		take_dirty(anatomy, first, item);
	}
	put_part(anatomy, anatomy->part_count,
		 (struct part){.ns = sweep->unseen_ns,
			       .item = NO_ITEM,
			       .kind = PART_UNSEEN,
			       .state = MW_STATE_NONE,
			       .to = MW_STATE_NONE});
}

static int cut(struct anatomy *anatomy)
{
	size_t count = anatomy->stretch_count + 1;
	AUTO_FREE const struct stretch **order = calloc(count, sizeof(const struct stretch *));
	AUTO_FREE const struct stretch **active = calloc(count, sizeof(const struct stretch *));
	AUTO_FREE uint64_t *ns = calloc(count, sizeof(*ns));
	struct sweep sweep = {anatomy, order, active, 0, ns, 0};

	/* Each stretch gives two parts at most, each item one for dirty tracking. */
	anatomy->parts = calloc(2 * count + anatomy->count, sizeof(*anatomy->parts));
	if (!order || !active || !ns || !anatomy->parts)
		return -ENOMEM;
	run(&sweep);
	put_all_parts(anatomy, &sweep);
	weigh(anatomy);
	return 0;
}

int anatomy_new(const struct anatomy_item *items, size_t count, struct anatomy **out)
{
	AUTO_ANATOMY struct anatomy *anatomy = NULL;
	int r = 0;

	if (!count || count > ANATOMY_ITEMS_MAX)
		return -EINVAL;
	anatomy = calloc(1, sizeof(*anatomy));
	if (!anatomy)
		return -ENOMEM;
	anatomy->items = calloc(count, sizeof(*items));
	anatomy->stretches = calloc(count * STRETCHES_MAX, sizeof(*anatomy->stretches));
	if (!anatomy->items || !anatomy->stretches)
		return -ENOMEM;
	memcpy(anatomy->items, items, count * sizeof(*items));
	anatomy->count = count;
	anatomy->bound = PARTY_UNSEEN;
	anatomy->is_merged =
		has_side(anatomy, SESSION_SOURCE) && has_side(anatomy, SESSION_DESTINATION);
	for (uint32_t i = 0; i < count; i++)
		lay_out(anatomy, i);
	find_blackout(anatomy);
	if (anatomy->has_blackout)
		r = cut(anatomy);
	if (r)
		return r;
	*out = TAKE_PTR(anatomy);
	return 0;
}

void anatomy_free(struct anatomy *anatomy)
{
	if (!anatomy)
		return;
	free(anatomy->items);
	free(anatomy->stretches);
	free(anatomy->parts);
	free(anatomy);
}

uint64_t anatomy_blackout_ns(const struct anatomy *anatomy)
{
	return anatomy->blackout_end_ns - anatomy->blackout_begin_ns;
}

enum party part_party(const struct part *part)
{
	switch ((enum part_kind)part->kind) {
	case PART_ARC:
	case PART_CALLS:
		return PARTY_DEVICE;
	case PART_GAP:
	case PART_WAIT:
	case PART_TRANSFER:
		return PARTY_VMM;
	case PART_DIRTY:
		return PARTY_DIRTY;
	case PART_UNSEEN:
	case PART_COUNT_:
		break;
	}
	return PARTY_UNSEEN;
}

const char *part_kind_name(uint32_t kind)
{
	static const char *const names[PART_COUNT_] = {
		[PART_ARC] = "arc",
		[PART_CALLS] = "calls",
		[PART_GAP] = "gap",
		[PART_WAIT] = "wait",
		[PART_DIRTY] = "dirty-tracking",
		[PART_TRANSFER] = "transfer",
		[PART_UNSEEN] = "unseen",
	};

	return kind < PART_COUNT_ ? names[kind] : "unknown";
}

const char *party_name(uint32_t party)
{
	static const char *const names[PARTY_COUNT_] = {
		[PARTY_DEVICE] = "device",
		[PARTY_VMM] = "vmm",
		[PARTY_DIRTY] = "dirty-tracking",
		[PARTY_UNSEEN] = "unseen",
	};

	return party < PARTY_COUNT_ ? names[party] : "unknown";
}
