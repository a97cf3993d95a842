// SPDX-License-Identifier: GPL-2.0-only
#include "cli/top_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fsm.h"

#define NS_PER_SECOND 1000000000u
/* Two observers of the same call have its time from programs that run one after the other. */
#define SAME_NS 100000000u

int top_model_open(struct top_model *model)
{
	model->rows = calloc(TOP_ROWS_MAX, sizeof(*model->rows));
	model->order = calloc(TOP_ROWS_MAX, sizeof(const struct top_row *));
	if (model->rows && model->order)
		return 0;
	top_model_close(model);
	return -ENOMEM;
}

void top_model_close(struct top_model *model)
{
	free(model->rows);
	free(model->order);
	model->rows = NULL;
	model->order = NULL;
	model->count = 0;
}

static struct top_row *find(struct top_model *model, const char *device)
{
	for (size_t i = 0; i < model->count; i++)
		if (!strcmp(model->rows[i].device, device))
			return &model->rows[i];
	return NULL;
}

/* An open session goes last: what is over can be read elsewhere. */
static bool goes_before(const struct top_row *a, const struct top_row *b)
{
	if ((a->end == SESSION_OPEN) != (b->end == SESSION_OPEN))
		return a->end != SESSION_OPEN;
	return a->touched_ns < b->touched_ns;
}

static struct top_row *make(struct top_model *model)
{
	struct top_row *row = &model->rows[0];

	if (model->count < TOP_ROWS_MAX)
		return &model->rows[model->count++];
	for (size_t i = 1; i < model->count; i++)
		if (goes_before(&model->rows[i], row))
			row = &model->rows[i];
	return row;
}

static void add_up(struct top_row *row)
{
	uint64_t sum = row->told_bytes + row->live_bytes;

	/* A file that was closed is not open any more, and its record not here yet. */
	if (sum > row->bytes)
		row->bytes = sum;
}

static uint64_t phase_begin(const struct session *session)
{
	return session->phase_count ? session->phases[session->phase_count - 1].begin_ns : 0;
}

static uint64_t last_time(const struct session *session)
{
	uint64_t last_ns = session->begin_ns;

	if (session->arc_count && session->arcs[session->arc_count - 1].end_ns > last_ns)
		last_ns = session->arcs[session->arc_count - 1].end_ns;
	return session->end_ns > last_ns ? session->end_ns : last_ns;
}

static void fill(struct top_row *row, const struct session *session)
{
	snprintf(row->vm, sizeof(row->vm), "%s", session->vm_name);
	row->side = session->side;
	row->end = session->end;
	row->state = session->state;
	row->begin_ns = session->begin_ns;
	row->end_ns = session->end_ns;
	row->phase_begin_ns = phase_begin(session);
	row->touched_ns = last_time(session);
	/* What is told now was open before. */
	if (session->bytes > row->told_bytes)
		row->live_bytes = 0;
	row->told_bytes = session->bytes;
	row->estimate_bytes = UINT64_MAX;
	if (session->data_size.calls && !session->data_size.last.result)
		row->estimate_bytes = session->data_size.last.bytes;
	row->blackout_ns = session_blackout_ns(session, 0);
	/* Live, the gate's records go to the daemon alone (top_model_decide). */
	if (session->gate.answer) {
		row->answer = session->gate.answer;
		row->reason = session->gate.reason;
	}
	row->is_incomplete = session->is_incomplete;
	add_up(row);
}

static struct top_row *row_of(struct top_model *model, const struct session *session)
{
	struct top_row *row = find(model, session->device);

	if (!row)
		row = make(model);
	else if (row->session >= session->id)
		return row;
	*row = (struct top_row){.session = session->id};
	snprintf(row->device, sizeof(row->device), "%s", session->device);
	return row;
}

void top_model_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct top_model *model = context;
	struct top_row *row = row_of(model, session);

	model->open += outcome == SESSION_BEGAN;
	if (outcome == SESSION_ENDED) {
		model->open -= model->open > 0;
		model->ended++;
	}
	/* Something late about an earlier session of a device that has begun another. */
	if (row->session != session->id)
		return;
	if (outcome == SESSION_ALARMED) {
		row->alarm_count++;
		row->alarm = alarm->kind;
	}
	fill(row, session);
	/* Told to the last byte: what was seen on its way counts no more. */
	if (outcome == SESSION_ENDED)
		row->bytes = row->told_bytes;
}

static bool is_same(const struct top_row *row, const struct top_decision *decision)
{
	uint64_t apart = row->begin_ns > decision->begin_ns ? row->begin_ns - decision->begin_ns
							    : decision->begin_ns - row->begin_ns;

	return row->side == decision->side && apart < SAME_NS;
}

static void add_refused(struct top_model *model, struct top_row *row,
			const struct top_decision *decision)
{
	if (!row)
		row = make(model);
	*row = (struct top_row){
		.side = decision->side,
		.end = SESSION_FAILED,
		.state = MW_STATE_NONE,
		.begin_ns = decision->begin_ns,
		.end_ns = decision->end_ns,
		.touched_ns = decision->end_ns,
		.estimate_bytes = UINT64_MAX,
		.answer = decision->answer,
		.reason = decision->reason,
	};
	snprintf(row->device, sizeof(row->device), "%s", decision->device);
	snprintf(row->vm, sizeof(row->vm), "%s", decision->vm);
}

