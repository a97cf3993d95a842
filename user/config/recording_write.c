// SPDX-License-Identifier: GPL-2.0-only
#include "config/recording_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Of items beside the events of a block: what an end needs, and the sums of each block. */
#define COUNTS_BYTES (sizeof(struct recording_item_head) + sizeof(struct recording_counts))
#define END_BYTES (sizeof(struct recording_item_head) + sizeof(struct recording_end))

struct recording_writer {
	struct recording_writer_options options;
	int fd;
	bool is_owned; /* else standard output */
	int failure;   /* -errno; 1: ended */
	uint32_t block_number;
	uint64_t file_bytes;
	uint64_t recorded;
	size_t used; /* of items */
	uint8_t items[RECORDING_BLOCK_MAX];
	uint8_t *stored;
	size_t stored_size;
};

static size_t item_bytes(size_t size)
{
	size_t filled = (size + RECORDING_ITEM_ALIGN - 1) & ~(size_t)(RECORDING_ITEM_ALIGN - 1);

	return sizeof(struct recording_item_head) + filled;
}

static void put(struct recording_writer *writer, enum recording_item_type type, const void *data,
		size_t size)
{
	struct recording_item_head head = {.type = (uint16_t)type, .size = (uint32_t)size};
	uint8_t *place = writer->items + writer->used;

	memcpy(place, &head, sizeof(head));
	memcpy(place + sizeof(head), data, size);
	memset(place + sizeof(head) + size, 0, item_bytes(size) - sizeof(head) - size);
	writer->used += item_bytes(size);
}

static uint32_t block_crc(const struct recording_block_head *head, const uint8_t *stored)
{
	uLong crc = crc32(0, (const Bytef *)head, offsetof(struct recording_block_head, crc));

	return (uint32_t)crc32(crc, stored, head->stored_bytes);
}

/* One write for head and items: a signal between them leaves no half of a block behind. */
static int write_block(struct recording_writer *writer)
{
	struct recording_block_head head = {
		.mark = RECORDING_BLOCK_MARK,
		.number = writer->block_number++,
		.item_bytes = (uint32_t)writer->used,
	};
	uLongf stored_bytes = (uLongf)(writer->stored_size - sizeof(head));
	uint8_t *stored = writer->stored + sizeof(head);
	int r = compress2(stored, &stored_bytes, writer->items, (uLong)writer->used,
			  Z_DEFAULT_COMPRESSION);

	if (r != Z_OK)
		return -ENOMEM;
	head.stored_bytes = (uint32_t)stored_bytes;
	head.crc = block_crc(&head, stored);
	memcpy(writer->stored, &head, sizeof(head));
	r = file_write(writer->fd, writer->stored, sizeof(head) + stored_bytes);
	if (r)
		return r;
	writer->file_bytes += sizeof(head) + stored_bytes;
	writer->used = 0;
	return 0;
}

static void take_counts(const struct recording_writer *writer, struct recording_counts *out)
{
	*out = (struct recording_counts){0};
	if (writer->options.counts)
		writer->options.counts(writer->options.context, out);
	out->recorded = writer->recorded;
}

static void put_counts(struct recording_writer *writer)
{
	struct recording_counts counts;

	take_counts(writer, &counts);
	put(writer, RECORDING_COUNTS, &counts, sizeof(counts));
}

static int flush(struct recording_writer *writer, const struct recording_end *end)
{
	put_counts(writer);
	if (end)
		put(writer, RECORDING_END, end, sizeof(*end));
	writer->failure = write_block(writer);
	return writer->failure;
}

/* Of a file that ends after a block with that many bytes of items, at worst. */
static uint64_t size_with(const struct recording_writer *writer, size_t items)
{
	size_t last = compressBound(COUNTS_BYTES + END_BYTES);

	return writer->file_bytes + 2 * sizeof(struct recording_block_head) +
	       compressBound((uLong)(items + COUNTS_BYTES)) + last;
}

