// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/domain_choice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "core/compare_stage.h"
#include "host/mdev.h"

/* Why a device of this host cannot be the one, whatever it is. */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_ABSENT,
	OBSTACLE_IN_USE,
	OBSTACLE_PROMISED,
};

/* An admission for another domain that can still be used: the device will be wanted. */
static bool is_promised(const struct domain_choice *choice, const char *device, bool is_named)
{
	const struct admission *known;
	struct mw_admission left;
	const char *uuid;

	if (gate_admission(choice->daemon->gate, device, MW_INCOMING, &left) || !left.allow ||
	    left.uses <= 0 || left.expires_ns <= clock_ns(CLOCK_MONOTONIC))
		return false;
	known = admissions_find(&choice->daemon->admissions, left.id);
	uuid = known ? admission_domain(known) : NULL;
	/* By hand, it may well be for this very domain: if that names the device, so be it. */
	return uuid ? strcmp(uuid, choice->request->uuid) != 0 : !is_named;
}

static bool is_chosen(const struct domain_choice *choice, const char *device)
{
	for (size_t i = 0; i < choice->request->count; i++)
		if (strcmp(choice->slots[i].device, device) == 0)
			return true;
	return false;
}

static enum obstacle obstacle_of(const struct domain_choice *choice, const char *device,
				 bool is_named)
{
	if (domain_request_has(choice->request->in_use, device))
		return OBSTACLE_IN_USE;
	return is_chosen(choice, device) || is_promised(choice, device, is_named)
		       ? OBSTACLE_PROMISED
		       : OBSTACLE_NONE;
}

struct engine_request domain_choice_ask(const struct domain_choice *choice)
{
	return (struct engine_request){
		.id = choice->daemon->admissions.last_id + 1,
		.direction = MW_INCOMING,
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.ttl_ns = (uint64_t)choice->daemon->policy->hook[HOOK_ADMISSION_TTL].value *
			  1000000000ull,
		.uses = ADMISSION_USES_DEFAULT,
		.context =
			{
				.now_s = time(NULL),
				.device_count = (unsigned int)choice->request->count,
			},
	};
}

/* It is the one: no other device could do better. */
static bool fits(const struct verdict *verdict)
{
	return verdict->action == MW_ACTION_ALLOW || verdict->reason == MW_REASON_OK;
}

/* Judges a local device. Of those that do not fit the one that came furthest is kept. */
static int consider(struct domain_choice *choice, struct domain_slot *slot,
		    const struct inventory_device *device)
{
	const struct describe_options options = daemon_describe_options(choice->daemon);
	const struct engine_request request = domain_choice_ask(choice);
	AUTO_DESCRIPTOR struct descriptor *local = NULL;
	struct engine_admission made;
	int r = describe(choice->daemon->host, device, &options, &local);

	if (r)
		return r == -ENODEV ? 0 : r;
	engine_admit(choice->daemon->policy, slot->seal.stamp->descriptor, local, &request, &made);
	if (slot->local && !fits(&made.verdict) && made.verdict.stage <= slot->made.verdict.stage)
		return 0;
	descriptor_free(slot->local);
	slot->local = TAKE_PTR(local);
	slot->made = made;
	snprintf(slot->device, sizeof(slot->device), "%s", device->name);
	slot->fits = fits(&made.verdict);
	return 0;
}

/* Any free mdev, of those that were made for this domain just now or of the others. */
static int look_around(struct domain_choice *choice, struct domain_slot *slot, const char *named,
		       bool is_created)
{
	int r = 0;

	for (size_t i = 0; !r && !slot->fits && i < choice->inventory->count; i++) {
		const struct inventory_device *device = &choice->inventory->devices[i];

		if (device->bus == BUS_MDEV && strcmp(device->name, named) != 0 &&
		    domain_request_has(choice->request->created, device->name) == is_created &&
		    obstacle_of(choice, device->name, false) == OBSTACLE_NONE)
			r = consider(choice, slot, device);
	}
	return r;
}

