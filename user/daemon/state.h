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

struct daemon {
	const struct daemon_options *options;
	sd_event *loop;
	struct policy *policy;
	uint32_t generation;
	struct observe *observe;
	struct gate *gate; /* NULL while vfio is not loaded */
	sd_event_source *gate_io;
	struct migration *migration; /* opened when the first device is described */
	struct api *api;
	struct host *host;
	struct sources *sources;
	struct admissions admissions;
	int64_t clock_offset_ns;
	uint64_t malformed;
	bool module_came; /* told by a record; acted upon after its batch */
	int failure; /* -errno that ends the daemon */
};

/* The API of the daemon: paths, in user/daemon/control.c. */
extern const struct api_route control_routes[];

/* decision_show - one event of the gate, explained, on the daemon's output. */
void decision_show(struct daemon *daemon, const union mw_event *event);

#endif
