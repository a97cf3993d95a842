/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmigwarden: may this device become that one, and why not (SEMANTICS 0, 1 and 5).
 *
 *	struct mw_verdict *verdict;
 *
 *	if (mw_verdict_new(&verdict))
 *		return -ENOMEM;
 *	mw_judge(policy, source, dest, NULL, verdict);
 *	if (!mw_verdict_is_compatible(verdict))
 *		fprintf(stderr, "%s\n", mw_reason_name(mw_verdict_reason(verdict)));
 *	mw_verdict_free(verdict);
 */
#ifndef MIGWARDEN_VERDICT_H
#define MIGWARDEN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "migwarden/descriptor.h"
#include "migwarden/policy.h"
#include "migwarden/reason.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mw_verdict;

/* What decides besides the policy and the two devices. Starts as MW_CIRCUMSTANCES_INIT. */
struct mw_circumstances {
	size_t size; /* sizeof(struct mw_circumstances), so that later versions can add to it */
	/*
	 * The time from which a descriptor's age is reckoned, seconds since the epoch; 0 is the
	 * clock of the system, a negative one switches limits of age off.
	 */
	int64_t now_s;
	/* VFIO devices that migrate with the VM, from 1; each of several needs P2P
	 * (SEMANTICS 2.13). */
	unsigned int device_count;
	/*
	 * Whether a device can still be created at the destination, so that one that offers the
	 * source's exact type fits (SEMANTICS 2.10); false where @dest is the very device that will
	 * be entered.
	 */
	bool may_create;
};

#define MW_CIRCUMSTANCES_INIT                               \
	{                                                   \
		sizeof(struct mw_circumstances), 0, 1, true \
	}

/*
 * mw_verdict_new - a verdict that says deny until mw_judge fills it; may be used for any number of
 * pairs, one after the other. Gives 0 and *out, owned by the caller; -ENOMEM.
 */
int mw_verdict_new(struct mw_verdict **out);

/* mw_verdict_free - NULL is fine. */
void mw_verdict_free(struct mw_verdict *verdict);

/*
 * mw_judge - judges whether the device of @source may become that of @dest: fills @verdict, which
 * borrows from @policy until it is used again or freed. Bad data in a descriptor is a verdict, no
 * error. @circumstances may be NULL: MW_CIRCUMSTANCES_INIT. Allocates nothing.
 *
 * Gives 0; -EINVAL when @circumstances has another size or no device, and then @verdict says deny.
 */
int mw_judge(const struct mw_policy *policy, const struct mw_descriptor *source,
	     const struct mw_descriptor *dest, const struct mw_circumstances *circumstances,
	     struct mw_verdict *verdict);

/* mw_verdict_is_compatible - what `migwarden check` answers with exit status 0 (SEMANTICS 5). */
bool mw_verdict_is_compatible(const struct mw_verdict *verdict);

/*
 * mw_verdict_action - what the gate would do: MW_ACTION_AUDIT lets an incompatible pair pass, and
 * records it (SEMANTICS 4, `mode` and `action`).
 */
enum mw_action mw_verdict_action(const struct mw_verdict *verdict);

/* mw_verdict_reason - the reason (SEMANTICS 1); mw_reason_name gives its stable code. */
enum mw_reason mw_verdict_reason(const struct mw_verdict *verdict);

/* mw_verdict_stage - the stage that failed; MW_STAGE_NONE when none did. */
enum mw_stage mw_verdict_stage(const struct mw_verdict *verdict);

/*
 * mw_verdict_stage_result - how one stage went: "passed", "warning", "skipped", "failed" or
 * "not-evaluated", the last also for a stage outside the enum. Static.
 */
const char *mw_verdict_stage_result(const struct mw_verdict *verdict, enum mw_stage stage);

/*
 * What was compared when a stage failed, or the versions when all passed. All borrowed from
 * @verdict, and NULL when nothing was compared or the value is not known; a value over 255 bytes is
 * cut and ends in "…".
 *
 * mw_verdict_field - "mdev_type", "attributes.aggregator", …
 * mw_verdict_comparator - "equal", "ranges", … (SEMANTICS 2)
 * mw_verdict_direction - whose list was read: "destination-accepts", … (SEMANTICS 2.5)
 * mw_verdict_source_value, mw_verdict_dest_value - the two values side by side
 */
const char *mw_verdict_field(const struct mw_verdict *verdict);
const char *mw_verdict_comparator(const struct mw_verdict *verdict);
const char *mw_verdict_direction(const struct mw_verdict *verdict);
const char *mw_verdict_source_value(const struct mw_verdict *verdict);
const char *mw_verdict_dest_value(const struct mw_verdict *verdict);

/*
 * The rule that decided, and the part of it that did. Borrowed from the policy.
 *
 * mw_verdict_rule_name - its name; NULL when no rule matched or the built-in one did
 * mw_verdict_rule_file - the policy's file as it was named when read; NULL before mw_judge
 * mw_verdict_rule_line, mw_verdict_rule_column - from 1; 0 when no rule matched, or built in
 */
const char *mw_verdict_rule_name(const struct mw_verdict *verdict);
const char *mw_verdict_rule_file(const struct mw_verdict *verdict);
unsigned int mw_verdict_rule_line(const struct mw_verdict *verdict);
unsigned int mw_verdict_rule_column(const struct mw_verdict *verdict);

/* mw_verdict_hint - how an operator could allow it; NULL when there is nothing to say. Borrowed. */
const char *mw_verdict_hint(const struct mw_verdict *verdict);

/*
 * mw_verdict_create_type - the type to create at the destination (SEMANTICS 2.10); NULL when the
 * device is to be entered as it is. Borrowed.
 */
const char *mw_verdict_create_type(const struct mw_verdict *verdict);

/* mw_verdict_warning_count - of a verdict that allows, too. */
size_t mw_verdict_warning_count(const struct mw_verdict *verdict);

/*
 * mw_verdict_warning - one of them, from 0; borrowed. NULL outside the count, and for the
 * seventeenth and later, which are counted only.
 */
const char *mw_verdict_warning(const struct mw_verdict *verdict, size_t index);

/*
 * mw_verdict_to_json - all of it as one line of JSON, as `migwarden check --json` has it
 * (SEMANTICS 5). To be freed with free(3); NULL when memory is out.
 */
char *mw_verdict_to_json(const struct mw_verdict *verdict);

#ifdef __cplusplus
}
#endif

#endif
