/* SPDX-License-Identifier: GPL-2.0-only */
/* Judges a pair of descriptors under a policy: the stages of SEMANTICS 1, in order. */
#ifndef CORE_COMPARE_H
#define CORE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"

struct compare_context {
	/* Seconds since the epoch, for descriptor age; -1 switches age checks off. */
	int64_t now_s;
	/* VFIO devices that migrate with the VM; more than one requires P2P (SEMANTICS 2.13). */
	unsigned int device_count;
	/*
	 * Whether the destination is a place where a device can still be made (`check`, `match`)
	 * and not the device that will be entered (`admit`). Where it can, a parent that still
	 * offers the source's exact type with a free instance is an answer, and the verdict names
	 * the type to create (SEMANTICS 2.10); where it cannot, the same is a refusal whose hint
	 * names that type: an mtty-1 does not become an mtty-2 because its parent has room.
	 */
	bool may_create;
};

/*
 * compare - fills @out; never fails and allocates nothing: bad data is a verdict
 * (`descriptor-malformed`, `range-malformed`, …), not an error.
 * @out borrows from all four inputs and must not outlive them.
 *
 * Mode audit, and rules with `action: audit`, turn a denial into MW_ACTION_AUDIT with the reason
 * kept; `action: deny` gives policy-deny when its match fits.
 */
void compare(const struct policy *policy, const struct descriptor *source,
	     const struct descriptor *dest, const struct compare_context *context,
	     struct verdict *out);

#endif