static void refuse_capacity(struct domain_choice *choice, struct domain_slot *slot,
			    const struct domain_request_device *device, enum obstacle obstacle)
{
	static const char *const found[] = {
		[OBSTACLE_NONE] = "free",
		[OBSTACLE_ABSENT] = "not on this host",
		[OBSTACLE_IN_USE] = "in use",
		[OBSTACLE_PROMISED] = "promised to another domain",
	};
	const struct policy *policy = choice->daemon->policy;
	const struct policy_hook *remap = &policy->hook[HOOK_REMAP];
	struct verdict *verdict = &slot->made.verdict;
	struct comparison c = {.policy = policy, .verdict = verdict};
	const char *hint = "no other mdev is free that the policy admits: free one, or let the "
			   "policy make one (`remap: create`)";

	if (device->kind == HOSTDEV_PCI)
		hint = "free the device of that address here, or migrate with --xml that names "
		       "another one";
	else if (remap->value == REMAP_OFF)
		hint = "free or make the mdev of that UUID here, or let the policy choose another "
		       "one (`remap: uuid`)";
	else if (remap->value == REMAP_CREATE)
		hint = "no other mdev is free that the policy admits, nor was one made: free "
		       "one, or room for one on a parent that offers its type";
	memset(verdict, 0, sizeof(*verdict));
	verdict->policy_file = remap->file ? remap->file : policy->file;
	verdict->action = policy->mode == POLICY_AUDIT ? MW_ACTION_AUDIT : MW_ACTION_DENY;
	verdict->stage = MW_STAGE_MDEV_TYPE;
	verdict->stages[MW_STAGE_MDEV_TYPE] = STAGE_FAILED;
	verdict->comparator = "free";
	stage_source_value(&c, slice_of(device->device));
	stage_dest_value(&c, slice_of(found[obstacle]));
	stage_fail(&c, MW_REASON_NO_CAPACITY, "device", remap->position, "%s", hint);
}

/* A stamp that is only audited keeps its word, above a pair that fits. */
static void settle(struct domain_choice *choice, struct domain_slot *slot,
		   const struct verdict *stamp)
{
	const struct engine_request request = domain_choice_ask(choice);

	if (slot->fits && stamp->action == MW_ACTION_AUDIT)
		slot->made.verdict = *stamp;
	engine_admission(choice->daemon->policy, &request, &slot->made);
	slot->passes = slot->made.verdict.action != MW_ACTION_DENY;
	if (!slot->fits && !slot->passes)
		slot->device[0] = '\0';
}

/* Where one may be made, of the very type that the stamp tells of. */
static void offer_creation(struct domain_choice *choice, struct domain_slot *slot)
{
	const struct fact *type = &slot->seal.stamp->descriptor->mdev_type;

	if (choice->daemon->policy->hook[HOOK_REMAP].value != REMAP_CREATE ||
	    json_array_size(choice->request->created) || type->state != FACT_KNOWN)
		return;
	mdev_find_parent(choice->daemon->host, type->text, slot->create_parent);
}

static int choose_local(struct domain_choice *choice, struct domain_slot *slot,
			const struct domain_request_device *device, const struct verdict *stamp)
{
	bool remaps = device->kind == HOSTDEV_MDEV &&
		      choice->daemon->policy->hook[HOOK_REMAP].value != REMAP_OFF;
	enum obstacle obstacle = OBSTACLE_ABSENT;
	const struct inventory_device *named;
	int r = 0;

	if (!inventory_find(choice->daemon->host, choice->inventory, device->device, &named)) {
		obstacle = obstacle_of(choice, named->name, true);
		if (obstacle == OBSTACLE_NONE)
			r = consider(choice, slot, named);
	}
	if (!r && remaps)
		r = look_around(choice, slot, device->device, true);
	if (!r && remaps)
		r = look_around(choice, slot, device->device, false);
	if (r)
		return r;
	if (!slot->local)
		refuse_capacity(choice, slot, device, obstacle);
	if (!slot->fits && remaps)
		offer_creation(choice, slot);
	settle(choice, slot, stamp);
	return 0;
}

