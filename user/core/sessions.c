// SPDX-License-Identifier: GPL-2.0-only
/* When sessions begin and end, and what is raised on the way (core/session.h). */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/alarm.h"
#include "core/decode.h"
#include "core/session.h"
#include "core/session_fill.h"

/* Devices of one VM begin together; a gap of more than this is another migration. */
#define GROUP_GAP_NS 1000000000ull

const struct session_limits session_limits_default = {
	.devices_max = 256,
	.estimate_factor = 2,
	.estimate_bytes = 1 << 20,
	.settle_ns = 200000000,
	.file_open_ns = 1000000000,
};

/* How far the migration is that a device's track holds. */
enum life {
	LIFE_EMBRYO, /* what may become part of one: queries, the gate's answer, the way down */
	LIFE_OPEN,
	LIFE_SETTLING, /* it is over; what the kernel tells late is still awaited */
	LIFE_ENDED,    /* told; kept in case that the device runs again */
};

struct track {
	enum life life;
	uint64_t touched_ns;
	uint64_t settle_ns;   /* when waiting ends, with LIFE_SETTLING */
	uint32_t last_target; /* of the SET that ended it */
	uint32_t last_state;  /* that it led to; what the device does while it settles is past it */
	bool is_closed;       /* the device is; the track goes when it is told */
	bool has_file;        /* a data file was made in it */
	uint32_t files_open;  /* of those that were made and not closed */
	uint64_t file_due_ns; /* when they must be closed, as the migration failed; 0: whenever */
	bool has_flow;        /* and sums of one came */
	bool has_state;       /* it came into a state with data */
	bool start_failed;    /* a way on from there failed */
	struct session session;
};

struct sessions {
	struct session_limits limits;
	struct session origin; /* host, boot, clock: a session before anything happened */
	session_handler handler;
	void *context;
	struct track **tracks;
	size_t count;
	uint64_t next_id;
	uint64_t now_ns;
	struct session_counts counts;
};

static void tell(struct sessions *sessions, const struct track *track, enum session_outcome outcome)
{
	sessions->handler(sessions->context, outcome, &track->session, NULL);
}

static void raise_alarm(struct sessions *sessions, struct track *track,
			const struct session_alarm *alarm)
{
	struct session *session = &track->session;

	sessions->counts.alarms[alarm->kind]++;
	if (session->alarm_count < SESSION_ALARMS_MAX)
		session->alarms[session->alarm_count++] = *alarm;
	else
		session->alarms_dropped++;
	sessions->handler(sessions->context, SESSION_ALARMED, session, alarm);
}

/* The track as it is before anything of a migration is known; it keeps its device and state. */
static void track_clear(const struct sessions *sessions, struct track *track)
{
	char device[MW_DEVICE_BYTES];
	uint32_t state = track->session.state;

	memcpy(device, track->session.device, sizeof(device));
	*track = (struct track){.touched_ns = track->touched_ns, .files_open = track->files_open};
	track->session = sessions->origin;
	track->session.state = state;
	memcpy(track->session.device, device, sizeof(device));
}

static void track_drop(struct sessions *sessions, struct track *track)
{
	for (size_t i = 0; i < sessions->count; i++) {
		if (sessions->tracks[i] != track)
			continue;
		sessions->tracks[i] = sessions->tracks[--sessions->count];
		free(track);
		return;
	}
}

static struct track *track_find(const struct sessions *sessions, const char *device)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (strcmp(sessions->tracks[i]->session.device, device) == 0)
			return sessions->tracks[i];
	return NULL;
}

/*
 * What the flow sums of the data file say, where the device's own way does not: whether the state
 * had left it. Without sums (nobody watches that driver's functions) the SET has to do.
 */
static enum session_end source_end(const struct track *track)
{
	const struct session *session = &track->session;
	bool runs_on = session->cause == SESSION_CAUSE_NONE && track->last_target != MW_STATE_STOP;

	if (runs_on || (!session->is_read_to_end && track->has_flow))
		return session->failure.kind ? SESSION_FAILED : SESSION_CANCELLED;
	if (session->is_read_to_end)
		return SESSION_COMPLETED;
	if (session->failure.kind)
		return SESSION_FAILED;
	if (session->cause != SESSION_CAUSE_NONE)
		return SESSION_CANCELLED;
	return track->has_file || session->lost[MW_EVENT_FLOW] ? SESSION_UNKNOWN
							       : SESSION_COMPLETED;
}

