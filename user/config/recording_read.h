/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a recording, item by item, with the memory of one block: what comes before a damage is
 * given, then the damage with its place. The bytes are hostile: no item is given that was not
 * checked.
 */
#ifndef CONFIG_RECORDING_READ_H
#define CONFIG_RECORDING_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/parse_error.h"
#include "config/recording.h"

struct recording_reader;

/* One item; pointers are good until the next one is asked for. Texts end with a NUL. */
struct recording_item {
	enum recording_item_type type;
	uint64_t offset; /* in the file, of its block */
	union {
		const union mw_event *event; /* decoded (core/decode.h) */
		const struct recording_filter *filter;
		const struct recording_process *process;
		const struct recording_limits *limits;
		const struct recording_counts *counts;
		const struct recording_end *end;
		struct {
			const char *text; /* JSON, not terminated, not checked yet */
			size_t length;
		} device;
	};
};

/*
 * recording_reader_open - opens @path ("-" is standard input; borrowed, for errors) and reads its
 * head. Gives 0 and *out, the caller's; -EINVAL with @error for what is no recording, is of another
 * version, or is damaged in its first block; -ENOMEM; -errno of opening or reading, with @error.
 */
int recording_reader_open(const char *path, struct recording_reader **out,
			  struct parse_error *error);

/* recording_reader_start - what the recording says of its host; the reader's. */
const struct recording_start *recording_reader_start(const struct recording_reader *reader);

/*
 * recording_reader_next - the next item; RECORDING_START is not among them. Gives 1 and @item; 0
 * behind RECORDING_END; -EINVAL with @error ("FILE: byte N: expected …, got …") where the file is
 * damaged or cut, and the same again when called again; -errno of reading, with @error.
 */
int recording_reader_next(struct recording_reader *reader, struct recording_item *item,
			  struct parse_error *error);

/* recording_reader_unknown - items and records passed over because a newer writer made them. */
uint64_t recording_reader_unknown(const struct recording_reader *reader);

/* recording_reader_bytes - what was read of the file, up to the last whole block. */
uint64_t recording_reader_bytes(const struct recording_reader *reader);

/* recording_reader_close - NULL is fine. */
void recording_reader_close(struct recording_reader *reader);

#define AUTO_RECORDING_READER __attribute__((cleanup(recording_reader_close_ptr)))
static inline void recording_reader_close_ptr(struct recording_reader **reader)
{
	recording_reader_close(*reader);
}

#endif
