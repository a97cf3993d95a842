/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording as a source of events, with what user space knew when they happened. */
#ifndef CLI_REPLAY_SOURCE_H
#define CLI_REPLAY_SOURCE_H

#include "cli/session_view.h"
#include "config/recording_read.h"
#include "kern/ring.h"

struct replay_source;

/*
 * replay_source_open - @path is borrowed. Gives EXIT_YES and *out, the caller's, or EXIT_BAD and
 * has said why.
 */
int replay_source_open(const struct verb *verb, const char *path, struct replay_source **out);

/* Called for each descriptor in the recording: JSON, not terminated, not checked. */
typedef void (*replay_device_handler)(void *context, const char *text, size_t length);

/* replay_source_on_device - who wants the descriptors. */
void replay_source_on_device(struct replay_source *source, replay_device_handler handler,
			     void *context);

/*
 * replay_source_next - the next event. Gives 1 and *event, good until the next call; 0 at the end;
 * a negative errno where the file is damaged, which replay_source_error tells.
 */
int replay_source_next(struct replay_source *source, const union mw_event **event);

const struct parse_error *replay_source_error(const struct replay_source *source);

/* replay_source_start - what the recording says of its host. */
const struct recording_start *replay_source_start(const struct replay_source *source);

/* replay_source_origin - the same for sessions; its texts are the source's. */
struct session_origin replay_source_origin(const struct replay_source *source);

/* replay_source_sums - as far as the last event; *malformed may be NULL. */
struct ring_counts replay_source_sums(const struct replay_source *source, uint64_t *malformed);

/* replay_source_tell - gives sessions what came since with the last event: losses, the budget. */
void replay_source_tell(struct replay_source *source, struct session_view *sessions);

/* replay_source_downtime_ns - the budget of the policy that held at the last event; 0 without. */
uint64_t replay_source_downtime_ns(const struct replay_source *source);

/* replay_source_end_ns - when the recording ended; of a damaged one, its last event. */
uint64_t replay_source_end_ns(const struct replay_source *source);

/* replay_source_find_vm - as of struct session_view_options; @source is its context. */
struct session_vm replay_source_find_vm(void *source, uint32_t pid);

/* replay_source_close - NULL is fine. */
void replay_source_close(struct replay_source *source);

#define AUTO_REPLAY_SOURCE __attribute__((cleanup(replay_source_close_ptr)))
static inline void replay_source_close_ptr(struct replay_source **source)
{
	replay_source_close(*source);
}

#endif
