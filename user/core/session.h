/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions: ring records put together to migrations. A session is one migration of one device on
 * one side, from the first step towards a saving state (source) or RESUMING (destination) to its
 * end. docs/sessions.md says for people what is measured and how.
 *
 * Pure: whoever drives the engine (daemon, watch, replay, a fuzzer) hands in decoded records and
 * gets values back. The engine reads no clock; its time is that of the records and of
 * sessions_tick. Memory is bounded by struct session_limits, whatever the records say.
 *
 * All times are CLOCK_MONOTONIC in ns, of the records; 0 is "not seen" for each of them.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migwarden/wire.h"

#define SESSION_SCHEMA "migwarden.session/1"

/* With their NUL. Longer text is cut. */
#define SESSION_NAME_BYTES 128
#define SESSION_UUID_BYTES 40

/* What a session keeps; what does not fit is counted beside each array. */
#define SESSION_ARCS_MAX 48
#define SESSION_PHASES_MAX 32
#define SESSION_SAMPLES_MAX 64
#define SESSION_ALARMS_MAX 16

enum session_side {
	SESSION_SOURCE,
	SESSION_DESTINATION,
	SESSION_SIDE_COUNT_,
};

enum session_end {
	SESSION_OPEN,
	/* Source: the state was read to its end. Destination: the device runs. */
	SESSION_COMPLETED,
	/* Given up without a call that failed. */
	SESSION_CANCELLED,
	/* Given up after a call that failed, or refused by the gate (struct session_gate). */
	SESSION_FAILED,
	/* Destination: the device could not leave RESUMING and was reset or closed all the same. */
	SESSION_LOST,
	/* How it ended was not seen: records were lost, or watching ended. */
	SESSION_UNKNOWN,
	SESSION_END_COUNT_,
};

/* Why an end is what it is; more than the end where it says more. */
enum session_cause {
	SESSION_CAUSE_NONE,    /* open, or an arc of the state machine says it all */
	SESSION_CAUSE_REFUSED, /* by the gate */
	SESSION_CAUSE_RESET,   /* VFIO_DEVICE_RESET */
	SESSION_CAUSE_CLOSED,  /* the device's last file */
	SESSION_CAUSE_REMOVED, /* the mdev is gone */
	SESSION_CAUSE_MISSED,  /* the next record is of something else: the end was not seen */
	SESSION_CAUSE_EVICTED, /* over capacity, and silent for longer than all others */
	SESSION_CAUSE_STOPPED, /* sessions_finish: watching or the recording is over */
	SESSION_CAUSE_COUNT_,
};

/* One arc of the state machine, in the order of their ends. */
struct session_arc {
	uint64_t end_ns;
	uint64_t duration_ns;
	uint32_t from; /* enum vfio_device_mig_state */
	uint32_t to;
	uint32_t target; /* of the SET that walked it */
	int32_t result;  /* 0 or -errno */
};

/* The time in one state, from the end of the arc into it to the begin of the arc out of it. */
struct session_phase {
	uint64_t begin_ns; /* 0: before we watched */
	uint64_t end_ns;   /* 0: the device is still in it */
	uint32_t state;
	/* Whether data was moved in it, and @flow says how. */
	uint32_t has_flow;
	/* enum mw_flow_end; 0 without a flow */
	uint32_t flow_end;
	uint32_t zero;
	/*
	 * The data file's sums. One file visits a state more than once at times: its sums are
	 * then with the first visit. flow.begin_ns and end_ns are the data file's own.
	 */
	struct mw_flow flow;
};

/* One answer of MIG_DATA_SIZE (@bytes) or of PRECOPY_INFO (@bytes is initial, @dirty_bytes). */
struct session_sample {
	uint64_t time_ns;
	uint64_t duration_ns;
	uint64_t bytes;
	uint64_t dirty_bytes;
	int32_t result; /* 0, or -errno: then no bytes */
	uint32_t zero;
};

/*
 * Answers over time. An answer like the one before it is counted and not kept. When the array is
 * full every second one is dropped, and from then on every 2nd, 4th, … different answer is kept:
 * the curve's shape stays. first is items[0], the newest is always @last.
 */
struct session_series {
	struct session_sample items[SESSION_SAMPLES_MAX];
	uint32_t count;
	uint32_t stride;  /* 1, 2, 4, … of the different answers are kept */
	uint64_t changes; /* different answers */
	uint64_t calls;   /* as far as each was told */
	uint64_t failures;
	struct session_sample last; /* of calls > 0 */
};

