// SPDX-License-Identifier: GPL-2.0-only
#include "hand_sessions.h"

#include <errno.h>
#include <string.h>

#include "migwarden/reason.h"

#define MIB (1ull << 20)

struct session_phase *hand_phase(struct session *session, uint32_t state, uint64_t begin_ms,
				 uint64_t end_ms)
{
	struct session_phase *phase = &session->phases[session->phase_count++];

	phase->state = state;
	phase->begin_ns = begin_ms * MS;
	phase->end_ns = end_ms * MS;
	return phase;
}

void hand_arc(struct session *session, uint32_t from, uint32_t to, uint32_t target,
	      uint64_t begin_ms, uint64_t end_ms)
{
	session->arcs[session->arc_count++] = (struct session_arc){
		.end_ns = end_ms * MS,
		.duration_ns = (end_ms - begin_ms) * MS,
		.from = from,
		.to = to,
		.target = target,
	};
}

static uint32_t log2_of(uint64_t value)
{
	uint32_t bucket = 0;

	while (value >>= 1)
		bucket++;
	return bucket;
}

void hand_flow(struct session_phase *phase, uint32_t direction, uint64_t last_ms,
	       uint64_t driver_ms, uint64_t gap_ms, uint64_t bytes, uint64_t calls)
{
	struct mw_flow *flow = &phase->flow;

	phase->has_flow = 1;
	phase->flow_end = MW_FLOW_LEFT;
	flow->begin_ns = phase->begin_ns;
	flow->end_ns = phase->end_ns;
	flow->last_ns = last_ms * MS;
	flow->driver_ns = driver_ms * MS;
	flow->gap_ns = gap_ms * MS;
	flow->first_byte_ns = flow->last_ns - flow->driver_ns - flow->gap_ns - phase->begin_ns +
			      flow->driver_ns / calls;
	flow->bytes = bytes;
	flow->calls = calls;
	flow->state = phase->state;
	flow->direction = direction;
	flow->size_log2[log2_of(bytes / calls)] = (uint32_t)(calls - calls / 8);
	flow->size_log2[log2_of(bytes / calls) - 1] = (uint32_t)(calls / 8);
	flow->latency_log2[log2_of(flow->driver_ns / calls)] = (uint32_t)(calls - calls / 10);
	flow->latency_log2[log2_of(flow->driver_ns / calls) + 2] = (uint32_t)(calls / 10);
}

static void sample(struct session_series *series, uint64_t time_ms, uint64_t bytes, uint64_t dirty)
{
	series->last = (struct session_sample){
		.time_ns = time_ms * MS,
		.duration_ns = 5000,
		.bytes = bytes,
		.dirty_bytes = dirty,
	};
	series->items[series->count++] = series->last;
	series->stride = 1;
	series->changes++;
	series->calls += 3;
}

static void name_it(struct session *session, uint64_t id, uint32_t side, const char *device)
{
	memset(session, 0, sizeof(*session));
	session->id = id;
	session->group = id;
	session->side = side;
	session->end = SESSION_COMPLETED;
	session->state = MW_STATE_STOP;
	session->clock_offset_ns = HAND_CLOCK_OFFSET_NS;
	session->estimate_bytes = UINT64_MAX;
	session->pid = 4711;
	session->tid = 4715;
	strcpy(session->host, side == SESSION_SOURCE ? "hv-17" : "hv-21");
	strcpy(session->boot_id, side == SESSION_SOURCE ? "3f5b9d1e-0000-4000-8000-000000000017"
							: "3f5b9d1e-0000-4000-8000-000000000021");
	strcpy(session->device, device);
	strcpy(session->driver, "mlx5_vfio_pci");
	strcpy(session->file_name, "mlx5vf_mig");
	strcpy(session->comm, "qemu-system-x86");
	strcpy(session->vm_name, "db-3");
	strcpy(session->vm_uuid, "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0");
}

static void go_down(struct session *session)
{
	hand_arc(session, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 1000, 1004);
	hand_phase(session, MW_STATE_PRE_COPY, 1004, 1600);
	hand_arc(session, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_PRE_COPY_P2P, 1600,
		 1612);
	hand_phase(session, MW_STATE_PRE_COPY_P2P, 1612, 1632);
	hand_arc(session, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, 1632,
		 1650);
	hand_phase(session, MW_STATE_STOP_COPY, 1650, 2010);
	hand_arc(session, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, 2010, 2016);
}

