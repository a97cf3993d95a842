// SPDX-License-Identifier: GPL-2.0-only
#include "core/stamp.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/compare_stage.h"

void stamp_free(struct stamp *stamp)
{
	/* It lives in its descriptor's arena. */
	if (stamp)
		descriptor_free(stamp->descriptor);
}

/* The values that a person is shown: what the stamp says, and what was to be. */
static void show(struct comparison *c, const char *comparator, const char *found,
		 const char *wanted)
{
	c->verdict->comparator = comparator;
	stage_source_value(c, slice_of(found));
	stage_dest_value(c, slice_of(wanted));
}

static const struct policy_hook *rule_of(const struct comparison *c, enum policy_hook_key key)
{
	const struct policy_hook *hook = &c->policy->hook[key];

	if (hook->file)
		c->verdict->policy_file = hook->file;
	return hook;
}

static bool fail(struct comparison *c)
{
	c->verdict->stage = MW_STAGE_DESCRIPTOR;
	c->verdict->stages[MW_STAGE_DESCRIPTOR] = STAGE_FAILED;
	c->verdict->action = MW_ACTION_DENY;
	if (c->policy->mode == POLICY_AUDIT)
		c->verdict->action = MW_ACTION_AUDIT;
	return false;
}

static bool judge_form(struct comparison *c, const struct stamp_evidence *evidence)
{
	static const struct position nowhere;

	switch (evidence->form) {
	case STAMP_WHOLE:
		return true;
	case STAMP_ABSENT:
		stage_fail(
			c, MW_REASON_DESCRIPTOR_ABSENT, "stamp", nowhere,
			"the domain brings no description of this device: run `migwarden stamp` "
			"on the source, or let its daemon keep stamps (`libvirt: {stamp: true}`)");
		break;
	case STAMP_TOO_LARGE:
		stage_fail(
			c, MW_REASON_DESCRIPTOR_TOO_LARGE, "stamp", nowhere,
			"the stamp is over %u bytes, no device needs that: run `migwarden stamp` "
			"on the source again",
			STAMP_TEXT_MAX);
		break;
	case STAMP_MALFORMED:
		stage_fail(c, MW_REASON_DESCRIPTOR_MALFORMED, "stamp", nowhere,
			   "%s; run `migwarden stamp` on the source again",
			   evidence->complaint ? evidence->complaint : "the stamp cannot be read");
		break;
	}
	return fail(c);
}

/* What is signed by nobody that is trusted: refused, told of, or taken, as the policy says. */
static bool judge_untrusted(struct comparison *c, const struct stamp_evidence *evidence)
{
	bool has_signature = evidence->signature == SIGNATURE_UNTRUSTED;
	const struct policy_hook *rule = rule_of(c, HOOK_UNSIGNED);

	if (rule->value == MW_ACTION_ALLOW)
		return true;
	show(c, "signature", has_signature ? evidence->key : "not signed", "a trusted key");
	if (has_signature)
		stage_fail(c, MW_REASON_KEY_UNTRUSTED, "stamp", rule->position,
			   "add the source's public key (`migwarden key export` there) to a file "
			   "that `trust` of the policy names here, then `migwarden reload`");
	else
		stage_fail(c, MW_REASON_DESCRIPTOR_UNSIGNED, "stamp", rule->position,
			   "run `migwarden stamp` on the source, which signs with the host's key, "
			   "or say `unsigned: audit` in the policy here");
	if (rule->value == MW_ACTION_DENY)
		return fail(c);
	fail(c);
	c->verdict->action = MW_ACTION_AUDIT;
	return true;
}

static bool judge_signature(struct comparison *c, const struct stamp_evidence *evidence)
{
	static const struct position nowhere;

	switch (evidence->signature) {
	case SIGNATURE_VALID:
		return true;
	case SIGNATURE_NONE:
	case SIGNATURE_UNTRUSTED:
		return judge_untrusted(c, evidence);
	case SIGNATURE_INVALID:
		break;
	}
	show(c, "signature", "changed after it was signed", evidence->key);
	stage_fail(c, MW_REASON_SIGNATURE_INVALID, "stamp", nowhere,
		   "the stamp was changed after key %s signed it: find out who edits the domain's "
		   "metadata, then run `migwarden stamp` on the source again",
		   evidence->key ? evidence->key : "?");
	return fail(c);
}

