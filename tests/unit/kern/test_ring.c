// SPDX-License-Identifier: GPL-2.0-only
/*
 * The observers' ring between its two sides: the programs' is bpf/records.bpf.h itself, compiled
 * for this machine, the reader's is user/kern/ring.c. Files in memory stand where the maps would,
 * and what the bell would do to an epoll, a condition does here: it is heard as long as the
 * producer's position is not the consumer's.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "kern/ring.h"

#define PAGE 4096
#define RING_BYTES 1024
#define WRITERS 3
#define PLACES_EACH 5000
#define EFLAGS_TRAP 0x100
/* With a sanitizer there are many more instructions, and what they cost goes with their square. */
#ifdef __SANITIZE_ADDRESS__
#define STEP 11
#else
#define STEP 1
#endif

/* What records.bpf.h takes from common.bpf.h, which only a BPF program can include. */
#define COMMON_BPF_H
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#define __uint(name, value) int(*name)[value]
#define SEC(name)
#define barrier_var(var) __asm__ volatile("" : "+r"(var))
#define bpf_map_lookup_elem the_records
#define bpf_ringbuf_output ring_the_bell
#define bpf_ktime_get_ns the_sequence

static void *the_records(const void *map, const __u32 *key);
static long ring_the_bell(const void *map, const void *data, __u64 size, __u64 flags);
static __u64 the_sequence(void);
static void fill_head(struct mw_event_head *head, __u32 size, __u16 kind, __u64 now);

const volatile __u64 records_mask = RING_BYTES - sizeof(__u64);
#include "../../../bpf/records.bpf.h"

/* The pages of the reader and of the kernel, then the data, twice, as the kernel maps them. */
struct bell_memory {
	_Alignas(PAGE) unsigned long consumer;
	_Alignas(PAGE) unsigned long producer;
	_Alignas(PAGE) uint8_t data[2 * PAGE];
};

struct own {
	_Alignas(PAGE) struct mw_records head;
	uint8_t data[RING_BYTES + MW_RECORDS_SLACK];
};

static struct own *own;
static int own_fd = -1;
static struct bell_memory *the_bell;
static int bell_fd = -1;
static pthread_mutex_t bell_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell_rang = PTHREAD_COND_INITIALIZER;
static _Thread_local uint32_t writer;   /* whose records this thread makes */
static _Thread_local uint64_t sequence; /* of the next */

/* What the reader was handed. */
struct seen {
	uint64_t next[WRITERS]; /* the sequence of each writer */
	uint64_t total;
	uint64_t wrong;     /* out of order, twice, or with other bytes than were written */
	uint64_t malformed; /* what was no record */
};

static struct seen seen;
static struct ring *ring;

/* Ours are answered here, all others by libbpf. */
int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *length)
{
	struct bpf_map_info map = {.type = BPF_MAP_TYPE_RINGBUF, .max_entries = PAGE};
	int (*theirs)(int, void *, __u32 *);

	if (fd < 0 || (fd != own_fd && fd != bell_fd)) {
		*(void **)&theirs = dlsym(RTLD_NEXT, "bpf_obj_get_info_by_fd");
		return theirs(fd, info, length);
	}
	if (fd == own_fd) {
		map.type = BPF_MAP_TYPE_ARRAY;
		map.value_size = RING_BYTES + RING_RECORDS_EXTRA;
	}
	memcpy(info, &map, *length);
	return 0;
}

static void *the_records(const void *map, const __u32 *key)
{
	(void)map;
	(void)key;
	return own;
}

static bool bell_is_heard(void)
{
	return __atomic_load_n(&the_bell->producer, __ATOMIC_ACQUIRE) !=
	       __atomic_load_n(&the_bell->consumer, __ATOMIC_ACQUIRE);
}