/* It comes back to where it was, and nobody asked for more: a ticket for what it names. */
static void admit_unseen(struct domain_choice *choice, struct domain_slot *slot,
			 const struct domain_request_device *device)
{
	const struct engine_request request = domain_choice_ask(choice);
	const struct policy_hook *rule = &choice->daemon->policy->hook[HOOK_RESTORE];
	struct verdict *verdict = &slot->made.verdict;

	verdict->policy_file = rule->file ? rule->file : choice->daemon->policy->file;
	verdict->position = rule->position;
	engine_admission(choice->daemon->policy, &request, &slot->made);
	snprintf(slot->device, sizeof(slot->device), "%s", device->device);
	slot->fits = true;
	slot->passes = true;
}

static struct stamp_context context_of(const struct domain_choice *choice,
				       const struct domain_request_device *device, const char *key)
{
	struct stamp_context context = {
		.now_s = time(NULL),
		.domain = choice->request->uuid,
		.device = device->device,
		.slot = *device->slot ? device->slot : NULL,
		.has_age = !choice->request->is_restore,
	};
	const struct boot *boot = key ? boots_find(&choice->daemon->boots, key) : NULL;

	/* A saved image is of this host, and older than the boot that reads it, as a matter of
	 * course. */
	if (!context.has_age)
		return context;
	context.own_host = choice->host;
	context.own_boot_id = choice->boot_id.length ? choice->boot_id.text : NULL;
	if (boot) {
		context.boot_id = boot->id;
		context.boot_time_s = boot->time_s;
	}
	return context;
}

static int open_seal(struct domain_choice *choice, struct domain_slot *slot,
		     const struct domain_request_device *device)
{
	slot->seal.evidence.form = device->form;
	slot->seal.evidence.complaint = device->complaint;
	if (device->form != STAMP_WHOLE)
		return 0;
	return seal_open(device->stamp, device->signature, &choice->daemon->trust, &slot->seal);
}

static int judge_slot(struct domain_choice *choice, size_t index)
{
	const struct domain_request_device *device = &choice->request->devices[index];
	const struct policy *policy = choice->daemon->policy;
	struct domain_slot *slot = &choice->slots[index];
	struct engine_request request = domain_choice_ask(choice);
	struct stamp_context context;
	struct verdict stamp;
	int r;

	if (choice->request->is_restore && policy->hook[HOOK_RESTORE].value == RESTORE_ALLOW) {
		admit_unseen(choice, slot, device);
		return 0;
	}
	r = open_seal(choice, slot, device);
	if (r)
		return r;
	context = context_of(choice, device, slot->seal.evidence.key);
	if (stamp_judge(policy, &slot->seal.evidence, &context, &stamp)) {
		if (slot->seal.evidence.signature == SIGNATURE_VALID)
			boots_learn(&choice->daemon->boots, slot->seal.stamp);
		return choose_local(choice, slot, device, &stamp);
	}
	slot->made.verdict = stamp;
	engine_admission(policy, &request, &slot->made);
	slot->passes = stamp.action != MW_ACTION_DENY;
	return 0;
}

void domain_choice_free(struct domain_choice *choice)
{
	if (!choice)
		return;
	for (size_t i = 0; i < STAMP_DEVICES_MAX; i++) {
		descriptor_free(choice->slots[i].local);
		seal_free(&choice->slots[i].seal);
	}
	inventory_free(choice->inventory);
	free(choice);
}

int domain_choose(struct daemon *daemon, const struct domain_request *request,
		  struct domain_choice **out)
{
	AUTO_DOMAIN_CHOICE struct domain_choice *choice = calloc(1, sizeof(*choice));
	int r;

	if (!choice)
		return -ENOMEM;
	choice->daemon = daemon;
	choice->request = request;
	gethostname(choice->host, sizeof(choice->host) - 1);
	r = host_read_line(daemon->host, &choice->boot_id, HOST_BOOT_ID_PATH);
	if (!r)
		r = inventory_read(daemon->host, &choice->inventory);
	for (size_t i = 0; !r && i < request->count; i++)
		r = judge_slot(choice, i);
	if (!r)
		*out = TAKE_PTR(choice);
	return r;
}