/* DMA_LOGGING_REPORT calls of one kind of time. */
struct session_reports {
	uint64_t calls;
	uint64_t failures;
	uint64_t range_bytes; /* sum of the ranges asked about */
	uint64_t time_ns;     /* in the calls */
	uint64_t longest_ns;
};

/* Dirty tracking by the device. The container's or iommufd's own is not seen here. */
struct session_dirty {
	uint64_t start_ns; /* end of DMA_LOGGING_START; 0: there was none */
	uint64_t start_duration_ns;
	uint64_t page_bytes;
	uint32_t range_count;
	int32_t start_result;
	uint64_t stop_ns; /* end of DMA_LOGGING_STOP */
	uint64_t stop_duration_ns;
	int32_t stop_result;
	uint32_t zero;
	struct session_reports running; /* while the guest's device ran */
	struct session_reports stopped; /* within the blackout */
};

/* What the gate said of this migration: the refusal if there is one, else the last answer. */
struct session_gate {
	uint64_t time_ns;
	uint64_t admission;  /* 0 without one */
	uint32_t generation; /* of the policy */
	uint32_t answer;     /* enum mw_gate_answer; 0: the gate said nothing */
	uint32_t basis;      /* enum mw_gate_basis */
	uint32_t reason;     /* enum mw_reason */
	uint32_t feature;    /* MW_FEATURE_… it was asked about */
	uint32_t target;     /* the state, for MW_FEATURE_MIG_DEVICE_STATE */
	int32_t error;       /* what the caller got */
	uint32_t answers;    /* how many there were */
};

enum session_failure_kind {
	SESSION_FAILURE_NONE,
	SESSION_FAILURE_READ,  /* of the data file */
	SESSION_FAILURE_WRITE, /* of the data file */
	SESSION_FAILURE_ARC,   /* a SET: from, to, target */
	SESSION_FAILURE_COUNT_,
};

/* The first call that failed, of the data file or of the state machine. */
struct session_failure {
	uint32_t kind;    /* enum session_failure_kind */
	int32_t error;    /* -errno */
	uint64_t offset;  /* bytes of the data file before it; of an arc: moved in all */
	uint64_t time_ns; /* of an arc; 0 for a read or write, whose time is not kept */
	uint32_t state;   /* the phase of a read or write; an arc's from */
	uint32_t to;      /* an arc's to */
};

enum alarm_kind {
	/* Destination: SET out of RESUMING failed, then reset or closed: the VMM carries on. */
	ALARM_DEVICE_LOST,
	/* A read or write of the data file, or a SET that loads it, failed; with the likely reason.
	 */
	ALARM_TRANSFER_FAILED,
	/* MIG_DATA_SIZE failed: the VMM has to guess, and will not see the end coming. */
	ALARM_NO_DATA_SIZE,
	/* value[0] bytes were said to be left, value[1] came. */
	ALARM_ESTIMATE_OFF,
	/* value[0] ns of blackout on this side, value[1] ns are the budget. */
	ALARM_BLACKOUT,
	/* value[0] ns after a migration that failed, its data file is still open. Of drivers whose
	 * data is watched. */
	ALARM_FILE_LEFT_OPEN,
	ALARM_KIND_COUNT_,
};

struct session_alarm {
	uint64_t time_ns;
	uint32_t kind; /* enum alarm_kind */
	int32_t error; /* -errno of the call it is about; 0 without one */
	uint64_t value[2];
};

/* Flat: a plain copy is a whole one. */
struct session {
	uint64_t id;    /* from 1, in the order of beginning, within one engine */
	uint64_t group; /* the id of the first session of its group: devices of one VM, one side */
	uint32_t side;  /* enum session_side */
	uint32_t end;   /* enum session_end */
	uint32_t cause; /* enum session_cause */
	uint32_t state; /* that the device is in, or was at the end; MW_STATE_NONE: not known */

	/* Where it was seen; as given to sessions_new. */
	char host[SESSION_NAME_BYTES];
	char boot_id[SESSION_UUID_BYTES];
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */

	char device[MW_DEVICE_BYTES];
	char driver[MW_MODULE_BYTES];       /* the module whose data file it is; "" not known */
	char file_name[MW_FILE_NAME_BYTES]; /* as the driver calls it; "" not known */
	uint32_t pid;
	uint32_t tid; /* that took the first step */
	char comm[MW_COMM_BYTES];
	uint64_t cgroup_id;
	char vm_name[SESSION_NAME_BYTES]; /* by sessions_identify; "" not known */
	char vm_uuid[SESSION_UUID_BYTES];

