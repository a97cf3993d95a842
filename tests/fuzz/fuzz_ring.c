// SPDX-License-Identifier: GPL-2.0-only
/*
 * A whole ring, as memory: whatever the kernel's half says, the reader comes to an end, hands over
 * nothing from outside of it, and finds what was written behind a piece that makes no sense. And
 * the observers' own ring the same.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/decode.h"
#include "kern/ring.h"

#define PAGE 4096
#define DATA_BYTES PAGE
/* The smallest place is a header alone. */
#define PLACES_MAX (DATA_BYTES / 8)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pages of the reader and of the kernel, then the data, twice, as the kernel maps them. */
struct memory {
	_Alignas(PAGE) unsigned long consumer;
	_Alignas(PAGE) unsigned long producer;
	_Alignas(PAGE) uint8_t data[2 * DATA_BYTES];
};

/* How an input begins; the data follow, and are repeated where they are short. */
struct head {
	uint64_t consumer;
	uint64_t length; /* from there to where the kernel is */
	uint8_t limit;
	uint8_t counts[23];
};

/* The observers' own, and which of the two is asked for. */
struct own {
	_Alignas(PAGE) struct mw_records head;
	uint8_t data[DATA_BYTES + MW_RECORDS_SLACK];
};

static struct memory *memory;
static struct own *own;
static int own_fd = -1;
static size_t handed;
static struct mw_counter counter;

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The three calls of libbpf that the reader makes: there is no kernel here. */
int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *length)
{
	struct bpf_map_info map = {.type = BPF_MAP_TYPE_RINGBUF, .max_entries = DATA_BYTES};

	require(*length == sizeof(map));
	if (fd == own_fd) {
		map.type = BPF_MAP_TYPE_ARRAY;
		map.value_size = DATA_BYTES + RING_RECORDS_EXTRA;
	}
	memcpy(info, &map, sizeof(map));
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)fd;
	(void)key;
	memcpy(value, &counter, sizeof(counter));
	return 0;
}

int libbpf_num_possible_cpus(void)
{
	return 1;
}

static void on_record(void *context, const void *data, size_t size)
{
	union mw_event event;
	uint8_t *copy;

	(void)context;
	handed++;
	require(size <= DATA_BYTES);
	copy = malloc(size ? size : 1);
	require(copy != NULL);
	/* The pages behind the ring are not there. */
	if (size)
		memcpy(copy, data, size);
	decode(copy, size, &event);
	free(copy);
}

static struct ring *open_ring(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	const struct ring_maps maps = {.ring_fd = fd, .counters_fd = fd, .records_fd = -1};
	struct ring *ring;

	require(fd >= 0 && ftruncate(fd, sizeof(*memory)) == 0);
	memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	require(memory != MAP_FAILED);
	require(ring_open(&maps, on_record, NULL, &ring) == 0);
	return ring;
}

static struct ring *open_own(void)
{
	int bell = memfd_create("bell", MFD_CLOEXEC);
	struct ring_maps maps = {.ring_fd = bell, .counters_fd = -1};
	struct ring *ring;

	own_fd = memfd_create("records", MFD_CLOEXEC);
	maps.records_fd = own_fd;
	require(bell >= 0 && ftruncate(bell, sizeof(*memory)) == 0);
	require(own_fd >= 0 && ftruncate(own_fd, sizeof(*own)) == 0);
	own = mmap(NULL, sizeof(*own), PROT_READ | PROT_WRITE, MAP_SHARED, own_fd, 0);
	require(own != MAP_FAILED);
	require(ring_open(&maps, on_record, NULL, &ring) == 0);
	return ring;
}

static bool is_cleared(void)
{
	for (size_t i = 0; i < sizeof(own->data); i++)
		if (own->data[i])
			return false;
	return true;
}

static void try_own(struct ring *ring, const struct head *head, const uint8_t *data, size_t size)
{
	uint64_t taken = head->consumer + head->length;

	own->head.given_back = head->consumer;
	own->head.taken = taken;
	memset(own->data, 0, sizeof(own->data));
	memcpy(own->data, data, size < sizeof(own->data) ? size : sizeof(own->data));
	handed = 0;
	require(ring_consume_batch(ring, head->limit) >= 0);
	ring_consume(ring);
	require(handed <= 4 * PLACES_MAX);
	require(own->head.taken == taken && own->head.is_awaited);
	require(taken < head->consumer || own->head.given_back <= taken);
}

/* As the programs write it, a place after the other: each comes through, and is clear behind it. */
static void try_written(struct ring *ring, const struct head *head, const uint8_t *data,
			size_t size)
{
	uint64_t at = head->consumer & ~7ull & (UINT64_MAX >> 1);
	size_t places = 0;

	own->head.given_back = own->head.taken = at;
	memset(own->data, 0, sizeof(own->data));
	handed = 0;
	for (size_t i = 0; i < size; i++, places++) {
		uint64_t bytes = sizeof(uint64_t) * (1 + data[i] % 64u);
		uint8_t *place = own->data + (at & (DATA_BYTES - 1));

		if (at + sizeof(bytes) + bytes - own->head.given_back > DATA_BYTES)
			ring_consume(ring);
		memset(place + sizeof(bytes), data[i], bytes);
		at += sizeof(bytes) + bytes;
		own->head.taken = at;
		memcpy(place, &bytes, sizeof(bytes));
	}
	ring_consume(ring);
	require(handed >= places && own->head.given_back == at && is_cleared());
}

static void fill(const struct head *head, const uint8_t *data, size_t size)
{
	memory->consumer = head->consumer;
	memory->producer = head->consumer + head->length;
	memset(memory->data, 0, sizeof(memory->data));
	for (size_t i = 0; size && i < sizeof(memory->data); i++)
		memory->data[i] = data[i % DATA_BYTES % size];
	memcpy(&counter, head->counts, sizeof(counter));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ring *ring, *own_ring;
	struct head head;
	int got;

	if (!ring) {
		ring = open_ring();
		own_ring = open_own();
	}
	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	fill(&head, data + sizeof(head), size - sizeof(head));
	handed = 0;
	got = ring_consume_batch(ring, head.limit);
	require(got >= 0 && got <= head.limit);
	ring_inherit(ring);
	ring_consume(ring);
	/* Each place has a record at least as long as its head, or one piece that is none. */
	require(handed <= 2 * PLACES_MAX);
	require(memory->producer == head.consumer + head.length);
	try_own(own_ring, &head, data + sizeof(head), size - sizeof(head));
	try_written(own_ring, &head, data + sizeof(head), size - sizeof(head));
	return 0;
}