static bool is_too_large(const struct recording_writer *writer, size_t items)
{
	return writer->options.max_bytes && size_with(writer, items) > writer->options.max_bytes;
}

int recording_writer_add(struct recording_writer *writer, enum recording_item_type type,
			 const void *data, size_t size)
{
	size_t need = item_bytes(size), room = sizeof(writer->items) - COUNTS_BYTES - END_BYTES;
	int r;

	if (writer->failure)
		return writer->failure < 0 ? writer->failure : -EBADF;
	if (size > room || need > room)
		return -EMSGSIZE;
	/* Compressed, a block takes less than the worst that was reckoned with. */
	if (writer->used &&
	    (writer->used + need > room || is_too_large(writer, writer->used + need))) {
		r = flush(writer, NULL);
		if (r)
			return r;
	}
	if (is_too_large(writer, need))
		return -EFBIG;
	put(writer, type, data, size);
	writer->recorded += type == RECORDING_EVENT;
	return 0;
}

int recording_writer_add_counts(struct recording_writer *writer)
{
	struct recording_counts counts;

	take_counts(writer, &counts);
	return recording_writer_add(writer, RECORDING_COUNTS, &counts, sizeof(counts));
}

int recording_writer_flush(struct recording_writer *writer)
{
	if (writer->failure)
		return writer->failure < 0 ? writer->failure : -EBADF;
	return writer->used ? flush(writer, NULL) : 0;
}

int recording_writer_end(struct recording_writer *writer, const struct recording_end *end)
{
	int r;

	if (writer->failure)
		return writer->failure < 0 ? writer->failure : -EBADF;
	r = flush(writer, end);
	if (r)
		return r;
	writer->failure = 1;
	/* A pipe has no medium. */
	if (fsync(writer->fd) && errno != EINVAL && errno != EROFS)
		return -errno;
	return 0;
}

uint64_t recording_writer_bytes(const struct recording_writer *writer)
{
	return writer->file_bytes;
}

uint64_t recording_writer_recorded(const struct recording_writer *writer)
{
	return writer->recorded;
}

static int open_file(struct recording_writer *writer, const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (writer->options.replace ? O_TRUNC : O_EXCL);

	if (!strcmp(path, "-")) {
		writer->fd = STDOUT_FILENO;
		return 0;
	}
	writer->fd = open(path, flags, 0600);
	if (writer->fd < 0)
		return -errno;
	writer->is_owned = true;
	return 0;
}

static int write_head(struct recording_writer *writer)
{
	struct recording_file_head head = {
		.byte_order = RECORDING_BYTE_ORDER,
		.format = RECORDING_FORMAT,
		.wire_version = MW_WIRE_VERSION,
	};

	memcpy(head.magic, RECORDING_MAGIC, sizeof(head.magic));
	writer->file_bytes = sizeof(head);
	return file_write(writer->fd, &head, sizeof(head));
}

int recording_writer_open(const char *path, const struct recording_writer_options *options,
			  const struct recording_start *start, struct recording_writer **out)
{
	AUTO_RECORDING_WRITER struct recording_writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return -ENOMEM;
	writer->fd = -1;
	writer->options = *options;
	writer->stored_size =
		sizeof(struct recording_block_head) + compressBound(sizeof(writer->items));
	writer->stored = malloc(writer->stored_size);
	if (!writer->stored)
		return -ENOMEM;
	r = open_file(writer, path);
	if (!r)
		r = write_head(writer);
	if (!r)
		r = recording_writer_add(writer, RECORDING_START, start, sizeof(*start));
	if (r)
		return r;
	*out = TAKE_PTR(writer);
	return 0;
}

void recording_writer_close(struct recording_writer *writer)
{
	if (!writer)
		return;
	if (writer->is_owned)
		close(writer->fd);
	free(writer->stored);
	free(writer);
}