static enum session_end destination_end(const struct track *track)
{
	const struct session *session = &track->session;

	if (session->cause == SESSION_CAUSE_NONE && track->last_state == MW_STATE_RUNNING)
		return SESSION_COMPLETED;
	if (session->cause != SESSION_CAUSE_NONE && track->start_failed)
		return SESSION_LOST;
	return session->failure.kind ? SESSION_FAILED : SESSION_CANCELLED;
}

static enum session_end end_of(const struct track *track)
{
	switch ((enum session_cause)track->session.cause) {
	case SESSION_CAUSE_REFUSED:
		return SESSION_FAILED;
	case SESSION_CAUSE_MISSED:
	case SESSION_CAUSE_EVICTED:
	case SESSION_CAUSE_STOPPED:
		return SESSION_UNKNOWN;
	case SESSION_CAUSE_NONE:
	case SESSION_CAUSE_RESET:
	case SESSION_CAUSE_CLOSED:
	case SESSION_CAUSE_REMOVED:
	case SESSION_CAUSE_COUNT_:
		break;
	}
	return track->session.side == SESSION_SOURCE ? source_end(track) : destination_end(track);
}

static void raise_at_end(struct sessions *sessions, struct track *track)
{
	struct session_alarm alarms[ALARM_KIND_COUNT_];
	size_t count = alarms_at_end(&track->session, &sessions->limits, alarms);

	for (size_t i = 0; i < count; i++)
		raise_alarm(sessions, track, &alarms[i]);
}

/* Whether nothing of the track is awaited, nor its device there. */
static bool is_spent(const struct track *track)
{
	return track->is_closed && track->life != LIFE_SETTLING && !track->file_due_ns;
}

static void raise_file_open(struct sessions *sessions, struct track *track)
{
	const struct session *session = &track->session;
	/* When it was due: a replay looks at its clock only when there is a record. */
	uint64_t time_ns =
		sessions->now_ns < track->file_due_ns ? sessions->now_ns : track->file_due_ns;
	struct session_alarm alarm = {
		.time_ns = time_ns,
		.kind = ALARM_FILE_LEFT_OPEN,
		.error = session->failure.error,
		.value = {time_ns - session->end_ns},
	};

	track->file_due_ns = 0;
	raise_alarm(sessions, track, &alarm);
}

/*
 * A VMM that gave up holds the data file for some moments yet; then it closes it, or forgot to.
 * Where no sums came nobody sees that driver's files closed either.
 */
static void expect_closing(const struct sessions *sessions, struct track *track)
{
	const struct session *session = &track->session;

	if (track->files_open && track->has_flow && session->failure.kind != SESSION_FAILURE_NONE)
		track->file_due_ns = session->end_ns + sessions->limits.file_open_ns;
}

/* Nothing more is awaited: the session is told. */
static void settle(struct sessions *sessions, struct track *track)
{
	struct session *session = &track->session;

	if (track->life != LIFE_SETTLING)
		return;
	track->life = LIFE_ENDED;
	session->end = end_of(track);
	sessions->counts.open--;
	sessions->counts.ended[session->end]++;
	raise_at_end(sessions, track);
	expect_closing(sessions, track);
	tell(sessions, track, SESSION_ENDED);
}

/* Whether the sums of the last state with data are there. */
static bool has_final_flow(const struct session *session)
{
	for (uint32_t i = session->phase_count; i > 0; i--)
		if (is_migrating(session->phases[i - 1].state))
			return session->phases[i - 1].has_flow;
	return false;
}

/* Tells a session that is over if all that belongs to it is there. */
static void settle_if_whole(struct sessions *sessions, struct track *track)
{
	const struct session_dirty *dirty = &track->session.dirty;
	bool logs = dirty->start_ns && !dirty->start_result && !dirty->stop_ns;

	if (logs && !track->is_closed)
		return;
	if (!track->has_file || has_final_flow(&track->session))
		settle(sessions, track);
}

