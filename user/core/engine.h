/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a policy and an event to what is to be done, as values: the daemon performs them, replay and
 * tests only look at them. Times and ids come in as arguments.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include <stdint.h>

#include "core/compare.h"
#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"
#include "migwarden/wire.h"

/*
 * engine_rules - what the gate must do under @policy when no admission covers a device; where
 * devices have defaults of their own, the strictest of all, for a device whose default the gate has
 * not been told. The generation is the gate's to give.
 */
void engine_rules(const struct policy *policy, struct mw_gate_rules *out);

struct engine_request {
	uint64_t id; /* of the admission to make */
	enum mw_direction direction;
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	uint64_t ttl_ns;
	uint32_t uses;
	struct compare_context context;
};

/* An admission to be written, and why it says what it says. */
struct engine_admission {
	struct verdict verdict; /* borrows from policy and descriptors */
	struct mw_admission admission;
};

/*
 * engine_admit - judges the pair and makes the admission of the local device: allowed, or refused
 * with the reason that the event at RESUMING will name. In audit mode a denial is written as one:
 * the gate lets it pass and says what it would have refused.
 */
void engine_admit(const struct policy *policy, const struct descriptor *source,
		  const struct descriptor *dest, const struct engine_request *request,
		  struct engine_admission *out);

/*
 * engine_admission - the same of a verdict that is in out->verdict already, for judgements that
 * compare() does not make (core/stamp.h).
 */
void engine_admission(const struct policy *policy, const struct engine_request *request,
		      struct engine_admission *out);

/*
 * engine_default - what a device has without an admission, to be told to the gate: the first of the
 * policy's `devices` that fits, else what all have. Its id is the number of that default, from 1,
 * or 0. A device of which a fact that is asked for could not be read, and one that is NULL because
 * nothing is known of it, has the strictest of all, and MW_DEFAULT_UNSEEN for an id.
 */
struct mw_admission engine_default(const struct policy *policy, const struct descriptor *device,
				   enum mw_direction direction);

/*
 * engine_admission_answer - what the gate does under @policy with the start of a migration that
 * @admission covers, which may be one of engine_default().
 */
enum mw_gate_answer engine_admission_answer(const struct policy *policy,
					    const struct mw_admission *admission);

/*
 * engine_default_position - where the policy says what happens without an admission, for the
 * explanation of a decision by default; @number is the id of engine_default(). Line 0 where it does
 * not say.
 */
struct position engine_default_position(const struct policy *policy, enum mw_direction direction,
					uint64_t number);

#endif