void top_model_decide(struct top_model *model, const struct top_decision *decision)
{
	struct top_row *row = find(model, decision->device);

	if (row && is_same(row, decision)) {
		row->answer = decision->answer;
		row->reason = decision->reason;
		return;
	}
	if (decision->answer != MW_GATE_REFUSED || !decision->end_ns)
		return;
	/* What came after it counts more. */
	if (!row || (row->end != SESSION_OPEN && row->begin_ns < decision->begin_ns))
		add_refused(model, row, decision);
}

void top_model_live_begin(struct top_model *model)
{
	for (size_t i = 0; i < model->count; i++)
		model->rows[i].live_bytes = 0;
}

void top_model_live(void *context, const char *device, const struct mw_flow *flow)
{
	struct top_model *model = context;
	struct top_row *row = find(model, device);

	/* A file that lives longer than its session moves nothing for it any more. */
	if (row && row->end == SESSION_OPEN)
		row->live_bytes += flow->bytes;
}

void top_model_sample(struct top_model *model, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns > model->now_ns ? now_ns - model->now_ns : 0;

	for (size_t i = 0; i < model->count; i++) {
		struct top_row *row = &model->rows[i];
		uint64_t moved;

		add_up(row);
		moved = row->bytes - row->sampled_bytes;
		if (elapsed_ns && model->now_ns)
			row->bytes_per_s =
				(uint64_t)((double)moved * NS_PER_SECOND / (double)elapsed_ns);
		row->sampled_bytes = row->bytes;
	}
	model->now_ns = now_ns;
}

uint64_t top_row_phase_ns(const struct top_row *row, uint64_t now_ns)
{
	uint64_t end_ns = row->end == SESSION_OPEN ? now_ns : row->end_ns;

	return row->phase_begin_ns && end_ns > row->phase_begin_ns ? end_ns - row->phase_begin_ns
								   : 0;
}

uint64_t top_row_average(const struct top_row *row, uint64_t now_ns)
{
	uint64_t end_ns = row->end == SESSION_OPEN ? now_ns : row->end_ns;

	if (end_ns <= row->begin_ns)
		return 0;
	return (uint64_t)((double)row->bytes * NS_PER_SECOND / (double)(end_ns - row->begin_ns));
}

const char *top_row_state(const struct top_row *row)
{
	if (row->end != SESSION_OPEN)
		return session_end_name(row->end);
	return row->state == MW_STATE_NONE ? "unknown" : mig_state_name(row->state);
}

const char *top_sort_name(enum top_sort sort)
{
	static const char *const names[TOP_SORT_COUNT_] = {
		[TOP_BY_BEGIN] = "begin",     [TOP_BY_DEVICE] = "device",
		[TOP_BY_VM] = "vm",           [TOP_BY_STATE] = "state",
		[TOP_BY_PHASE] = "phase",     [TOP_BY_RATE] = "now",
		[TOP_BY_AVERAGE] = "average", [TOP_BY_BYTES] = "bytes",
		[TOP_BY_ALARMS] = "alarms",
	};

	return names[sort];
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* Text from a to z, numbers from the highest. */
static int compare_by(const struct top_model *model, const struct top_row *a,
		      const struct top_row *b)
{
	switch (model->sort) {
	case TOP_BY_DEVICE:
		return strcmp(a->device, b->device);
	case TOP_BY_VM:
		return strcmp(a->vm, b->vm);
	case TOP_BY_STATE:
		return strcmp(top_row_state(a), top_row_state(b));
	case TOP_BY_PHASE:
		return compare_numbers(top_row_phase_ns(a, model->now_ns),
				       top_row_phase_ns(b, model->now_ns));
	case TOP_BY_RATE:
		return compare_numbers(a->bytes_per_s, b->bytes_per_s);
	case TOP_BY_AVERAGE:
		return compare_numbers(top_row_average(a, model->now_ns),
				       top_row_average(b, model->now_ns));
	case TOP_BY_BYTES:
		return compare_numbers(a->bytes, b->bytes);
	case TOP_BY_ALARMS:
		return compare_numbers(a->alarm_count, b->alarm_count);
	case TOP_BY_BEGIN:
	case TOP_SORT_COUNT_:
		break;
	}
	return compare_numbers(a->begin_ns, b->begin_ns);
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct top_model *model = context;
	const struct top_row *left = *(const struct top_row *const *)a;
	const struct top_row *right = *(const struct top_row *const *)b;
	int order = compare_by(model, left, right);

	/* Rows that are alike keep their places. */
	if (!order)
		return strcmp(left->device, right->device);
	return model->is_reverse ? -order : order;
}

static bool is_wanted(const struct top_model *model, const struct top_row *row)
{
	return !*model->filter || strcasestr(row->device, model->filter) ||
	       strcasestr(row->vm, model->filter) ||
	       strcasestr(top_row_state(row), model->filter) ||
	       strcasestr(session_side_name(row->side), model->filter);
}

size_t top_model_order(struct top_model *model, const struct top_row ***out)
{
	size_t count = 0;

	for (size_t i = 0; i < model->count; i++)
		if (is_wanted(model, &model->rows[i]))
			model->order[count++] = &model->rows[i];
	qsort_r(model->order, count, sizeof(const struct top_row *), compare_rows, model);
	*out = model->order;
	return count;
}
