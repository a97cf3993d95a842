// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording of hostile bytes. No fuzzer finds a checksum, so the first byte chooses: the rest is
 * the whole file, or the items of a block that is as it should be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "config/recording_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *path;
static int file = -1;

static void require(int condition)
{
	if (!condition)
		abort();
}

static void append(const void *data, size_t size)
{
	require(write(file, data, size) == (ssize_t)size);
}

static void append_block(uint32_t number, const void *items, size_t size)
{
	static uint8_t stored[2 * RECORDING_BLOCK_MAX];
	struct recording_block_head head = {
		.mark = RECORDING_BLOCK_MARK, .number = number, .item_bytes = (uint32_t)size};
	uLongf stored_bytes = sizeof(stored);

	require(compress2(stored, &stored_bytes, items, (uLong)size, 1) == Z_OK);
	head.stored_bytes = (uint32_t)stored_bytes;
	head.crc = (uint32_t)crc32(crc32(0, (const Bytef *)&head,
					 offsetof(struct recording_block_head, crc)),
				   stored, head.stored_bytes);
	append(&head, sizeof(head));
	append(stored, stored_bytes);
}

static void append_head(void)
{
	struct recording_file_head head = {.byte_order = RECORDING_BYTE_ORDER,
					   .format = RECORDING_FORMAT,
					   .wire_version = MW_WIRE_VERSION};
	struct {
		struct recording_item_head head;
		struct recording_start start;
	} first = {.head = {.type = RECORDING_START, .size = sizeof(first.start)}};

	memcpy(head.magic, RECORDING_MAGIC, sizeof(head.magic));
	append(&head, sizeof(head));
	append_block(0, &first, sizeof(first));
}

static void make_file(const uint8_t *data, size_t size)
{
	static char name[64];

	if (file < 0) {
		file = memfd_create("recording", 0);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
		path = name;
	}
	require(file >= 0 && !ftruncate(file, 0) && !lseek(file, 0, SEEK_SET));
	if (size && data[0] & 1) {
		append_head();
		append_block(1, data + 1, size - 1);
	} else if (size) {
		append(data + 1, size - 1);
	}
}

/* Every byte of an item can be read, and every text ends. */
static void look_at(const struct recording_item *item)
{
	size_t sum = item->offset;

	switch (item->type) {
	case RECORDING_FILTER:
		sum += strlen(item->filter->device);
		break;
	case RECORDING_EVENT:
		require(item->event->head.kind > 0 && item->event->head.kind < MW_EVENT_KINDS);
		sum += strlen(item->event->head.device);
		break;
	case RECORDING_PROCESS:
		sum += strlen(item->process->comm) + strlen(item->process->vm_name) +
		       strlen(item->process->vm_uuid) + strlen(item->process->cgroup);
		break;
	case RECORDING_DEVICE:
		for (size_t i = 0; i < item->device.length; i++)
			sum += (uint8_t)item->device.text[i];
		break;
	case RECORDING_LIMITS:
		sum += strlen(item->limits->policy);
		break;
	case RECORDING_COUNTS:
		sum += item->counts->kind[MW_EVENT_KINDS - 1].lost;
		break;
	case RECORDING_END:
		sum += item->end->cause;
		break;
	case RECORDING_START:
		abort();
	}
	*(volatile size_t *)&sum = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_RECORDING_READER struct recording_reader *reader = NULL;
	struct parse_error error = {0};
	struct recording_item item;
	int r;

	if (size > RECORDING_BLOCK_MAX)
		return 0;
	make_file(data, size);
	r = recording_reader_open(path, &reader, &error);
	require(r <= 0 && (!r || *error.text));
	if (r)
		return 0;
	while ((r = recording_reader_next(reader, &item, &error)) == 1)
		look_at(&item);
	/* Told once, told the same again. */
	require(recording_reader_next(reader, &item, &error) == r && (!r || *error.text));
	return 0;
}
