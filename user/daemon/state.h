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
#include "daemon/daemon.h"
#include "host/host.h"
#include "host/sources.h"
#include "kern/gate.h"
#include "kern/migration.h"
#include "kern/observe.h"
#include "kern/shield.h"

struct daemon {
	const struct daemon_options *options;
	sd_event *loop;
	struct policy *policy;
	struct mw_gate_rules rules; /* in force, once the gate stands */
	struct observe *observe;
	struct gate *gate; /* NULL while vfio is not loaded */
	sd_event_source *gate_io;
	struct shield *shield; /* NULL without one */
	struct migration *migration; /* opened when the first device is described */
	struct api *api;
	struct host *host;
	struct sources *sources;
	struct admissions admissions;
	int64_t clock_offset_ns;
	uint64_t malformed;
	bool released; /* the gate was taken down on purpose: the daemon ends */
	bool module_came; /* told by a record; acted upon after its batch */
	int failure; /* -errno that ends the daemon */
};

/* The API of the daemon: paths, in user/daemon/control.c. */
extern const struct api_route control_routes[];

/*
 * policy_reload - reads the policy anew and puts it in force. Gives 0; else -errno with @error
 * filled, and the policy that was in force still is.
 */
int policy_reload(struct daemon *daemon, struct parse_error *error);

/* daemon_release - takes the gate down on purpose, says so, and ends the daemon. 0 or -errno. */
int daemon_release(struct daemon *daemon);

/* decision_show - one event of the gate, explained, on the daemon's output. */
void decision_show(struct daemon *daemon, const union mw_event *event);

#endif
