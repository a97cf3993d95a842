/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of migrations, written by hand, and what the engine of sessions makes of them. */
#ifndef UNIT_CORE_MIGRATION_RECORDS_H
#define UNIT_CORE_MIGRATION_RECORDS_H

#include "core/session.h"

#define OUTCOMES_MAX 512

struct outcome {
	enum session_outcome kind;
	struct session session;
	struct session_alarm alarm;
};

/* A made-up kernel: a microsecond passes with each record. */
struct bench {
	struct sessions *sessions;
	uint64_t now_ns;
	const char *device;
	uint32_t pid;
	struct outcome *outcomes;
	size_t outcome_count;
};

/* bench_open - @limits NULL: the default ones. The bench must not move. */
void bench_open(struct bench *bench, const struct session_limits *limits);
void bench_free(struct bench *bench);

#define AUTO_BENCH __attribute__((cleanup(bench_free)))

/* bench_pass - time passes; nothing is told. */
void bench_pass(struct bench *bench, uint64_t ns);

void bench_feed(struct bench *bench, union mw_event *event, uint32_t kind);

/* An arc of @duration_ns that ends when it has passed. */
void bench_arc(struct bench *bench, uint32_t from, uint32_t to, uint32_t target,
	       uint64_t duration_ns, int32_t result);

/* A FEATURE call; @payload of @size bytes. */
void bench_feature(struct bench *bench, uint32_t flags, const void *payload, uint32_t size,
		   int32_t result);
void bench_data_size(struct bench *bench, uint64_t bytes, int32_t result);
void bench_logging_start(struct bench *bench);
void bench_logging_report(struct bench *bench, uint64_t duration_ns);
void bench_logging_stop(struct bench *bench);
void bench_reset(struct bench *bench);
void bench_close(struct bench *bench);
void bench_data_file(struct bench *bench, uint32_t state);
void bench_data_file_closed(struct bench *bench);
void bench_precopy(struct bench *bench, uint64_t initial_bytes, uint64_t dirty_bytes);
void bench_gate(struct bench *bench, uint32_t direction, uint32_t answer, uint32_t reason);

/* The sums of a phase: what is 0 in @flow is filled in. */
void bench_flow(struct bench *bench, uint32_t end, struct mw_flow flow);

/* The newest outcome of a kind; fails the test when there is none. */
const struct outcome *bench_last(const struct bench *bench, enum session_outcome kind);
size_t bench_count(const struct bench *bench, enum session_outcome kind);

/* Whether an alarm of this kind was raised. */
const struct session_alarm *bench_alarm(const struct bench *bench, enum alarm_kind kind);

#endif
