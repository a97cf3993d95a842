// SPDX-License-Identifier: GPL-2.0-only
/* The admissions that the kernel holds: written, taken back and cleared away in one place, which
 * counts. */
#include "base/clock.h"
#include "daemon/state.h"

int ticket_write(struct daemon *daemon, const char *device, enum mw_direction direction,
		 const struct mw_admission *admission)
{
	int r = gate_admit(daemon->gate, device, direction, admission);

	if (!r)
		metrics_admitted(daemon->metrics, direction, admission->allow);
	return r;
}

int ticket_revoke(struct daemon *daemon, const char *device, enum mw_direction direction)
{
	int r = gate_revoke(daemon->gate, device, direction);

	if (!r)
		metrics_revoked(daemon->metrics, direction);
	return r;
}

void tickets_sweep(struct daemon *daemon)
{
	int r = daemon->gate ? gate_drop_expired(daemon->gate, clock_ns(CLOCK_MONOTONIC)) : 0;

	if (r > 0)
		metrics_expired(daemon->metrics, (uint64_t)r);
}