	uint64_t begin_ns; /* of the first arc towards it, or the gate's refusal */
	uint64_t end_ns;   /* 0 while open */
	/* Source, ended in STOP: the device runs here again since. Given up, or a snapshot. */
	uint64_t returned_ns;

	/*
	 * The blackout as seen on this side. Source: from the begin of the first arc that takes
	 * the device out of RUNNING or PRE_COPY for good, to the end of the last read of its
	 * state, or to its running again. Destination: from the end of the last write to the end
	 * of the arc into RUNNING: that much of the blackout is certain here. end 0: goes on.
	 */
	uint64_t blackout_begin_ns;
	uint64_t blackout_end_ns;

	/* Arcs into RUNNING_P2P and PRE_COPY_P2P, and the time spent in these two: source, on the
	 * way down; destination, on the way up. */
	uint64_t p2p_arc_ns;
	uint64_t p2p_wait_ns;

	/* Of the state, in every phase. */
	uint64_t bytes;
	/* Of them in STOP_COPY (source); all of them (destination). */
	uint64_t final_bytes;
	/* Source: what MIG_DATA_SIZE last said before STOP_COPY; UINT64_MAX: it never answered. */
	uint64_t estimate_bytes;

	/* Watching began when the migration had begun: what was before is not here. */
	uint32_t is_joined;
	uint32_t is_read_to_end; /* source: a read in STOP_COPY gave 0 */

	struct session_gate gate;
	struct session_failure failure;
	struct session_dirty dirty;
	struct session_series data_size;
	struct session_series precopy;

	struct session_arc arcs[SESSION_ARCS_MAX];
	uint32_t arc_count;
	uint32_t phase_count;
	struct session_phase phases[SESSION_PHASES_MAX];
	struct session_alarm alarms[SESSION_ALARMS_MAX];
	uint32_t alarm_count;

	/* What did not fit above. */
	uint32_t arcs_dropped;
	uint32_t phases_dropped;
	uint32_t alarms_dropped;

	/*
	 * Records of each kind that the ring lost while the session was open: of any device, as
	 * nobody can say of which. is_incomplete: one of them, or a step that does not fit the one
	 * before it, touches what is said here.
	 */
	uint64_t lost[MW_EVENT_KINDS];
	uint32_t is_incomplete;
	uint32_t zero;
};

struct session_limits {
	/* Devices that are followed at one time; each takes some 24 KiB. From 1. */
	uint32_t devices_max;
	/* An estimate is off from this factor on, either way; 0: never. */
	uint32_t estimate_factor;
	/* And by this many bytes at least: what is smaller takes no time. */
	uint64_t estimate_bytes;
	/* Of the policy (limits.downtime); 0: no budget. */
	uint64_t downtime_ns;
	/* How long after its end records may still belong to a session. */
	uint64_t settle_ns;
	/* How long a data file may stay open after its migration failed. */
	uint64_t file_open_ns;
};

/* session_limits_default - 256 devices, factor 2 and 1 MiB, no budget, 200 ms, 1 s. */
extern const struct session_limits session_limits_default;

/* Where the records come from. Text is copied, and may be NULL. */
struct session_origin {
	const char *host;
	const char *boot_id;
	int64_t clock_offset_ns;
};

enum session_outcome {
	SESSION_BEGAN,
	/* A state, a phase's sums, a device that ran again (returned_ns), who the VM is. */
	SESSION_CHANGED,
	SESSION_ALARMED, /* @alarm says what; it is in the session's array too, if it fitted */
	/*
	 * Only SESSION_CHANGED for returned_ns and a late answer of the gate may come after it, and
	 * ALARM_FILE_LEFT_OPEN.
	 */
	SESSION_ENDED,
};

/*
 * Called from within sessions_feed, _tick, _lost, _identify and _finish. @session is borrowed and
 * valid in the call alone; @alarm is NULL but for SESSION_ALARMED. The handler may call
 * sessions_identify for this session, and no other function of the engine.
 */
typedef void (*session_handler)(void *context, enum session_outcome outcome,
				const struct session *session, const struct session_alarm *alarm);

struct sessions;

/* sessions_new - @limits and @origin are copied. Gives 0 and *out, or -ENOMEM. */
int sessions_new(const struct session_limits *limits, const struct session_origin *origin,
		 session_handler handler, void *context, struct sessions **out);

/* sessions_free - without ending anything; NULL is fine. */
void sessions_free(struct sessions *sessions);

#define AUTO_SESSIONS __attribute__((cleanup(sessions_free_ptr)))
static inline void sessions_free_ptr(struct sessions **sessions)
{
	sessions_free(*sessions);
}