static void track(struct session_dirty *dirty)
{
	dirty->start_ns = 1006 * MS;
	dirty->start_duration_ns = 2 * MS;
	dirty->page_bytes = 4096;
	dirty->range_count = 2;
	dirty->running = (struct session_reports){12, 0, 48 * MIB, 9 * MS, 2 * MS};
	dirty->stopped = (struct session_reports){2, 0, 8 * MIB, 8 * MS, 5 * MS};
	dirty->stop_ns = 2020 * MS;
	dirty->stop_duration_ns = 1 * MS;
}

void hand_source(struct session *session)
{
	name_it(session, 3, SESSION_SOURCE, "0000:3b:00.2");
	go_down(session);
	hand_flow(&session->phases[0], MW_FLOW_READ, 1500, 200, 250, 64 * MIB, 64);
	/* First read at 1660 ms, last one ends at 2000 ms. */
	hand_flow(&session->phases[2], MW_FLOW_READ, 2000, 300, 40, 32 * MIB, 32);
	session->begin_ns = 1000 * MS;
	session->end_ns = 2016 * MS;
	session->blackout_begin_ns = 1600 * MS;
	session->blackout_end_ns = 2000 * MS;
	session->p2p_arc_ns = 12 * MS;
	session->p2p_wait_ns = 20 * MS;
	session->bytes = 96 * MIB;
	session->final_bytes = 32 * MIB;
	session->estimate_bytes = 24 * MIB;
	session->is_read_to_end = 1;
	session->gate = (struct session_gate){.time_ns = 1000 * MS,
					      .generation = 3,
					      .answer = MW_GATE_PASSED,
					      .basis = MW_BASIS_DEFAULT,
					      .reason = MW_REASON_OK,
					      .feature = MW_FEATURE_MIG_DEVICE_STATE,
					      .target = MW_STATE_PRE_COPY,
					      .answers = 1};
	track(&session->dirty);
	for (uint64_t i = 0; i < 12; i++)
		sample(&session->precopy, 1010 + 45 * i, i < 4 ? (4 - i) * 16 * MIB : 0,
		       (i * 7 % 5 + 2) * MIB);
	for (uint64_t i = 0; i < 6; i++)
		sample(&session->data_size, 1010 + 100 * i, (96 - 12 * i) * MIB, 0);
	session->alarms[session->alarm_count++] = (struct session_alarm){
		.time_ns = 2016 * MS,
		.kind = ALARM_BLACKOUT,
		.value = {400 * MS, 300 * MS},
	};
}

void hand_destination(struct session *session)
{
	name_it(session, 4, SESSION_DESTINATION, "0000:5e:00.3");
	session->state = MW_STATE_RUNNING;
	hand_arc(session, MW_STATE_RUNNING, MW_STATE_RUNNING_P2P, MW_STATE_RESUMING, 990, 991);
	hand_arc(session, MW_STATE_RUNNING_P2P, MW_STATE_STOP, MW_STATE_RESUMING, 991, 992);
	hand_arc(session, MW_STATE_STOP, MW_STATE_RESUMING, MW_STATE_RESUMING, 992, 996);
	hand_phase(session, MW_STATE_RESUMING, 996, 2032);
	hand_flow(&session->phases[0], MW_FLOW_WRITE, 2020, 90, 800, 96 * MIB, 96);
	hand_arc(session, MW_STATE_RESUMING, MW_STATE_STOP, MW_STATE_RUNNING, 2032, 2062);
	hand_arc(session, MW_STATE_STOP, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, 2062, 2072);
	hand_arc(session, MW_STATE_RUNNING_P2P, MW_STATE_RUNNING, MW_STATE_RUNNING, 2072, 2080);
	session->begin_ns = 990 * MS;
	session->end_ns = 2080 * MS;
	session->blackout_begin_ns = 2020 * MS;
	session->blackout_end_ns = 2080 * MS;
	session->p2p_arc_ns = 10 * MS;
	session->bytes = 96 * MIB;
	session->final_bytes = 96 * MIB;
	session->gate = (struct session_gate){.time_ns = 990 * MS,
					      .admission = 17,
					      .generation = 3,
					      .answer = MW_GATE_PASSED,
					      .basis = MW_BASIS_ADMISSION,
					      .reason = MW_REASON_OK,
					      .feature = MW_FEATURE_MIG_DEVICE_STATE,
					      .target = MW_STATE_RESUMING,
					      .answers = 1};
}

