// SPDX-License-Identifier: GPL-2.0-only
#include "config/recording_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "core/decode.h"

/* zlib never makes more of a block than this, and refuses nothing below it. */
#define STORED_MAX (RECORDING_BLOCK_MAX + (RECORDING_BLOCK_MAX >> 8) + 1024)

#define TERMINATE(text) ((text)[sizeof(text) - 1] = '\0')

struct recording_reader {
	const char *path; /* for errors */
	FILE *file;
	bool is_owned; /* else standard input */
	int failure;   /* -errno of the damage, which is told again */
	struct parse_error error;
	struct recording_start start;
	bool is_ended;
	uint32_t block_number;
	uint64_t offset; /* behind the last whole block */
	uint64_t block_offset;
	uint64_t recorded;
	uint64_t unknown;
	size_t used; /* of items */
	size_t filled;
	union mw_event event;
	struct recording_counts counts;
	_Alignas(RECORDING_ITEM_ALIGN) uint8_t items[RECORDING_BLOCK_MAX];
	uint8_t stored[STORED_MAX];
};

__attribute__((format(printf, 3, 4))) static int damage(struct recording_reader *reader,
							uint64_t offset, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	reader->failure = parse_error_set(&reader->error, reader->path, 0, 0, "byte %llu: %s",
					  (unsigned long long)offset, text);
	return reader->failure;
}

static int read_failed(struct recording_reader *reader)
{
	int r = -errno;

	parse_error_set(&reader->error, reader->path, 0, 0, "byte %llu: expected to read on: %s",
			(unsigned long long)reader->offset, strerror(-r));
	reader->failure = r;
	return r;
}

/* Gives how much there was of @size, or -errno. */
static ssize_t read_up_to(struct recording_reader *reader, void *out, size_t size)
{
	size_t got;

	errno = 0;
	got = fread(out, 1, size, reader->file);
	if (got < size && ferror(reader->file)) {
		errno = errno ? errno : EIO;
		return read_failed(reader);
	}
	return (ssize_t)got;
}

static int check_file_head(struct recording_reader *reader, const struct recording_file_head *head)
{
	if (memcmp(head->magic, RECORDING_MAGIC, sizeof(head->magic)))
		return damage(reader, 0, "expected a recording of migwarden, got something else");
	if (head->byte_order != RECORDING_BYTE_ORDER)
		return damage(reader, offsetof(struct recording_file_head, byte_order),
			      "expected the byte order of this machine, got another");
	if (head->format != RECORDING_FORMAT)
		return damage(reader, offsetof(struct recording_file_head, format),
			      "expected format %u, got %u", RECORDING_FORMAT, head->format);
	if (head->wire_version != MW_WIRE_VERSION)
		return damage(reader, offsetof(struct recording_file_head, wire_version),
			      "expected records of version %u, got %u", MW_WIRE_VERSION,
			      head->wire_version);
	return 0;
}

static int read_file_head(struct recording_reader *reader)
{
	struct recording_file_head head;
	ssize_t got = read_up_to(reader, &head, sizeof(head));

	if (got < 0)
		return (int)got;
	if (!got)
		return damage(reader, 0, "expected a recording of migwarden, got an empty file");
	if ((size_t)got < sizeof(head))
		return damage(reader, 0, "expected a recording of migwarden, got %zd bytes", got);
	reader->offset = sizeof(head);
	return check_file_head(reader, &head);
}

static int check_block_head(struct recording_reader *reader,
			    const struct recording_block_head *head)
{
	if (head->mark != RECORDING_BLOCK_MARK)
		return damage(reader, reader->offset, "expected a block, got %#010x", head->mark);
	if (head->number != reader->block_number)
		return damage(reader, reader->offset, "expected block %u, got %u",
			      reader->block_number, head->number);
	if (head->stored_bytes > STORED_MAX || head->item_bytes > RECORDING_BLOCK_MAX)
		return damage(reader, reader->offset,
			      "expected a block of at most %u bytes, got one of %u (%u stored)",
			      RECORDING_BLOCK_MAX, head->item_bytes, head->stored_bytes);
	return 0;
}

static int inflate_block(struct recording_reader *reader, const struct recording_block_head *head)
{
	uLongf bytes = head->item_bytes;
	uLong crc = crc32(0, (const Bytef *)head, offsetof(struct recording_block_head, crc));

	crc = crc32(crc, reader->stored, head->stored_bytes);
	if ((uint32_t)crc != head->crc)
		return damage(reader, reader->offset,
			      "expected a block with checksum %08x, got %08x", head->crc,
			      (uint32_t)crc);
	if (uncompress(reader->items, &bytes, reader->stored, head->stored_bytes) != Z_OK ||
	    bytes != head->item_bytes)
		return damage(reader, reader->offset, "expected a block of %u bytes, got %lu",
			      head->item_bytes, bytes);
	return 0;
}