/* It is over. What still has to come, comes before settle_ns. */
static void session_over(struct sessions *sessions, struct track *track, enum session_cause cause,
			 uint64_t now_ns)
{
	if (track->life != LIFE_OPEN)
		return;
	track->life = LIFE_SETTLING;
	track->settle_ns = now_ns + sessions->limits.settle_ns;
	track->session.cause = cause;
	track->session.end_ns = now_ns;
	session_leave_phase(&track->session, now_ns);
}

static void end_now(struct sessions *sessions, struct track *track, enum session_cause cause)
{
	session_over(sessions, track, cause, sessions->now_ns);
	settle(sessions, track);
}

/* Makes the track ready for the next migration of its device. */
static void renew(struct sessions *sessions, struct track *track)
{
	if (track->life == LIFE_OPEN) {
		track->session.is_incomplete = 1;
		end_now(sessions, track, SESSION_CAUSE_MISSED);
	}
	settle(sessions, track);
	if (track->file_due_ns)
		raise_file_open(sessions, track);
	track_clear(sessions, track);
}

/* Whom to let go: the longest silent one, one without an open session first. */
static void evict(struct sessions *sessions)
{
	struct track *oldest = NULL;

	for (size_t i = 0; i < sessions->count; i++) {
		struct track *track = sessions->tracks[i];
		bool is_open = track->life == LIFE_OPEN;

		if (!oldest || (oldest->life == LIFE_OPEN && !is_open) ||
		    ((oldest->life == LIFE_OPEN) == is_open &&
		     track->touched_ns < oldest->touched_ns))
			oldest = track;
	}
	if (!oldest)
		return;
	sessions->counts.evicted++;
	end_now(sessions, oldest, SESSION_CAUSE_EVICTED);
	track_drop(sessions, oldest);
}

static struct track *track_add(struct sessions *sessions, const char *device)
{
	struct track *track;

	if (sessions->count == sessions->limits.devices_max)
		evict(sessions);
	track = calloc(1, sizeof(*track));
	if (!track)
		return NULL;
	track->session = sessions->origin;
	memcpy(track->session.device, device, MW_DEVICE_BYTES);
	sessions->tracks[sessions->count++] = track;
	return track;
}

/* The track of the record's device; a new one if there is none. */
static struct track *track_of(struct sessions *sessions, const struct mw_event_head *head)
{
	struct track *track = track_find(sessions, head->device);

	if (!track)
		track = track_add(sessions, head->device);
	if (!track) {
		sessions->counts.dropped++;
		return NULL;
	}
	track->touched_ns = sessions->now_ns;
	return track;
}

/* That of a migration which is to come: one that is over is told before. */
static struct track *track_of_next(struct sessions *sessions, const struct mw_event_head *head)
{
	struct track *track = track_of(sessions, head);

	if (track && (track->life == LIFE_SETTLING || track->life == LIFE_ENDED))
		renew(sessions, track);
	return track;
}

static void raise_no_data_size(struct sessions *sessions, struct track *track)
{
	const struct session *session = &track->session;
	struct session_alarm alarm = {
		.time_ns = session->data_size.last.time_ns,
		.kind = ALARM_NO_DATA_SIZE,
		.error = session->data_size.last.result,
	};

	if (session->side == SESSION_SOURCE && session->data_size.failures)
		raise_alarm(sessions, track, &alarm);
}

static uint64_t group_of(const struct sessions *sessions, const struct session *session)
{
	for (size_t i = 0; i < sessions->count; i++) {
		const struct track *track = sessions->tracks[i];
		const struct session *other = &track->session;

		if (track->life != LIFE_EMBRYO && other != session && other->pid == session->pid &&
		    other->side == session->side &&
		    (!other->end_ns || other->end_ns + GROUP_GAP_NS > session->begin_ns))
			return other->group;
	}
	return session->id;
}

