/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the daemon share. */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "core/policy.h"
#include "daemon/admissions.h"
#include "daemon/api.h"
#include "daemon/audit_trail.h"
#include "daemon/boots.h"
#include "daemon/daemon.h"
#include "daemon/recent.h"
#include "daemon/stamper.h"
#include "daemon/chronicle.h"
#include "daemon/device_defaults.h"
#include "daemon/web.h"
#include "host/describe.h"
#include "host/host.h"
#include "host/key.h"
#include "host/sources.h"
#include "host/uevents.h"
#include "kern/gate.h"
#include "kern/migration.h"
#include "kern/observe.h"
#include "kern/shield.h"
#include "sinks/metrics.h"
#include "sinks/release.h"

struct daemon {
	const struct daemon_options *options;
	sd_event *loop;
	struct policy *policy;
	struct policy *shadow;       /* NULL without one */
	uint64_t shadow_differences; /* decisions that it would have made otherwise */
	struct mw_gate_rules rules;  /* in force, once the gate stands */
	/* Of the devices that are there, under the policy and under the shadow. */
	struct gate_defaults defaults;
	struct gate_defaults shadow_defaults;
	struct uevents *uevents;
	sd_event_source *uevents_io;
	bool device_is_made;    /* one was not whole when the devices were read */
	sd_event_source *again; /* then they are once more */
	unsigned int looks_again;
	struct observe *observe;
	struct chronicle *chronicle; /* sessions, of what the observers and the gate tell */
	int lock;                    /* gate_lock(); -1: not held */
	struct gate *gate;           /* NULL while vfio is not loaded */
	sd_event_source *gate_io;
	sd_event_source *observe_io;
	sd_event_source *rest;       /* from both, in a flood */
	bool floods;                 /* what was read last was only counted */
	uint64_t gate_position;      /* in the gate's ring, of the record that is looked at */
	struct shield *shield;       /* NULL without one */
	struct migration *migration; /* opened when the first device is described */
	struct api *api;
	struct web *web; /* NULL: no loopback port was asked for */
	struct metrics *metrics;
	struct recent recent;
	uint64_t start_ms;      /* since the epoch */
	uint64_t gate_proven_s; /* since the epoch; 0: not yet */
	struct host *host;
	struct sources *sources;
	struct admissions admissions;
	struct key_list trust;         /* of the policy in force */
	struct boots boots;            /* of the hosts whose stamps came here */
	struct stamper_child *stamper; /* NULL: nobody asked for stamps */
	json_t *stamps;      /* of domains of this host, as told by who stamps; NULL: none yet */
	struct trail *trail; /* NULL without an audit */
	int64_t clock_offset_ns;
	uint64_t malformed;
	/* Its output goes into the journal, which has what the trail tells already. */
	bool out_is_journal;
	/* The gate was taken down on purpose, and by whom (pid 0: it was not): the daemon ends. */
	struct release released;
	bool module_came; /* told by a record; acted upon after its batch */
	int failure;      /* -errno that ends the daemon */
};

/* The API of the daemon: paths, in user/daemon/control.c. */
extern const struct api_route control_routes[];

/* daemon_describe_options - for describe(): as this daemon sees its host, now. */
struct describe_options daemon_describe_options(struct daemon *daemon);

/* daemon_budget - the policy's limit of the downtime, in force from now on, to whom it concerns. */
void daemon_budget(struct daemon *daemon);

/* daemon_require_gate - whether the gate stands; else the refusal is in @answer. */
bool daemon_require_gate(const struct daemon *daemon, struct api_answer *answer);

/* The pages of the loopback port, in user/daemon/pages.c. */
extern const struct web_route web_routes[];

/* policy_mode_word - "enforce" or "audit"; static. */
const char *policy_mode_word(const struct policy *policy);

/* state_notify - tells the service manager that we are ready; @prefix is put before how things
 * stand. */
void state_notify_ready(const struct daemon *daemon, const char *prefix);

/*
 * policy_reload - reads the policy and the shadow anew and puts them in force. @pid asked for it;
 * 0: a signal did. Gives 0; else -errno with @error filled, and what was in force still is.
 */
int policy_reload(struct daemon *daemon, int pid, struct parse_error *error);

/*
 * daemon_release - takes the gate down on purpose, as @peer has asked, tells the journal, and ends
 * the daemon. 0 or -errno.
 */
int daemon_release(struct daemon *daemon, const struct ucred *peer);

/*
 * policy_default_number - which of the defaults of the policy in force it was, in that generation:
 * @number where that is the one in force; in an earlier one the same number may have been another.
 */
uint64_t policy_default_number(const struct daemon *daemon, uint32_t generation, uint64_t number);

/*
 * policy_default_explain - why a migration without an admission is let pass or refused: the reason
 * and the place in @policy, into @out. @number says which default it was (engine_default()).
 */
void policy_default_explain(const struct policy *policy, uint32_t direction, uint64_t number,
			    uint32_t reason, char *out, size_t size);

/* policies_read - the policy and the shadow, at the start. 0, or -errno with @error filled. */
int policies_read(struct daemon *daemon, struct parse_error *error);

/*
 * ticket_write, ticket_revoke - gate_admit and gate_revoke of the gate, which must stand, counted.
 * tickets_sweep - deletes the admissions whose time is over; fine without a gate.
 */
int ticket_write(struct daemon *daemon, const char *device, enum mw_direction direction,
		 const struct mw_admission *admission);
int ticket_revoke(struct daemon *daemon, const char *device, enum mw_direction direction);
void tickets_sweep(struct daemon *daemon);

/* status_to_json - all that `migwarden status` shows; NULL: no memory. */
json_t *status_to_json(struct daemon *daemon);

/* decision_show - one event of the gate, explained, on the daemon's output. */
void decision_show(struct daemon *daemon, const union mw_event *event);

#endif