/* Gives 1, or 0 where the file ends before a block begins. */
static int read_block(struct recording_reader *reader)
{
	struct recording_block_head head;
	ssize_t got = read_up_to(reader, &head, sizeof(head));
	int r;

	if (got <= 0)
		return (int)got;
	if ((size_t)got < sizeof(head))
		return damage(reader, reader->offset,
			      "expected the head of a block, got the end of the file");
	r = check_block_head(reader, &head);
	if (r)
		return r;
	got = read_up_to(reader, reader->stored, head.stored_bytes);
	if (got < 0)
		return (int)got;
	if ((size_t)got < head.stored_bytes)
		return damage(reader, reader->offset,
			      "expected a block of %u bytes, got the end of the file after %zd",
			      head.stored_bytes, got);
	r = inflate_block(reader, &head);
	if (r)
		return r;
	reader->block_offset = reader->offset;
	reader->offset += sizeof(head) + head.stored_bytes;
	reader->block_number++;
	reader->used = 0;
	reader->filled = head.item_bytes;
	return 1;
}

static int wrong_item(struct recording_reader *reader, const char *what, size_t size)
{
	return damage(reader, reader->block_offset,
		      "expected %s in this block, got one of %zu bytes", what, size);
}

/* Takes the next item off the block, which has one. The bytes behind *data are the reader's. */
static int take_item(struct recording_reader *reader, struct recording_item_head *head,
		     uint8_t **data)
{
	size_t left = reader->filled - reader->used, room;

	if (left < sizeof(*head))
		return wrong_item(reader, "an item", left);
	memcpy(head, reader->items + reader->used, sizeof(*head));
	left -= sizeof(*head);
	room = ((size_t)head->size + RECORDING_ITEM_ALIGN - 1) &
	       ~(size_t)(RECORDING_ITEM_ALIGN - 1);
	if (room > left)
		return wrong_item(reader, "whole items", head->size);
	*data = reader->items + reader->used + sizeof(*head);
	reader->used += sizeof(*head) + room;
	return 0;
}

/* Gives 1 for an event, 0 for one of a kind that we do not know. */
static int take_event(struct recording_reader *reader, const void *data, size_t size)
{
	enum decode_result result = decode(data, size, &reader->event);

	reader->recorded++;
	if (result == DECODE_OK)
		return 1;
	if (result == DECODE_KIND) {
		reader->unknown++;
		return 0;
	}
	return damage(reader, reader->block_offset, "expected events in this block, got one of %s",
		      decode_result_name(result));
}

static int take_counts(struct recording_reader *reader, const void *data, size_t size)
{
	struct recording_counts *counts = &reader->counts;
	size_t fixed = offsetof(struct recording_counts, kind);

	if (size < fixed || (size - fixed) % sizeof(counts->kind[0]))
		return wrong_item(reader, "sums", size);
	*counts = (struct recording_counts){0};
	memcpy(counts, data, size < sizeof(*counts) ? size : sizeof(*counts));
	if (counts->recorded != reader->recorded)
		return damage(reader, reader->block_offset,
			      "expected %llu events up to the end of this block, got %llu",
			      (unsigned long long)counts->recorded,
			      (unsigned long long)reader->recorded);
	return 1;
}

static int take_end(struct recording_reader *reader, size_t size)
{
	if (size != sizeof(struct recording_end) || reader->used != reader->filled)
		return wrong_item(reader, "the end as the last item", size);
	reader->is_ended = true;
	return 1;
}

static int take_process(struct recording_reader *reader, struct recording_process *process,
			size_t size)
{
	if (size != sizeof(*process))
		return wrong_item(reader, "a process", size);
	TERMINATE(process->comm);
	TERMINATE(process->vm_uuid);
	TERMINATE(process->vm_name);
	TERMINATE(process->cgroup);
	return 1;
}

static int take_limits(struct recording_reader *reader, struct recording_limits *limits,
		       size_t size)
{
	if (size != sizeof(*limits))
		return wrong_item(reader, "limits", size);
	TERMINATE(limits->policy);
	return 1;
}