static void begin(struct sessions *sessions, struct track *track, enum session_side side,
		  const struct mw_event_head *head, uint64_t begin_ns)
{
	struct session *session = &track->session;

	track->life = LIFE_OPEN;
	session->side = side;
	session->id = sessions->next_id++;
	session->pid = head->pid;
	session->tid = head->tid;
	session->cgroup_id = head->cgroup_id;
	memcpy(session->comm, head->comm, sizeof(session->comm));
	session->begin_ns = session->arc_count ? event_begin_ns(session->arcs[0].end_ns,
								session->arcs[0].duration_ns)
					       : begin_ns;
	if (side == SESSION_DESTINATION) {
		/* What the way down to RESUMING looked like, is of no guest. */
		session->blackout_begin_ns = 0;
		session->p2p_arc_ns = 0;
		session->p2p_wait_ns = 0;
	}
	session->group = group_of(sessions, session);
	sessions->counts.begun++;
	sessions->counts.open++;
	tell(sessions, track, SESSION_BEGAN);
	raise_no_data_size(sessions, track);
}

static void begin_with_arc(struct sessions *sessions, struct track *track,
			   const struct mw_event_arc *event)
{
	struct session *session = &track->session;
	bool is_joined = is_migrating(event->from);
	uint32_t state = is_joined ? event->from : event->to;

	begin(sessions, track, state == MW_STATE_RESUMING ? SESSION_DESTINATION : SESSION_SOURCE,
	      &event->head, event_begin_ns(event->head.time_ns, event->duration_ns));
	session->state = event->from;
	if (!is_joined)
		return;
	session->is_joined = 1;
	session->is_incomplete = 1;
	session_enter_phase(session, 0);
}

/* Running again: the way down was of no migration, what was asked may be of the next. */
static void forget_way(struct session *session)
{
	session->arc_count = 0;
	session->phase_count = 0;
	session->arcs_dropped = 0;
	session->phases_dropped = 0;
	session->blackout_begin_ns = 0;
	session->failure.kind = SESSION_FAILURE_NONE;
}

/* Of a device without a migration: on the way to one, or just a pause. */
static void arc_of_embryo(struct track *track, const struct mw_event_arc *event)
{
	struct session *session = &track->session;

	session_add_arc(session, event);
	if (event->result)
		return;
	if (is_running(event->to))
		forget_way(session);
	else
		session_enter_phase(session, event->head.time_ns);
}

/* Whether the arc belongs to a migration that is over: a way back, or a SET that was refused. */
static bool is_of_the_past(const struct track *track, const struct mw_event_arc *event)
{
	if ((track->life != LIFE_SETTLING && track->life != LIFE_ENDED) || track->is_closed)
		return false;
	if (track->session.cause == SESSION_CAUSE_REFUSED)
		return event->result < 0;
	return !is_running(track->session.state) && !is_migrating(event->from) &&
	       !is_migrating(event->to);
}

static void arc_of_the_past(struct sessions *sessions, struct track *track,
			    const struct mw_event_arc *event)
{
	struct session *session = &track->session;

	session_add_arc(session, event);
	if (session->side != SESSION_SOURCE || !is_running(event->to) || event->result)
		return;
	session->returned_ns = event->head.time_ns;
	if (track->life == LIFE_ENDED)
		tell(sessions, track, SESSION_CHANGED);
	else
		settle_if_whole(sessions, track);
}

/* An arc that no session of this side can walk from where it is: what lies between is not seen. */
static bool is_of_another(const struct session *session, const struct mw_event_arc *event)
{
	if (session->side == SESSION_SOURCE)
		return !is_saving(event->from);
	return is_running(event->from) || is_saving(event->from) || is_saving(event->to);
}

static bool ends_session(const struct track *track, const struct mw_event_arc *event)
{
	if (event->result)
		return !track->has_state;
	if (track->session.side == SESSION_SOURCE)
		return !is_saving(event->to);
	return event->to == MW_STATE_RUNNING;
}

static void arc_of_session(struct sessions *sessions, struct track *track,
			   const struct mw_event_arc *event)
{
	struct session *session = &track->session;

	if (session->state != event->from)
		session->is_incomplete = 1;
	track->start_failed |= event->result && track->has_state;
	session_add_arc(session, event);
	if (ends_session(track, event)) {
		track->last_target = event->target;
		track->last_state = session->state;
		session_over(sessions, track, SESSION_CAUSE_NONE, event->head.time_ns);
		settle_if_whole(sessions, track);
		return;
	}
	if (!event->result) {
		track->has_state = true;
		session_enter_phase(session, event->head.time_ns);
	}
	tell(sessions, track, SESSION_CHANGED);
}