static long ring_the_bell(const void *map, const void *data, __u64 size, __u64 flags)
{
	(void)map;
	(void)data;
	(void)flags;
	pthread_mutex_lock(&bell_lock);
	/* A full one is heard as it is. */
	if (the_bell->producer - the_bell->consumer < PAGE)
		__atomic_add_fetch(&the_bell->producer, size + BPF_RINGBUF_HDR_SZ,
				   __ATOMIC_RELEASE);
	pthread_cond_signal(&bell_rang);
	pthread_mutex_unlock(&bell_lock);
	return 0;
}

static void wait_for_bell(void)
{
	pthread_mutex_lock(&bell_lock);
	while (!bell_is_heard())
		pthread_cond_wait(&bell_rang, &bell_lock);
	pthread_mutex_unlock(&bell_lock);
}

static __u64 the_sequence(void)
{
	return sequence;
}

static void fill_head(struct mw_event_head *head, __u32 size, __u16 kind, __u64 now)
{
	head->size = size;
	head->version = MW_WIRE_VERSION;
	head->kind = kind;
	head->time_ns = now;
	head->tid = writer;
}

static bool is_all(const void *bytes, uint8_t value, size_t size)
{
	const uint8_t *at = bytes;

	while (size && *at == value) {
		at++;
		size--;
	}
	return size == 0;
}

/* Of differing sizes, so that places begin everywhere. */
static uint32_t body_bytes(uint64_t number)
{
	return 8 * (uint32_t)(number % 11);
}

static uint8_t body_value(uint32_t of, uint64_t number)
{
	return (uint8_t)(1 + of + 7 * number);
}

static void on_record(void *context, const void *data, size_t size)
{
	struct mw_event_head head;
	size_t body = size - sizeof(head);

	(void)context;
	if (size < sizeof(head)) {
		seen.malformed++;
		return;
	}
	memcpy(&head, data, sizeof(head));
	if (head.tid >= WRITERS || head.time_ns != seen.next[head.tid] ||
	    body != body_bytes(head.time_ns) ||
	    !is_all((const uint8_t *)data + sizeof(head), body_value(head.tid, head.time_ns), body))
		seen.wrong++;
	if (head.tid < WRITERS)
		seen.next[head.tid] = head.time_ns + 1;
	__atomic_add_fetch(&seen.total, 1, __ATOMIC_RELEASE);
}

static void *map_file(const char *name, size_t size, int *fd)
{
	void *map;

	*fd = memfd_create(name, MFD_CLOEXEC);
	cr_assert(*fd >= 0 && ftruncate(*fd, (off_t)size) == 0);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	cr_assert_neq(map, MAP_FAILED);
	return map;
}

static void open_ring(void)
{
	struct ring_maps maps = {.counters_fd = -1};

	own = map_file("records", sizeof(*own), &own_fd);
	the_bell = map_file("bell", sizeof(*the_bell), &bell_fd);
	maps.ring_fd = bell_fd;
	maps.records_fd = own_fd;
	cr_assert_eq(ring_open(&maps, on_record, NULL, &ring), 0);
}

static void close_ring(void)
{
	ring_close(ring);
	munmap(own, sizeof(*own));
	munmap(the_bell, sizeof(*the_bell));
	close(own_fd);
	close(bell_fd);
}

TestSuite(ring, .init = open_ring, .fini = close_ring);

/* The next record of this writer, without event_submit(). NULL: there is no room. */
static struct mw_event_head *begin(void)
{
	uint32_t body = body_bytes(sequence);
	struct mw_event_head *event = event_reserve((__u32)sizeof(*event) + body, MW_EVENT_CLOSE);

	if (event)
		memset(event + 1, body_value(writer, sequence++), body);
	return event;
}

static bool put(void)
{
	struct mw_event_head *event = begin();

	if (event)
		event_submit(event);
	return event != NULL;
}