static int take_filter(struct recording_reader *reader, struct recording_filter *filter,
		       size_t size)
{
	if (size != sizeof(*filter))
		return wrong_item(reader, "the name of a device", size);
	TERMINATE(filter->device);
	return 1;
}

/* Gives 1 with @item, 0 for one to be passed over. */
static int take(struct recording_reader *reader, const struct recording_item_head *head,
		uint8_t *data, struct recording_item *item)
{
	item->type = head->type;
	item->offset = reader->block_offset;
	switch ((enum recording_item_type)head->type) {
	case RECORDING_START:
		return damage(reader, reader->block_offset,
			      "expected one beginning, got a second in this block");
	case RECORDING_FILTER:
		item->filter = (void *)data;
		return take_filter(reader, (void *)data, head->size);
	case RECORDING_EVENT:
		item->event = &reader->event;
		return take_event(reader, data, head->size);
	case RECORDING_PROCESS:
		item->process = (void *)data;
		return take_process(reader, (void *)data, head->size);
	case RECORDING_DEVICE:
		item->device.text = (const char *)data;
		item->device.length = head->size;
		return 1;
	case RECORDING_LIMITS:
		item->limits = (void *)data;
		return take_limits(reader, (void *)data, head->size);
	case RECORDING_COUNTS:
		item->counts = &reader->counts;
		return take_counts(reader, data, head->size);
	case RECORDING_END:
		item->end = (void *)data;
		return take_end(reader, head->size);
	}
	reader->unknown++;
	return 0;
}

static int next(struct recording_reader *reader, struct recording_item *item)
{
	struct recording_item_head head;
	uint8_t *data;
	int r;

	for (;;) {
		while (reader->used == reader->filled) {
			r = read_block(reader);
			if (r == 1 && reader->is_ended)
				return damage(reader, reader->block_offset,
					      "expected the end of the file, got another block");
			if (r == 0 && !reader->is_ended)
				return damage(reader, reader->offset,
					      "expected another block, got the end of the file: "
					      "it was cut, or its writer was killed");
			if (r <= 0)
				return r;
		}
		r = take_item(reader, &head, &data);
		if (!r)
			r = take(reader, &head, data, item);
		if (r)
			return r;
	}
}

int recording_reader_next(struct recording_reader *reader, struct recording_item *item,
			  struct parse_error *error)
{
	int r = reader->failure ? reader->failure : next(reader, item);

	if (r < 0 && error)
		*error = reader->error;
	return r;
}

static int read_start(struct recording_reader *reader)
{
	struct recording_start *start = &reader->start;
	struct recording_item_head head;
	uint8_t *data;
	int r = read_block(reader);

	if (r == 0)
		return damage(reader, reader->offset,
			      "expected the first block, got the end of the file");
	if (r < 0)
		return r;
	r = take_item(reader, &head, &data);
	if (r)
		return r;
	if (head.type != RECORDING_START || head.size != sizeof(*start))
		return wrong_item(reader, "the beginning as the first item", head.size);
	memcpy(start, data, sizeof(*start));
	TERMINATE(start->program);
	TERMINATE(start->boot_id);
	TERMINATE(start->kernel);
	TERMINATE(start->host);
	return 0;
}

static int open_file(struct recording_reader *reader, struct parse_error *error)
{
	int r;

	if (!strcmp(reader->path, "-")) {
		reader->file = stdin;
		return 0;
	}
	reader->file = fopen(reader->path, "rbe");
	if (!reader->file) {
		r = -errno;
		parse_error_set(error, reader->path, 0, 0, "expected a recording, got \"%s\"",
				strerror(-r));
		return r;
	}
	reader->is_owned = true;
	return 0;
}

int recording_reader_open(const char *path, struct recording_reader **out,
			  struct parse_error *error)
{
	AUTO_RECORDING_READER struct recording_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->path = path;
	r = open_file(reader, error);
	if (r)
		return r;
	r = read_file_head(reader);
	if (!r)
		r = read_start(reader);
	if (r) {
		if (error)
			*error = reader->error;
		return r;
	}
	*out = TAKE_PTR(reader);
	return 0;
}

const struct recording_start *recording_reader_start(const struct recording_reader *reader)
{
	return &reader->start;
}

uint64_t recording_reader_unknown(const struct recording_reader *reader)
{
	return reader->unknown;
}

uint64_t recording_reader_bytes(const struct recording_reader *reader)
{
	return reader->offset;
}

void recording_reader_close(struct recording_reader *reader)
{
	if (!reader)
		return;
	if (reader->is_owned)
		fclose(reader->file);
	free(reader);
}