static void on_arc(struct sessions *sessions, const struct mw_event_arc *event)
{
	struct track *track = track_of(sessions, &event->head);

	if (!track)
		return;
	if (is_of_the_past(track, event)) {
		arc_of_the_past(sessions, track, event);
		return;
	}
	if (track->life == LIFE_SETTLING || track->life == LIFE_ENDED ||
	    (track->life == LIFE_OPEN && track->has_state && is_of_another(&track->session, event)))
		renew(sessions, track);
	if (track->life == LIFE_EMBRYO && (is_migrating(event->from) || is_migrating(event->to)))
		begin_with_arc(sessions, track, event);
	if (track->life == LIFE_OPEN)
		arc_of_session(sessions, track, event);
	else
		arc_of_embryo(track, event);
}

static void on_reset(struct sessions *sessions, const struct mw_event_ioctl *event)
{
	struct track *track = track_find(sessions, event->head.device);

	if (!track || event->result)
		return;
	if (track->life == LIFE_OPEN) {
		session_over(sessions, track, SESSION_CAUSE_RESET, event->head.time_ns);
		track->session.state = MW_STATE_RUNNING;
		settle_if_whole(sessions, track);
	} else if (track->life == LIFE_EMBRYO) {
		forget_way(&track->session);
		track->session.state = MW_STATE_RUNNING;
	}
}

static void on_data_size(struct sessions *sessions, const struct mw_event_ioctl *event,
			 const struct feature_payload *payload)
{
	struct track *track = track_of_next(sessions, &event->head);
	bool had_failed;

	if (!track)
		return;
	had_failed = track->session.data_size.failures;
	session_add_data_size(&track->session, event, payload);
	if (track->life == LIFE_OPEN && !had_failed)
		raise_no_data_size(sessions, track);
}

static void on_logging(struct sessions *sessions, const struct mw_event_ioctl *event,
		       const struct feature_payload *payload)
{
	struct track *track;

	if ((event->flags & MW_FEATURE_MASK) == MW_FEATURE_DMA_LOGGING_START)
		track = track_of_next(sessions, &event->head);
	else
		track = track_find(sessions, event->head.device);
	if (!track)
		return;
	session_add_logging(&track->session, event, payload);
	if ((event->flags & MW_FEATURE_MASK) != MW_FEATURE_DMA_LOGGING_STOP)
		return;
	if (track->life == LIFE_EMBRYO)
		track_clear(sessions, track);
	settle_if_whole(sessions, track);
}

static void on_ioctl(struct sessions *sessions, const struct mw_event_ioctl *event)
{
	struct feature_payload payload;

	if (event->cmd == MW_VFIO_DEVICE_RESET) {
		on_reset(sessions, event);
		return;
	}
	if (!is_feature_call(event) || (event->flags & MW_FEATURE_PROBE))
		return;
	feature_decode(event, &payload);
	switch (event->flags & MW_FEATURE_MASK) {
	case MW_FEATURE_MIG_DATA_SIZE:
		on_data_size(sessions, event, &payload);
		break;
	case MW_FEATURE_DMA_LOGGING_START:
	case MW_FEATURE_DMA_LOGGING_REPORT:
	case MW_FEATURE_DMA_LOGGING_STOP:
		on_logging(sessions, event, &payload);
		break;
	}
}

/* The device, or its last file, is gone. */
static void on_gone(struct sessions *sessions, const struct mw_event_head *head,
		    enum session_cause cause)
{
	struct track *track = track_find(sessions, head->device);

	if (!track)
		return;
	session_over(sessions, track, cause, head->time_ns);
	track->is_closed = true;
	track->session.state = MW_STATE_NONE;
	if (track->life == LIFE_SETTLING)
		settle_if_whole(sessions, track);
	if (is_spent(track))
		track_drop(sessions, track);
}

/* The gate has a ring of its own: its answer may come when what it let pass is over. */
static bool is_late_answer(const struct track *track, const struct mw_event_gate *event)
{
	const struct session *session = &track->session;
	uint32_t side = event->direction == MW_INCOMING ? SESSION_DESTINATION : SESSION_SOURCE;

	return (track->life == LIFE_SETTLING || track->life == LIFE_ENDED) &&
	       session->side == side && event->head.time_ns <= session->end_ns;
}