/* Two in one place. False: there is no room. *is_clear: all of it read 0. */
static bool put_two(bool *is_clear)
{
	uint32_t first = (uint32_t)sizeof(struct mw_event_head) + body_bytes(sequence);
	uint32_t second = (uint32_t)sizeof(struct mw_event_head) + body_bytes(sequence + 1);
	struct records *all = records_all();
	uint8_t *place = records_reserve(all, first + second), *at = place;

	count(MW_EVENT_ARC, 2, !place);
	if (!place)
		return false;
	*is_clear = *is_clear && is_all(place - sizeof(__u64), 0, sizeof(__u64) + first + second);
	for (unsigned int i = 0; i < 2; i++, sequence++) {
		uint32_t size = i ? second : first;

		fill_head((void *)at, size, MW_EVENT_ARC, sequence);
		memset(at + sizeof(struct mw_event_head), body_value(writer, sequence),
		       size - sizeof(struct mw_event_head));
		at += size;
	}
	records_publish(all, place, first + second);
	return true;
}

static bool is_accounted_for(uint64_t *lost)
{
	struct ring_counts counts;

	*lost = 0;
	if (ring_counts(ring, &counts))
		return false;
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		*lost += counts.kind[kind].lost;
		if (counts.kind[kind].produced !=
		    counts.kind[kind].delivered + counts.kind[kind].lost)
			return false;
	}
	return true;
}

static bool is_empty_and_clear(void)
{
	return own->head.given_back == own->head.taken && is_all(own->data, 0, sizeof(own->data));
}

struct work {
	uint32_t writer;
	bool waits; /* for the reader, after each */
	bool is_clear;
};

static void *write_records(void *argument)
{
	struct work *work = argument;

	writer = work->writer;
	work->is_clear = true;
	for (unsigned int i = 0; i < PLACES_EACH; i++) {
		while (!(i % 2 ? put_two(&work->is_clear) : put()))
			sched_yield();
		while (work->waits && __atomic_load_n(&seen.total, __ATOMIC_ACQUIRE) < sequence)
			sched_yield();
	}
	return NULL;
}

/* Reads until all came. Who waits in vain is ended by the test's time. */
static void read_all_of(unsigned int writers, bool waits)
{
	const uint64_t expected = (uint64_t)writers * PLACES_EACH * 3 / 2;
	struct work work[WRITERS];
	pthread_t threads[WRITERS];
	uint64_t lost;

	for (uint32_t i = 0; i < writers; i++) {
		work[i] = (struct work){.writer = i, .waits = waits};
		cr_assert_eq(pthread_create(&threads[i], NULL, write_records, &work[i]), 0);
	}
	for (unsigned int turn = 0; seen.total < expected; turn++) {
		wait_for_bell();
		if (turn % 2)
			ring_consume(ring);
		else
			ring_consume_batch(ring, 3);
	}
	for (uint32_t i = 0; i < writers; i++) {
		pthread_join(threads[i], NULL);
		cr_expect(work[i].is_clear, "writer %u: a place was not clear", i);
		cr_expect_eq(seen.next[i], expected / writers);
	}
	cr_expect_eq(seen.total, expected);
	cr_expect_eq(seen.wrong + seen.malformed, 0);
	cr_expect(is_accounted_for(&lost));
	cr_expect(own->head.taken > 500 * RING_BYTES);
	cr_expect(is_empty_and_clear());
}

Test(ring, each_record_of_many_writers_comes_once_and_in_order, .timeout = 60)
{
	read_all_of(WRITERS, false);
}

Test(ring, who_waits_is_woken_by_the_next_record, .timeout = 60)
{
	read_all_of(1, true);
}

Test(ring, what_a_full_ring_has_no_room_for_is_counted_as_lost)
{
	uint64_t lost, kept = 0;

	while (put())
		kept++;
	/* The losses of a record alone, and of a place with two. */
	cr_assert_not(put());
	cr_assert_not(put_two(&(bool){true}));
	cr_assert(kept >= 5);
	cr_assert_eq(ring_consume(ring), (int)kept);
	cr_assert(is_accounted_for(&lost));
	cr_assert_eq(lost, 4);
	cr_assert_eq(seen.total, kept);
	cr_assert_eq(seen.wrong + seen.malformed, 0);
	cr_assert(is_empty_and_clear());
	cr_assert(put());
}