/*
 * sessions_feed - one record, decoded (core/decode.h), in the order of the ring. Outcomes come
 * through the handler. Gives 0, or -ENOMEM: the record's device is not followed, and counted.
 */
int sessions_feed(struct sessions *sessions, const union mw_event *event);

/*
 * sessions_lost - the ring has lost @count more records of a kind since the last call; open
 * sessions say so, and those whose end may have been among them are `unknown` at their end.
 */
void sessions_lost(struct sessions *sessions, uint32_t kind, uint64_t count);

/*
 * sessions_tick - it is @now_ns (CLOCK_MONOTONIC): what only waited for time to pass, ends.
 * sessions_next_ns - when to call it next; 0: nothing waits for time, the next record will do.
 */
void sessions_tick(struct sessions *sessions, uint64_t now_ns);
uint64_t sessions_next_ns(const struct sessions *sessions);

/* sessions_finish - no record comes any more: every open session ends, `unknown` if by nothing
 * else. */
void sessions_finish(struct sessions *sessions, uint64_t now_ns);

/*
 * sessions_identify - whose the session @id is; @name and @uuid may be NULL. Best called when it
 * began, while the process is there. Nothing happens when the id is not followed any more.
 */
void sessions_identify(struct sessions *sessions, uint64_t id, const char *name, const char *uuid);

/* sessions_set_downtime - the budget of a new policy, for sessions that end from now on. */
void sessions_set_downtime(struct sessions *sessions, uint64_t downtime_ns);

/* sessions_next_open - those that have begun and not ended, by id; @id 0 gives the first, NULL
 * ends. Borrowed until the next call that is not const. */
const struct session *sessions_next_open(const struct sessions *sessions, uint64_t id);

struct session_counts {
	uint64_t begun;
	uint64_t open;
	uint64_t ended[SESSION_END_COUNT_];
	uint64_t alarms[ALARM_KIND_COUNT_];
	/* Devices let go over capacity: open sessions among them ended `unknown`. */
	uint64_t evicted;
	/* Records whose device could not be followed for want of memory. */
	uint64_t dropped;
};

/* sessions_counts - since sessions_new. */
struct session_counts sessions_counts(const struct sessions *sessions);

/* session_is_refused - whether the gate refused this migration. */
bool session_is_refused(const struct session *session);

/* session_blackout_ns - as seen on this side; up to now if it goes on (@now_ns 0: then 0). */
uint64_t session_blackout_ns(const struct session *session, uint64_t now_ns);

/* session_data_window - from the first byte that was moved to the last call, over the phases in
 * which a blackout's data moves: STOP_COPY, RESUMING. False when there was none. */
bool session_data_window(const struct session *session, uint64_t *begin_ns, uint64_t *end_ns);

/* session_final_flow - the sums of STOP_COPY or RESUMING; NULL without. Borrowed. */
const struct mw_flow *session_final_flow(const struct session *session);

/* How the devices of a VM moved their data. */
enum session_order {
	SESSION_ORDER_SINGLE, /* one device, or one alone with data */
	SESSION_ORDER_SERIAL, /* one after the other */
	SESSION_ORDER_PARALLEL,
};

/* What the sessions of one group are together. */
struct session_group {
	uint64_t id;
	uint32_t side;
	uint32_t count;
	uint32_t open;
	uint32_t failed; /* that ended failed or lost */
	uint64_t begin_ns;
	uint64_t end_ns; /* 0: one is open */
	/* From the first device's blackout to the end of the last one's; end 0: goes on. */
	uint64_t blackout_begin_ns;
	uint64_t blackout_end_ns;
	uint64_t bytes;
	/* Of session_data_window: the time in which two or more moved data, and in which any did.
	 */
	uint64_t overlap_ns;
	uint64_t data_ns;
	enum session_order order;
};

/*
 * session_group_of - of those of @sessions[@count] that have the group @id, in any order; at most
 * SESSION_GROUP_MAX of them are looked at for overlap. Gives how many there are.
 */
#define SESSION_GROUP_MAX 256
size_t session_group_of(const struct session *const *sessions, size_t count, uint64_t id,
			struct session_group *out);

/* Words of the enums, as in JSON; "unknown" outside of them. Static. */
const char *session_side_name(uint32_t side);
const char *session_end_name(uint32_t end);
const char *session_cause_name(uint32_t cause);
const char *session_failure_name(uint32_t kind);
const char *session_order_name(uint32_t order);
const char *alarm_kind_name(uint32_t kind);

#endif