static void on_gate(struct sessions *sessions, const struct mw_event_gate *event)
{
	struct track *track = track_find(sessions, event->head.device);

	if (track && is_late_answer(track, event)) {
		session_add_gate(&track->session, event);
		tell(sessions, track, SESSION_CHANGED);
		return;
	}
	if (!track || track->life != LIFE_OPEN)
		track = track_of_next(sessions, &event->head);
	if (!track)
		return;
	session_add_gate(&track->session, event);
	if (event->answer != MW_GATE_REFUSED)
		return;
	if (track->life == LIFE_EMBRYO)
		begin(sessions, track,
		      event->direction == MW_INCOMING ? SESSION_DESTINATION : SESSION_SOURCE,
		      &event->head, event->head.time_ns);
	if (!track->has_state)
		session_over(sessions, track, SESSION_CAUSE_REFUSED, event->head.time_ns);
}

static void on_file_closed(struct sessions *sessions, const struct mw_event_data_file *event)
{
	struct track *track = track_find(sessions, event->head.device);

	if (!track || !track->files_open || --track->files_open)
		return;
	track->file_due_ns = 0;
	if (is_spent(track))
		track_drop(sessions, track);
}

static void on_data_file(struct sessions *sessions, const struct mw_event_data_file *event)
{
	struct track *track;

	if (event->op == MW_DATA_FILE_CLOSED) {
		on_file_closed(sessions, event);
		return;
	}
	track = track_of_next(sessions, &event->head);
	if (!track)
		return;
	track->files_open++;
	track->has_file = true;
	session_add_data_file(&track->session, event);
}

static void on_precopy(struct sessions *sessions, const struct mw_event_precopy *event)
{
	struct track *track = track_find(sessions, event->head.device);

	if (track && track->life == LIFE_OPEN)
		session_add_precopy(&track->session, event);
}

static void on_flow(struct sessions *sessions, const struct mw_event_flow *event)
{
	struct track *track = track_find(sessions, event->head.device);

	if (!track || (track->life != LIFE_OPEN && track->life != LIFE_SETTLING))
		return;
	track->has_flow = true;
	if (!session_add_flow(&track->session, event))
		track->session.is_incomplete = 1;
	if (track->life == LIFE_OPEN)
		tell(sessions, track, SESSION_CHANGED);
	else
		settle_if_whole(sessions, track);
}

static void feed(struct sessions *sessions, const union mw_event *event)
{
	switch ((enum mw_event_kind)event->head.kind) {
	case MW_EVENT_IOCTL:
		on_ioctl(sessions, &event->ioctl);
		break;
	case MW_EVENT_ARC:
		on_arc(sessions, &event->arc);
		break;
	case MW_EVENT_CLOSE:
		on_gone(sessions, &event->head, SESSION_CAUSE_CLOSED);
		break;
	case MW_EVENT_MDEV:
		if (event->mdev.op == MW_MDEV_REMOVE)
			on_gone(sessions, &event->head, SESSION_CAUSE_REMOVED);
		break;
	case MW_EVENT_GATE:
		on_gate(sessions, &event->gate);
		break;
	case MW_EVENT_DATA_FILE:
		on_data_file(sessions, &event->data_file);
		break;
	case MW_EVENT_PRECOPY:
		on_precopy(sessions, &event->precopy);
		break;
	case MW_EVENT_FLOW:
		on_flow(sessions, &event->flow);
		break;
	case MW_EVENT_ATTRIBUTE:
	case MW_EVENT_MODULE:
	case MW_EVENT_SHIELD:
	case MW_EVENT_KIND_END_:
		break;
	}
}

int sessions_feed(struct sessions *sessions, const union mw_event *event)
{
	uint64_t dropped = sessions->counts.dropped;

	sessions_tick(sessions, event->head.time_ns);
	if (event->head.device[0])
		feed(sessions, event);
	return sessions->counts.dropped == dropped ? 0 : -ENOMEM;
}

/* Of these kinds sessions are made. */
static bool matters(uint32_t kind)
{
	return kind != MW_EVENT_ATTRIBUTE && kind != MW_EVENT_MDEV && kind != MW_EVENT_MODULE &&
	       kind != MW_EVENT_SHIELD;
}

