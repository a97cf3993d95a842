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
 * Where SEMANTICS leaves a choice, this is what compare() does:
 *
 * - What a device is not known to have, it has not: protocol and capabilities unknown are
 *   not-migratable, device_api unknown is device-api-invalid, an id on one side only is a mismatch.
 * - Both vendors unknown (a parent on no bus with ids, as mtty's): the drivers have to be the same
 *   instead, with a warning, and the device stage is skipped; else vendor-mismatch.
 * - Both sides answer for the migration protocol, both for P2P when several devices migrate; only
 *   the destination for the rule's capabilities. What stop-copy has to copy is the source's.
 * - A number that a limit needs and nobody reports is a warning. An age that is not known, or that
 *   lies as far ahead as the limit allows behind, is descriptor-stale.
 * - A `match` pattern never fits an unknown fact; where it asks for an unreadable one, and no other
 *   field rules the rule out, the answer is unreadable: a rule that denies is not to be passed by.
 * - Traits decide alone once the source has any; only without them do the types' names.
 * - An aggregator that is malformed is aggregator-mismatch, a number or set attribute-mismatch.
 * - A template must constrain what the source has of device_id (unless `parent: ignore`), of
 *   mdev_type, interface_version and attributes. None where the rule asks: template-no-match.
 * - Names of devices over 255 bytes are descriptor-malformed, before any pattern sees them.
 */

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
