/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes a recording: items into blocks, whole blocks into the file, so that a killed writer loses
 * the last block at most. */
#ifndef CONFIG_RECORDING_WRITE_H
#define CONFIG_RECORDING_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/recording.h"

/* Below this no recording makes sense. */
#define RECORDING_SIZE_MIN (64u << 10)

struct recording_writer;

struct recording_writer_options {
	bool replace;       /* an existing file */
	uint64_t max_bytes; /* of the file, RECORDING_SIZE_MIN at least; 0: no bound */
	/*
	 * Called before each block is written, for all of @out but `recorded`, which is the
	 * writer's.
	 */
	void (*counts)(void *context, struct recording_counts *out);
	void *context;
};

/*
 * recording_writer_open - makes the file, readable for its owner alone, and begins with @start; "-"
 * is standard output. Nothing but the head is written before a block is full or flushed. Gives 0
 * and *out, the caller's; -EEXIST when there is such a file and it is not to be replaced; -ENOMEM;
 * -errno of opening or writing.
 */
int recording_writer_open(const char *path, const struct recording_writer_options *options,
			  const struct recording_start *start, struct recording_writer **out);

/*
 * recording_writer_add - one item, copied. Gives 0; -EFBIG when the file would exceed its bound:
 * nothing was added, and the recording should be ended; -EMSGSIZE for an item that no block can
 * hold; -errno of writing, after which the writer takes nothing more.
 */
int recording_writer_add(struct recording_writer *writer, enum recording_item_type type,
			 const void *data, size_t size);

/* recording_writer_add_counts - the sums as they are, where they are worth telling now. As above.
 */
int recording_writer_add_counts(struct recording_writer *writer);

/* recording_writer_flush - writes the block as far as it is. Gives 0 or -errno. */
int recording_writer_flush(struct recording_writer *writer);

/*
 * recording_writer_end - writes the last sums and @end, and waits until the file is on its medium.
 * The writer takes nothing more. Gives 0 or -errno.
 */
int recording_writer_end(struct recording_writer *writer, const struct recording_end *end);

/* What was written so far. */
uint64_t recording_writer_bytes(const struct recording_writer *writer);
uint64_t recording_writer_recorded(const struct recording_writer *writer);

/* recording_writer_close - without an end if it has none yet; NULL is fine. */
void recording_writer_close(struct recording_writer *writer);

#define AUTO_RECORDING_WRITER __attribute__((cleanup(recording_writer_close_ptr)))
static inline void recording_writer_close_ptr(struct recording_writer **writer)
{
	recording_writer_close(*writer);
}

#endif