void hand_second(struct session *session)
{
	name_it(session, 5, SESSION_SOURCE, "0000:3b:00.3");
	session->group = 3;
	hand_arc(session, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 1004, 1008);
	hand_phase(session, MW_STATE_PRE_COPY, 1008, 1612);
	hand_arc(session, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_PRE_COPY_P2P, 1612,
		 1620);
	hand_phase(session, MW_STATE_PRE_COPY_P2P, 1620, 2016);
	hand_arc(session, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY, MW_STATE_STOP_COPY, 2016,
		 2030);
	hand_flow(hand_phase(session, MW_STATE_STOP_COPY, 2030, 2110), MW_FLOW_READ, 2100, 40, 20,
		  8 * MIB, 16);
	hand_arc(session, MW_STATE_STOP_COPY, MW_STATE_STOP, MW_STATE_STOP, 2110, 2112);
	session->begin_ns = 1004 * MS;
	session->end_ns = 2112 * MS;
	session->blackout_begin_ns = 1612 * MS;
	session->blackout_end_ns = 2100 * MS;
	session->bytes = 8 * MIB;
	session->final_bytes = 8 * MIB;
	session->is_read_to_end = 1;
}

void hand_refused(struct session *session)
{
	name_it(session, 6, SESSION_DESTINATION, "0000:5e:00.4");
	*session->driver = '\0';
	*session->file_name = '\0';
	session->end = SESSION_FAILED;
	session->cause = SESSION_CAUSE_REFUSED;
	session->state = MW_STATE_RUNNING;
	session->begin_ns = 5000 * MS;
	session->end_ns = 5000 * MS;
	session->gate = (struct session_gate){.time_ns = 5000 * MS,
					      .generation = 4,
					      .answer = MW_GATE_REFUSED,
					      .basis = MW_BASIS_DEFAULT,
					      .reason = MW_REASON_NO_ADMISSION,
					      .feature = MW_FEATURE_MIG_DEVICE_STATE,
					      .target = MW_STATE_RESUMING,
					      .error = -EPERM,
					      .answers = 1};
}

void hand_open(struct session *session)
{
	name_it(session, 7, SESSION_SOURCE, "0000:3b:00.4");
	session->end = SESSION_OPEN;
	session->state = MW_STATE_PRE_COPY;
	hand_arc(session, MW_STATE_RUNNING, MW_STATE_PRE_COPY, MW_STATE_PRE_COPY, 1000, 1004);
	hand_phase(session, MW_STATE_PRE_COPY, 1004, 0);
	session->begin_ns = 1000 * MS;
	sample(&session->precopy, 1010, 64 * MIB, 0);
	sample(&session->precopy, 1250, 16 * MIB, 4 * MIB);
	session->is_joined = 1;
}

void hand_lost(struct session *session)
{
	hand_destination(session);
	session->id = 8;
	session->group = 8;
	session->end = SESSION_LOST;
	session->cause = SESSION_CAUSE_RESET;
	session->state = MW_STATE_RUNNING;
	session->arc_count = 4;
	session->arcs[3].result = -EIO;
	session->blackout_end_ns = 0;
	session->end_ns = 2062 * MS;
	session->failure = (struct session_failure){.kind = SESSION_FAILURE_ARC,
						    .error = -EIO,
						    .offset = 96 * MIB,
						    .time_ns = 2062 * MS,
						    .state = MW_STATE_RESUMING,
						    .to = MW_STATE_STOP};
	session->alarms[session->alarm_count++] = (struct session_alarm){
		.time_ns = 2062 * MS, .kind = ALARM_DEVICE_LOST, .error = -EIO};
	session->lost[MW_EVENT_ARC] = 2;
	session->is_incomplete = 1;
}

void hand_empty(struct session *session)
{
	memset(session, 0, sizeof(*session));
	session->id = 9;
	session->group = 9;
	session->end = SESSION_UNKNOWN;
	session->cause = SESSION_CAUSE_MISSED;
	session->state = MW_STATE_NONE;
	session->estimate_bytes = UINT64_MAX;
}

void hand_hostile(struct session *session)
{
	hand_source(session);
	strcpy(session->device, "</title><script>x()</script>");
	strcpy(session->comm, "\x1b[2J\"'&<b>\n");
	strcpy(session->vm_name, "--><img src=x onerror=alert(1)> \xff\xfe \xe2\x80\xae evil");
	strcpy(session->host, "\"},{\"name\":\"\\u0000");
	strcpy(session->driver, "a\tb\rc<![CDATA[");
}