Test(ring, a_ring_can_be_filled_to_its_last_byte)
{
	const __u32 size = RING_BYTES - sizeof(__u64);
	struct records *all = records_all();
	void *place;

	for (unsigned int i = 0; i < 5; i++) {
		cr_assert_null(records_reserve(all, size + 8));
		place = records_reserve(all, size);
		cr_assert_not_null(place);
		cr_assert_null(records_reserve(all, 0));
		memset(place, 0xff, size);
		records_publish(all, place, size);
		ring_consume(ring);
		cr_assert(is_empty_and_clear());
		/* Next time it begins elsewhere, and goes on behind the ring's end. */
		put();
		ring_consume(ring);
	}
	/* These five were no records, and came whole. */
	cr_assert_eq(seen.wrong, 5);
	cr_assert_eq(seen.next[0], 5);
}

Test(ring, a_batch_ends_at_its_limit_while_the_bell_is_heard)
{
	for (unsigned int i = 0; i < 5; i++)
		cr_assert(put());
	cr_assert_eq(ring_consume_batch(ring, 2), 2);
	cr_assert(bell_is_heard());
	cr_assert_eq(ring_consume_batch(ring, 2), 2);
	cr_assert(bell_is_heard());
	cr_assert_eq(ring_consume_batch(ring, 2), 1);
	cr_assert_not(bell_is_heard());
	cr_assert(own->head.is_awaited);
	cr_assert_eq(seen.wrong, 0);
}

Test(ring, a_batch_leaves_nothing_of_which_nobody_would_tell)
{
	/* Nobody waits: nobody rings. */
	own->head.is_awaited = 0;
	for (unsigned int i = 0; i < 5; i++)
		cr_assert(put());
	cr_assert_not(bell_is_heard());
	cr_assert_eq(ring_consume_batch(ring, 2), 5);
	cr_assert_not(bell_is_heard());
	cr_assert(own->head.is_awaited);
}

Test(ring, what_is_still_being_written_holds_up_what_is_behind_it)
{
	struct mw_event_head *event = begin();

	cr_assert_not_null(event);
	cr_assert(put());
	cr_assert_eq(ring_consume(ring), 0);
	/* The bell was for the second; the first rings again. */
	cr_assert_not(bell_is_heard());
	event_submit(event);
	cr_assert(bell_is_heard());
	cr_assert_eq(ring_consume(ring), 2);
	cr_assert_eq(seen.wrong, 0);
}

/* A writer that comes between two instructions of the reader, at each in turn. */
static struct {
	unsigned long now, act_at;
	bool has_begun, has_written, is_over;
} step;

static void on_step(int signal, siginfo_t *info, void *context)
{
	ucontext_t *machine = context;

	(void)signal;
	(void)info;
	if (!step.is_over && step.now++ == step.act_at) {
		/* Or finds no room. */
		put();
		step.has_written = true;
	}
	if (step.is_over || step.has_written)
		machine->uc_mcontext.gregs[REG_EFL] &= ~EFLAGS_TRAP;
	else
		machine->uc_mcontext.gregs[REG_EFL] |= EFLAGS_TRAP;
}

/* on_step() lets every instruction after this signal trap. */
static void begin_steps(void *context)
{
	(void)context;
	if (step.has_begun)
		return;
	step.has_begun = true;
	raise(SIGTRAP);
}

/* Gives whether the reader was still at it when the writer came. */
static bool consume_with_writer_at(unsigned long act_at, bool is_empty)
{
	step.now = 0;
	step.act_at = act_at;
	step.has_begun = step.is_over = step.has_written = false;
	/* Else it begins where the batch is settled: what is before that is the same again. */
	if (is_empty)
		begin_steps(NULL);
	ring_consume(ring);
	step.is_over = true;
	return step.has_written;
}

