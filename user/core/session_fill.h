/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How one record adds to a session: what is kept, what is summed, what does not fit. When a session
 * begins and ends is core/sessions.c.
 */
#ifndef CORE_SESSION_FILL_H
#define CORE_SESSION_FILL_H

#include <stdbool.h>

#include "core/decode.h"
#include "core/session.h"

/* is_saving - PRE_COPY, PRE_COPY_P2P, STOP_COPY. */
bool is_saving(uint32_t state);

/* is_migrating - a state with data: saving, or RESUMING. */
bool is_migrating(uint32_t state);

/* is_running - the guest has its device whole: RUNNING, PRE_COPY. */
bool is_running(uint32_t state);

/* event_begin_ns - when what ended at @end_ns began. */
uint64_t event_begin_ns(uint64_t end_ns, uint64_t duration_ns);

/*
 * session_add_arc - the arc, the phase it ends, P2P, blackout of the source, and the session's
 * state. A failed arc leaves the device where it was.
 */
void session_add_arc(struct session *session, const struct mw_event_arc *event);

/* session_enter_phase - the device is in its state since @begin_ns (0: longer than we watch). */
void session_enter_phase(struct session *session, uint64_t begin_ns);

/* session_add_flow - the sums of a phase's data; gives whether it is a phase that we knew of. */
bool session_add_flow(struct session *session, const struct mw_event_flow *event);

/* session_add_precopy - an answer of PRECOPY_INFO. */
void session_add_precopy(struct session *session, const struct mw_event_precopy *event);

/* session_add_data_size - an answer of MIG_DATA_SIZE. */
void session_add_data_size(struct session *session, const struct mw_event_ioctl *event,
			   const struct feature_payload *payload);

/* session_add_logging - a call of DMA_LOGGING_START, _REPORT or _STOP. */
void session_add_logging(struct session *session, const struct mw_event_ioctl *event,
			 const struct feature_payload *payload);

/* session_add_gate - an answer of the gate; a refusal stays. */
void session_add_gate(struct session *session, const struct mw_event_gate *event);

/* session_add_data_file - whose driver's the data file is. */
void session_add_data_file(struct session *session, const struct mw_event_data_file *event);

/* session_leave_phase - the device has left its phase, at @now_ns. */
void session_leave_phase(struct session *session, uint64_t now_ns);

#endif