void sessions_lost(struct sessions *sessions, uint32_t kind, uint64_t count)
{
	if (!count || !kind || kind >= MW_EVENT_KINDS)
		return;
	for (size_t i = 0; i < sessions->count; i++) {
		struct track *track = sessions->tracks[i];

		if (track->life == LIFE_ENDED)
			continue;
		track->session.lost[kind] += count;
		if (matters(kind))
			track->session.is_incomplete = 1;
	}
}

void sessions_tick(struct sessions *sessions, uint64_t now_ns)
{
	if (now_ns > sessions->now_ns)
		sessions->now_ns = now_ns;
	for (size_t i = sessions->count; i > 0; i--) {
		struct track *track = sessions->tracks[i - 1];

		if (track->life == LIFE_SETTLING && track->settle_ns <= sessions->now_ns)
			settle(sessions, track);
		if (track->file_due_ns && track->file_due_ns <= sessions->now_ns)
			raise_file_open(sessions, track);
		if (is_spent(track))
			track_drop(sessions, track);
	}
}

uint64_t sessions_next_ns(const struct sessions *sessions)
{
	uint64_t next_ns = 0;

	for (size_t i = 0; i < sessions->count; i++) {
		const struct track *track = sessions->tracks[i];

		if (track->life == LIFE_SETTLING && (!next_ns || track->settle_ns < next_ns))
			next_ns = track->settle_ns;
		if (track->file_due_ns && (!next_ns || track->file_due_ns < next_ns))
			next_ns = track->file_due_ns;
	}
	return next_ns;
}

void sessions_finish(struct sessions *sessions, uint64_t now_ns)
{
	sessions_tick(sessions, now_ns);
	while (sessions->count) {
		struct track *track = sessions->tracks[0];

		end_now(sessions, track, SESSION_CAUSE_STOPPED);
		track_drop(sessions, track);
	}
}

static struct track *track_by_id(const struct sessions *sessions, uint64_t id)
{
	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->tracks[i]->session.id == id)
			return sessions->tracks[i];
	return NULL;
}

void sessions_identify(struct sessions *sessions, uint64_t id, const char *name, const char *uuid)
{
	struct track *track = id ? track_by_id(sessions, id) : NULL;
	struct session *session;

	if (!track)
		return;
	session = &track->session;
	if (name)
		text_copy_cut(session->vm_name, sizeof(session->vm_name), slice_of(name));
	if (uuid)
		text_copy_cut(session->vm_uuid, sizeof(session->vm_uuid), slice_of(uuid));
}

void sessions_set_downtime(struct sessions *sessions, uint64_t downtime_ns)
{
	sessions->limits.downtime_ns = downtime_ns;
}

const struct session *sessions_next_open(const struct sessions *sessions, uint64_t id)
{
	const struct session *next = NULL;

	for (size_t i = 0; i < sessions->count; i++) {
		const struct track *track = sessions->tracks[i];

		if (track->life == LIFE_OPEN && track->session.id > id &&
		    (!next || track->session.id < next->id))
			next = &track->session;
	}
	return next;
}

struct session_counts sessions_counts(const struct sessions *sessions)
{
	return sessions->counts;
}

int sessions_new(const struct session_limits *limits, const struct session_origin *origin,
		 session_handler handler, void *context, struct sessions **out)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	assert(limits->devices_max);
	if (!sessions)
		return -ENOMEM;
	sessions->tracks = calloc(limits->devices_max, sizeof(struct track *));
	if (!sessions->tracks) {
		free(sessions);
		return -ENOMEM;
	}
	sessions->limits = *limits;
	sessions->handler = handler;
	sessions->context = context;
	sessions->next_id = 1;
	sessions->origin.state = MW_STATE_NONE;
	sessions->origin.estimate_bytes = UINT64_MAX;
	sessions->origin.clock_offset_ns = origin->clock_offset_ns;
	text_copy_cut(sessions->origin.host, SESSION_NAME_BYTES, slice_of(origin->host));
	text_copy_cut(sessions->origin.boot_id, SESSION_UUID_BYTES, slice_of(origin->boot_id));
	*out = sessions;
	return 0;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	while (sessions->count)
		free(sessions->tracks[--sessions->count]);
	free(sessions->tracks);
	free(sessions);
}