/* @before: records that are there when the reader looks, as many as there is room for. */
static unsigned long try_each_instruction(unsigned int before)
{
	const struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
	unsigned long at = 0;
	bool was_inside = true;

	cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
	for (; was_inside; at += STEP) {
		/* As it is after somebody has rung. */
		own->head.is_awaited = 0;
		for (unsigned int i = 0; i < before && put(); i++)
			;
		was_inside = consume_with_writer_at(at, !before);
		if (seen.next[0] != sequence)
			cr_assert(bell_is_heard(), "nobody is told of what came at %lu", at);
		ring_consume(ring);
		cr_assert_eq(seen.next[0], sequence);
		cr_assert_eq(seen.wrong + seen.malformed, 0);
		cr_assert(is_empty_and_clear());
	}
	return at;
}

Test(ring, a_record_that_comes_between_any_two_instructions_is_heard, .timeout = 60)
{
	unsigned long steps = try_each_instruction(0);

	/* Valgrind has no such traps. */
	if (steps < 10)
		cr_skip("no single steps here");
	cr_assert(steps > 50, "%lu", steps);
	ring_on_settled(ring, begin_steps);
	steps = try_each_instruction(1);
	cr_assert(steps > 50, "%lu", steps);
	steps = try_each_instruction(RING_BYTES);
	cr_assert(steps > 50, "%lu", steps);
}

/* What comes after the reader has looked, and before it gives back what it saw. */
static struct mw_event_head *begun;

static void write_meanwhile(void *context)
{
	(void)context;
	if (begun)
		return;
	/* What lies behind the piece without sense was skipped. */
	seen.next[0] = sequence;
	cr_assert(put());
	begun = begin();
	cr_assert_not_null(begun);
}

/* @spoil is done to the second of three places. */
static void try_spoilt(void (*spoil)(uint64_t *size, uint64_t value), uint64_t value)
{
	struct mw_event_head *second;

	begun = NULL;
	seen = (struct seen){.next = {sequence}};
	cr_assert(put());
	second = begin();
	event_submit(second);
	cr_assert(put());
	spoil((uint64_t *)(void *)second - 1, value);
	ring_consume(ring);
	cr_assert_eq(seen.malformed, 1, "%#lx", value);
	/* None of its own has come if all was one piece that made no sense. */
	if (!begun)
		write_meanwhile(NULL);
	event_submit(begun);
	ring_consume(ring);
	for (unsigned int i = 0; i < 5 * RING_BYTES / sizeof(*second); i++) {
		cr_assert(put(), "%#lx: no room at %u", value, i);
		ring_consume(ring);
	}
	cr_assert_eq(seen.next[0], sequence, "%#lx: the reader stands still", value);
	cr_assert_eq(seen.wrong, 0, "%#lx", value);
	cr_assert(is_empty_and_clear(), "%#lx", value);
}

static void spoil_size(uint64_t *size, uint64_t value)
{
	*size = value;
}

Test(ring, a_place_without_sense_is_skipped_and_takes_nothing_else_with_it)
{
	static const uint64_t sizes[] = {1, 20, 800, MW_RECORDS_SLACK, 1ull << 32, UINT64_MAX - 7};

	ring_on_settled(ring, write_meanwhile);
	/* Beginning at many places, the end of the ring among them. */
	for (unsigned int turn = 0; turn < 20; turn++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			try_spoilt(spoil_size, sizes[i]);
	}
}

static void spoil_taken(uint64_t *size, uint64_t value)
{
	(void)size;
	own->head.taken += value;
}

Test(ring, an_end_without_sense_is_gone_to)
{
	static const uint64_t offsets[] = {RING_BYTES, 1ull << 20, (1ull << 40) + 3};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		try_spoilt(spoil_taken, offsets[i]);
}
