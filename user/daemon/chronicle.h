/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sessions of this host (core/session.h) as the daemon follows them: the data of migrations is
 * watched, sessions and their alarms are told when they end, and the last ones are kept.
 */
#ifndef DAEMON_CHRONICLE_H
#define DAEMON_CHRONICLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "core/session.h"
#include "host/host.h"
#include "host/process.h"
#include "kern/observe.h"
#include "migwarden/wire.h"

/* Sessions that ended, kept for who asks later; each takes some 24 KiB. */
#define CHRONICLE_KEPT_MAX 128

struct chronicle;

struct chronicle_options {
	sd_event *loop;
	struct host *host;             /* to ask who a process is; outlives the chronicle */
	const struct observe *observe; /* that follows the data of migrations; outlives it too */
	int64_t clock_offset_ns;
	FILE *out;
	bool json;
	/*
	 * Hears of each outcome; may be NULL. It calls no chronicle_. Gives false for an end that
	 * is neither told nor kept: one of very many alike.
	 */
	bool (*handler)(void *context, enum session_outcome outcome, const struct session *session,
			const struct session_alarm *alarm);
	void *context;
};

/* chronicle_open - watches nothing yet. Gives 0 and *out, or -errno. */
int chronicle_open(const struct chronicle_options *options, struct chronicle **out);

/* chronicle_close - NULL is fine. */
void chronicle_close(struct chronicle *chronicle);

/*
 * chronicle_attach - to the data of the drivers that are there: before the observers start
 * (kern/observe.h), and again when a module came. Says on stderr what cannot be watched.
 */
void chronicle_attach(struct chronicle *chronicle);

/* chronicle_feed - one decoded record, of any ring. */
void chronicle_feed(struct chronicle *chronicle, const union mw_event *event);

/* chronicle_know - which VM @process is, whose use of @device the gate has just judged. */
void chronicle_know(struct chronicle *chronicle, const char *device, const struct process *process);

/* chronicle_arm - after records of the gate's ring: what waits for time. */
void chronicle_arm(struct chronicle *chronicle);

/* chronicle_batch - after each batch of the observers' ring: losses, and what waits for time. */
void chronicle_batch(struct chronicle *chronicle);

/* chronicle_finish - the daemon ends: so does every session, for all that we can tell. */
void chronicle_finish(struct chronicle *chronicle);

/* chronicle_set_downtime - the budget of the policy in force; 0: none. */
void chronicle_set_downtime(struct chronicle *chronicle, uint64_t downtime_ns);

/* chronicle_to_json - what `status` shows: counts, and the functions whose data is watched. */
json_t *chronicle_to_json(const struct chronicle *chronicle);

/*
 * chronicle_list, chronicle_find - open sessions and those that are kept, the newest first and
 * brief; one of them whole, or NULL where there is none of that id. New references.
 */
json_t *chronicle_list(const struct chronicle *chronicle);
json_t *chronicle_find(const struct chronicle *chronicle, uint64_t id);

/* chronicle_to_page - what the page shows of the newest @limit: flat objects; a new reference. */
json_t *chronicle_to_page(const struct chronicle *chronicle, size_t limit);

/* chronicle_session - the same as it is; borrowed until the next call that is not const. */
const struct session *chronicle_session(const struct chronicle *chronicle, uint64_t id);

/* chronicle_open_count - sessions that have begun and not ended. */
uint64_t chronicle_open_count(const struct chronicle *chronicle);

#endif
