/* SPDX-License-Identifier: GPL-2.0-only */
/* A second policy that judges whatever the first one does, and has no effect. */
#ifndef DAEMON_SHADOW_H
#define DAEMON_SHADOW_H

#include "core/engine.h"
#include "daemon/admissions.h"
#include "daemon/state.h"

#define SHADOW_TEXT_BYTES 1024

/* Where the two differ: what the shadow would have done, and why. */
struct shadow_view {
	const char *answer; /* "passed", "refused", "audited"; static */
	char explanation[SHADOW_TEXT_BYTES];
};

/* shadow_admit - the shadow's word on the admission that was just remembered. */
void shadow_admit(struct daemon *daemon, const struct engine_request *request,
		  const struct descriptor *source, const struct descriptor *dest);

/* shadow_of_admission - whether the shadow differs from @answer, which the policy has given. */
bool shadow_of_admission(const struct admission *admission, enum mw_gate_answer answer,
			 struct shadow_view *out);

/*
 * shadow_of_event - the same of a decision; @admission is the one it used, or NULL. One by default
 * is held against the shadow's own default; a bypass is no matter of policy.
 */
bool shadow_of_event(const struct daemon *daemon, const struct mw_event_gate *event,
		     const struct admission *admission, struct shadow_view *out);

/* shadow_to_json - {"answer", "explanation"}, or null for NULL. */
json_t *shadow_to_json(const struct shadow_view *view);

#endif
