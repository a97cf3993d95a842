/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `migwarden top` knows: a row for each device that migrates or did, from the outcomes of the
 * session engine and from the sums of what is under way. Reads no clock and prints nothing.
 */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

/* Devices; beyond them the row that was silent for longest makes room. */
#define TOP_ROWS_MAX 4096u
#define TOP_FILTER_BYTES 64

struct top_row {
	char device[MW_DEVICE_BYTES];
	char vm[SESSION_NAME_BYTES];
	uint64_t session; /* id of the last one; 0: only the daemon has seen it */
	uint32_t side;    /* enum session_side */
	uint32_t end;     /* enum session_end */
	uint32_t state;   /* as of struct session */
	uint64_t begin_ns;
	uint64_t end_ns;         /* 0: open */
	uint64_t phase_begin_ns; /* since when it is in that state; 0: not known */
	uint64_t touched_ns;     /* of the last outcome */
	uint64_t told_bytes;     /* of phases that are over */
	uint64_t live_bytes;     /* of the data file that is open */
	uint64_t bytes;          /* of both; never goes back within a session */
	uint64_t sampled_bytes;  /* at the last sample */
	uint64_t bytes_per_s;    /* between the last two samples */
	uint64_t estimate_bytes; /* what MIG_DATA_SIZE said last; UINT64_MAX: nothing */
	uint64_t blackout_ns;    /* 0: none was seen */
	uint32_t answer;         /* of the gate, enum mw_gate_answer; 0: none was seen */
	uint32_t reason;         /* enum mw_reason */
	uint32_t alarm_count;
	uint32_t alarm; /* enum alarm_kind of the last */
	bool is_incomplete;
};

enum top_sort {
	TOP_BY_BEGIN,
	TOP_BY_DEVICE,
	TOP_BY_VM,
	TOP_BY_STATE,
	TOP_BY_PHASE,
	TOP_BY_RATE,
	TOP_BY_AVERAGE,
	TOP_BY_BYTES,
	TOP_BY_ALARMS,
	TOP_SORT_COUNT_,
};

struct top_model {
	struct top_row *rows;
	size_t count;
	const struct top_row **order; /* of top_model_order */
	uint64_t now_ns;              /* of the last sample; 0: there was none */
	uint64_t open;                /* sessions */
	uint64_t ended;
	enum top_sort sort;
	bool is_reverse;
	char filter[TOP_FILTER_BYTES]; /* part of a device, a VM, a state, any case; "": all */
};

/* top_model_open - room for all rows. 0 or -ENOMEM. */
int top_model_open(struct top_model *model);

/* top_model_outcome - a session_handler; @model is a struct top_model. */
void top_model_outcome(void *model, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm);

/* What the gate said of a migration, as the daemon tells it. */
struct top_decision {
	const char *device;
	const char *vm;    /* "": not known */
	uint32_t side;     /* enum session_side */
	uint32_t answer;   /* enum mw_gate_answer */
	uint32_t reason;   /* enum mw_reason */
	uint64_t begin_ns; /* of the migration, as the daemon saw it */
	uint64_t end_ns;   /* 0: it goes on */
};

/*
 * top_model_decide - puts it into the row of that migration. A migration that was refused before it
 * did anything is seen by nobody but the gate: it gets a row of its own.
 */
void top_model_decide(struct top_model *model, const struct top_decision *decision);

/*
 * top_model_live_begin, then top_model_live for each phase of each open data file (a
 * dataflow_handler), then top_model_sample: it is @now_ns, CLOCK_MONOTONIC.
 */
void top_model_live_begin(struct top_model *model);
void top_model_live(void *model, const char *device, const struct mw_flow *flow);
void top_model_sample(struct top_model *model, uint64_t now_ns);

/* top_model_order - the rows that the filter lets through, sorted; the model's. Gives how many. */
size_t top_model_order(struct top_model *model, const struct top_row ***out);

/* top_row_phase_ns - how long the device is, or was, in its state. */
uint64_t top_row_phase_ns(const struct top_row *row, uint64_t now_ns);

/* top_row_average - bytes per second since the migration began, up to its end. */
uint64_t top_row_average(const struct top_row *row, uint64_t now_ns);

/* top_row_state - "STOP_COPY", or how it ended: "completed"; static. */
const char *top_row_state(const struct top_row *row);

/* top_sort_name - "begin", "device", …; static. */
const char *top_sort_name(enum top_sort sort);

/* top_model_close - leaves an empty one. */
void top_model_close(struct top_model *model);

#endif