/* A good stamp of something else proves nothing of this device. */
static bool judge_subject(struct comparison *c, const struct stamp_evidence *evidence,
			  const struct stamp_context *context)
{
	static const struct position nowhere;
	const struct stamp *stamp = evidence->stamp;
	bool is_same_slot = stamp->slot && context->slot && text_equal(stamp->slot, context->slot);

	if (text_equal(stamp->domain, context->domain)) {
		if (text_equal(stamp->device, context->device) || is_same_slot)
			return true;
		show(c, "equal", stamp->device, context->device);
	} else {
		show(c, "equal", stamp->domain, context->domain);
	}
	stage_fail(c, MW_REASON_SIGNATURE_INVALID, "stamp", nowhere,
		   "the stamp was made for another domain or device; run `migwarden stamp` on the "
		   "source again");
	return fail(c);
}

/* What comes to this host is on another one: our own stamp tells of the device that it left here.
 */
static bool judge_home(struct comparison *c, const struct stamp *stamp,
		       const struct stamp_context *context)
{
	static const struct position nowhere;

	if ((!context->own_host || !text_equal(stamp->host, context->own_host)) &&
	    (!context->own_boot_id || !text_equal(stamp->boot_id, context->own_boot_id)))
		return true;
	show(c, "host", stamp->host, "any but this one");
	stage_fail(c, MW_REASON_DESCRIPTOR_STALE, "host", nowhere,
		   "it was stamped here, before it left: run `migwarden stamp` on the host that it "
		   "is on, or let the daemon there keep stamps (`libvirt: {stamp: true}`)");
	return fail(c);
}

static bool judge_boot(struct comparison *c, const struct stamp *stamp,
		       const struct stamp_context *context)
{
	static const struct position nowhere;

	if (!context->boot_id || text_equal(stamp->boot_id, context->boot_id) ||
	    stamp->time_s > context->boot_time_s)
		return true;
	show(c, "boot id", stamp->boot_id, context->boot_id);
	stage_fail(c, MW_REASON_DESCRIPTOR_STALE, "boot_id", nowhere,
		   "host %s has been booted since it stamped the domain: run `migwarden stamp` "
		   "there again",
		   stamp->host);
	return fail(c);
}

/* As in compare(): a clock that runs ahead makes it as doubtful as one that lies too long. */
static bool judge_age(struct comparison *c, const struct stamp *stamp,
		      const struct stamp_context *context)
{
	const struct policy_hook *rule;
	int64_t age = context->now_s - stamp->time_s;
	char found[64], wanted[64];

	if (!context->has_age)
		return true;
	rule = rule_of(c, HOOK_STAMP_MAX_AGE);
	if (age <= rule->value && age >= -rule->value)
		return true;
	snprintf(found, sizeof(found), age < 0 ? "%lld s ahead" : "%lld s old",
		 (long long)(age < 0 ? -age : age));
	snprintf(wanted, sizeof(wanted), "at most %lld s", (long long)rule->value);
	show(c, "age", found, wanted);
	stage_fail(c, MW_REASON_DESCRIPTOR_STALE, "time", rule->position,
		   "run `migwarden stamp` on %s again%s, or raise `stamp-max-age` here",
		   stamp->host, age < 0 ? " when the clocks agree" : "");
	return fail(c);
}

bool stamp_judge(const struct policy *policy, const struct stamp_evidence *evidence,
		 const struct stamp_context *context, struct verdict *out)
{
	struct comparison c = {.policy = policy, .verdict = out};

	/* As compare() does: the warnings need not be cleared. */
	memset(out, 0, offsetof(struct verdict, warnings));
	out->warning_count = 0;
	out->policy_file = policy->file;
	out->action = MW_ACTION_ALLOW;
	out->reason = MW_REASON_OK;
	out->stage = MW_STAGE_NONE;
	if (!judge_form(&c, evidence))
		return false;
	/* Nothing that it says counts before its signature does. Where the policy only audits what
	 * is unsigned, what follows may still refuse. */
	return judge_signature(&c, evidence) && judge_subject(&c, evidence, context) &&
	       judge_home(&c, evidence->stamp, context) &&
	       judge_boot(&c, evidence->stamp, context) && judge_age(&c, evidence->stamp, context);
}
