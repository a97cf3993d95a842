/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon does, on its way into the audit: the intent before the effect, the answer after
 * it (DESIGN 1), decisions before the ring forgets them; and then into the journal, also where
 * there is no audit.
 */
#ifndef DAEMON_AUDIT_TRAIL_H
#define DAEMON_AUDIT_TRAIL_H

#include <jansson.h>

#include "core/engine.h"
#include "core/session.h"
#include "daemon/admissions.h"
#include "host/process.h"
#include "sinks/audit.h"
#include "sinks/metrics.h"

struct daemon;
struct trail;

/*
 * trail_open - opens the audit as the daemon's options have it, with the host's key, and says in it
 * that the daemon has started. Also 0 where it cannot record now: it says so on stderr and tries
 * again. -ENOMEM.
 */
int trail_open(struct daemon *daemon);

/*
 * trail_make, trail_free - the same for one effect without a daemon and its loop: nothing is said
 * of a start, and nothing is tried again.
 */
int trail_make(struct daemon *daemon);
void trail_free(struct trail *trail);

/* trail_close - says that the daemon ends, in order, and closes it; NULL is fine. */
void trail_close(struct daemon *daemon);

/*
 * trail_intend - the row of an effect that is to come. Time, process, policy and generation are
 * filled in where they are not given; @detail (taken over, may be NULL) becomes its detail. Gives 0
 * and *intent, for trail_answer; -errno where it cannot be recorded and the audit is required: then
 * the effect must not be.
 */
int trail_intend(struct daemon *daemon, struct audit_row *row, json_t *detail, uint64_t *intent);

/* trail_intend_anyway - the same for an effect that must not wait for any audit. */
void trail_intend_anyway(struct daemon *daemon, struct audit_row *row, json_t *detail,
			 uint64_t *intent);

/* trail_answer - how the effect of an intent went: 0, or its -errno. */
void trail_answer(struct daemon *daemon, uint64_t intent, int result);

/* What is written into the gate, and why. */
struct trail_admission {
	int pid; /* who asked */
	const struct engine_request *request;
	const struct engine_admission *made;
	const char *device;
	const char *explanation;
	const struct descriptor *source; /* NULL: not known */
	const struct descriptor *dest;
	const json_t *domain; /* for which libvirt asked; NULL: for none */
};

/* trail_admit - the intent of it, as trail_intend. */
int trail_admit(struct daemon *daemon, const struct trail_admission *admission, uint64_t *intent);

/* trail_refuse - the same of one that was asked for and is not written. */
void trail_refuse(struct daemon *daemon, const struct trail_admission *admission);

/*
 * trail_earlier - what the audit says of the admission that an event names; to be freed by
 * audit_admission_free.
 */
void trail_earlier(struct daemon *daemon, const struct mw_event_gate *event,
		   struct audit_admission *out);

/* A decision of the gate with all that is known of it. */
struct trail_decision {
	const union mw_event *event; /* MW_EVENT_GATE */
	const struct process *process;
	const struct admission *admission;     /* NULL: none, or of an earlier daemon */
	const struct audit_admission *earlier; /* of an earlier daemon; may be empty */
	const char *explanation;
};

/* What the audit makes of an event before it is looked at more closely. */
enum trail_told {
	TRAIL_NEW,     /* it gets a row of its own */
	TRAIL_COUNTED, /* it is one of so many alike that it is only counted */
	TRAIL_KNOWN,   /* an earlier daemon has told of it, and was killed before the ring forgot it
			*/
};

/*
 * trail_take - of a record of the gate's ring, MW_EVENT_GATE or MW_EVENT_SHIELD: refusals that come
 * without end are counted; what was let pass never is.
 */
enum trail_told trail_take(struct daemon *daemon, const union mw_event *event);

/* trail_tallied - how many were counted since the start. */
uint64_t trail_tallied(const struct daemon *daemon);

/* trail_decision - recorded by the next trail_settle: before the ring forgets it. */
void trail_decision(struct daemon *daemon, const struct trail_decision *decision);

/* trail_settle - what was decided is on the disk when it returns, or waits, or is counted. */
void trail_settle(struct daemon *daemon);

/* trail_shield - somebody tried to reach a piece of the gate. */
void trail_shield(struct daemon *daemon, const union mw_event *event);

/*
 * trail_session - a migration has ended; recorded by the next trail_settle, within a second. False:
 * it is one of so many that were refused that it is only counted.
 */
bool trail_session(struct daemon *daemon, const struct session *session);

/*
 * trail_ring_lost - records what the gate's ring has lost since the last look; at most once a
 * second, unless it has to be @now: then what is left is recorded by itself.
 */
void trail_ring_lost(struct daemon *daemon, bool now);

/* trail_why - why it does not record now; borrowed. */
const char *trail_why(const struct daemon *daemon);

/* trail_measure - the same for the metrics. */
void trail_measure(const struct daemon *daemon, struct metrics_audit *out);

/* trail_to_json - how it stands, for `migwarden status`. */
json_t *trail_to_json(const struct daemon *daemon);

#endif
