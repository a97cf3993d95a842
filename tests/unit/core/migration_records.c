// SPDX-License-Identifier: GPL-2.0-only
#include "migration_records.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS 1000

static void on_outcome(void *context, enum session_outcome kind, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct bench *bench = context;
	struct outcome *outcome = &bench->outcomes[bench->outcome_count++ % OUTCOMES_MAX];

	outcome->kind = kind;
	outcome->session = *session;
	if (alarm)
		outcome->alarm = *alarm;
}

void bench_open(struct bench *bench, const struct session_limits *limits)
{
	*bench = (struct bench){.now_ns = 1000000000, .device = "dev-1", .pid = 77};
	bench->outcomes = calloc(OUTCOMES_MAX, sizeof(struct outcome));
	cr_assert(bench->outcomes);
	cr_assert_eq(sessions_new(limits ? limits : &session_limits_default,
				  &(struct session_origin){.host = "here"}, on_outcome, bench,
				  &bench->sessions),
		     0);
}

void bench_free(struct bench *bench)
{
	sessions_free(bench->sessions);
	free(bench->outcomes);
}

void bench_pass(struct bench *bench, uint64_t ns)
{
	bench->now_ns += ns;
}

void bench_feed(struct bench *bench, union mw_event *event, uint32_t kind)
{
	event->head.kind = (uint16_t)kind;
	event->head.time_ns = bench->now_ns;
	event->head.pid = bench->pid;
	event->head.tid = bench->pid;
	strcpy(event->head.comm, "vmm");
	strcpy(event->head.device, bench->device);
	cr_assert_eq(sessions_feed(bench->sessions, event), 0);
	bench->now_ns += STEP_NS;
}

void bench_arc(struct bench *bench, uint32_t from, uint32_t to, uint32_t target,
	       uint64_t duration_ns, int32_t result)
{
	union mw_event event = {.arc = {.duration_ns = duration_ns,
					.from = from,
					.to = to,
					.target = target,
					.result = result}};

	bench->now_ns += duration_ns;
	bench_feed(bench, &event, MW_EVENT_ARC);
}

void bench_feature(struct bench *bench, uint32_t flags, const void *payload, uint32_t size,
		   int32_t result)
{
	union mw_event event = {.ioctl = {.cmd = MW_VFIO_DEVICE_FEATURE,
					  .flags = flags,
					  .duration_ns = STEP_NS,
					  .payload_size = size,
					  .result = result}};

	if (size)
		memcpy(event.ioctl.payload, payload, size);
	bench_feed(bench, &event, MW_EVENT_IOCTL);
}

void bench_data_size(struct bench *bench, uint64_t bytes, int32_t result)
{
	bench_feature(bench, MW_FEATURE_GET | MW_FEATURE_MIG_DATA_SIZE, &bytes, sizeof(bytes),
		      result);
}

void bench_logging_start(struct bench *bench)
{
	struct {
		uint64_t page_size;
		uint32_t ranges;
		uint32_t zero;
	} payload = {4096, 3, 0};

	bench_feature(bench, MW_FEATURE_SET | MW_FEATURE_DMA_LOGGING_START, &payload,
		      sizeof(payload), 0);
}

void bench_logging_report(struct bench *bench, uint64_t duration_ns)
{
	uint64_t payload[3] = {0, 1 << 20, 4096};
	union mw_event event = {.ioctl = {.cmd = MW_VFIO_DEVICE_FEATURE,
					  .flags = MW_FEATURE_GET | MW_FEATURE_DMA_LOGGING_REPORT,
					  .duration_ns = duration_ns,
					  .payload_size = sizeof(payload)}};

	memcpy(event.ioctl.payload, payload, sizeof(payload));
	bench->now_ns += duration_ns;
	bench_feed(bench, &event, MW_EVENT_IOCTL);
}

void bench_logging_stop(struct bench *bench)
{
	bench_feature(bench, MW_FEATURE_SET | MW_FEATURE_DMA_LOGGING_STOP, NULL, 0, 0);
}

void bench_reset(struct bench *bench)
{
	union mw_event event = {.ioctl = {.cmd = MW_VFIO_DEVICE_RESET}};

	bench_feed(bench, &event, MW_EVENT_IOCTL);
}

void bench_close(struct bench *bench)
{
	union mw_event event = {0};

	bench_feed(bench, &event, MW_EVENT_CLOSE);
}

void bench_data_file(struct bench *bench, uint32_t state)
{
	union mw_event event = {.data_file = {.state = state, .name = "test_mig"}};

	strcpy(event.data_file.function[MW_FILE_READ], "test_read [test_driver]");
	bench_feed(bench, &event, MW_EVENT_DATA_FILE);
}

void bench_data_file_closed(struct bench *bench)
{
	union mw_event event = {.data_file = {.state = MW_STATE_NONE, .op = MW_DATA_FILE_CLOSED}};

	bench_feed(bench, &event, MW_EVENT_DATA_FILE);
}

void bench_precopy(struct bench *bench, uint64_t initial_bytes, uint64_t dirty_bytes)
{
	union mw_event event = {
		.precopy = {.initial_bytes = initial_bytes, .dirty_bytes = dirty_bytes}};

	bench_feed(bench, &event, MW_EVENT_PRECOPY);
}

void bench_gate(struct bench *bench, uint32_t direction, uint32_t answer, uint32_t reason)
{
	union mw_event event = {.gate = {.direction = direction,
					 .answer = answer,
					 .reason = reason,
					 .basis = MW_BASIS_DEFAULT,
					 .generation = 3,
					 .error = answer == MW_GATE_REFUSED ? -1 : 0}};

	bench_feed(bench, &event, MW_EVENT_GATE);
}

void bench_flow(struct bench *bench, uint32_t end, struct mw_flow flow)
{
	union mw_event event = {.flow = {.end = end}};

	if (!flow.direction)
		flow.direction = flow.state == MW_STATE_RESUMING ? MW_FLOW_WRITE : MW_FLOW_READ;
	if (!flow.last_ns)
		flow.last_ns = bench->now_ns;
	if (!flow.end_ns)
		flow.end_ns = bench->now_ns;
	event.flow.flow = flow;
	bench_feed(bench, &event, MW_EVENT_FLOW);
}

const struct outcome *bench_last(const struct bench *bench, enum session_outcome kind)
{
	for (size_t i = bench->outcome_count; i > 0; i--)
		if (bench->outcomes[(i - 1) % OUTCOMES_MAX].kind == kind)
			return &bench->outcomes[(i - 1) % OUTCOMES_MAX];
	cr_assert(false, "there is no such outcome");
	return NULL;
}

size_t bench_count(const struct bench *bench, enum session_outcome kind)
{
	size_t count = 0;

	for (size_t i = 0; i < bench->outcome_count; i++)
		count += bench->outcomes[i].kind == kind;
	return count;
}

const struct session_alarm *bench_alarm(const struct bench *bench, enum alarm_kind kind)
{
	for (size_t i = 0; i < bench->outcome_count; i++)
		if (bench->outcomes[i].kind == SESSION_ALARMED &&
		    bench->outcomes[i].alarm.kind == kind)
			return &bench->outcomes[i].alarm;
	return NULL;
}
