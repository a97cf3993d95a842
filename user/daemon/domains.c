// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/domains.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "config/config.h"
#include "config/json_text.h"
#include "core/names.h"
#include "daemon/domain_choice.h"
#include "daemon/shadow.h"
#include "daemon/state.h"
#include "sinks/decision.h"
#include "sinks/json_set.h"

#define TEXT_BYTES 1024

typedef void (*admission_visitor)(struct daemon *daemon, const struct admission *admission,
				  void *context);

/* Calls @visit for each admission that holds still and is for a domain, the latest first. */
static void each_domain_admission(struct daemon *daemon, admission_visitor visit, void *context)
{
	const struct admissions *admissions = &daemon->admissions;
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	for (uint64_t id = admissions->last_id, n = 0; id && n < ADMISSIONS_MAX; id--, n++) {
		const struct admission *admission = admissions_find(admissions, id);

		if (admission && admission->expires_ns > now_ns && admission_domain(admission))
			visit(daemon, admission, context);
	}
}

/* What is left of it in the kernel, unless something else stands in its place by now. */
static bool still_holds(struct daemon *daemon, const struct admission *admission,
			struct mw_admission *left)
{
	return daemon->gate &&
	       !gate_admission(daemon->gate, admission->device, admission->direction, left) &&
	       left->id == admission->id;
}

struct taking_back {
	const char *uuid;
	int pid; /* who asked */
	int count;
};

static void take_back_one(struct daemon *daemon, const struct admission *admission, void *context)
{
	struct taking_back *taking = context;
	struct audit_row row = {
		.kind = AUDIT_REVOKE,
		.device = admission->device,
		.direction = direction_label(admission->direction),
		.vm_uuid = taking->uuid,
		.pid = taking->pid,
		.admission = admission->id,
	};
	struct mw_admission left;
	uint64_t intent;
	int r;

	if (strcmp(admission_domain(admission), taking->uuid) != 0 ||
	    !still_holds(daemon, admission, &left))
		return;
	trail_intend_anyway(daemon, &row, NULL, &intent);
	r = ticket_revoke(daemon, admission->device, admission->direction);
	trail_answer(daemon, intent, r);
	taking->count += r == 0;
}

/* The tickets of a domain that have not been used. Gives their number. */
static int take_back(struct daemon *daemon, const char *uuid, int pid)
{
	struct taking_back taking = {.uuid = uuid, .pid = pid};

	each_domain_admission(daemon, take_back_one, &taking);
	return taking.count;
}

static json_t *detail_of(const struct domain_choice *choice, const struct domain_slot *slot)
{
	const struct stamp *stamp = slot->seal.stamp;
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:I}", "domain", choice->request->name,
			 "uuid", choice->request->uuid, "source_host", stamp ? stamp->host : NULL,
			 "dest_host", host, "key", slot->seal.evidence.key, "stamp_time",
			 (json_int_t)(stamp ? stamp->time_s : 0));
}

static struct trail_admission trail_of(const struct domain_choice *choice,
				       const struct domain_slot *slot,
				       const struct engine_request *request, const json_t *detail,
				       const char *explanation)
{
	return (struct trail_admission){
		.pid = choice->pid,
		.request = request,
		.made = &slot->made,
		.device = slot->device,
		.explanation = explanation,
		.source = slot->seal.stamp ? slot->seal.stamp->descriptor : NULL,
		.dest = slot->local,
		.domain = detail,
	};
}

/* The intent is on the disk before the kernel has it, its answer after that. */
static int put_in_gate(struct domain_choice *choice, struct domain_slot *slot,
		       const struct engine_request *request)
{
	AUTO_JSON json_t *detail = detail_of(choice, slot);
	AUTO_FREE char *explanation = decision_explain(&slot->made.verdict);
	const struct trail_admission row = trail_of(choice, slot, request, detail, explanation);
	uint64_t intent;
	int r = trail_admit(choice->daemon, &row, &intent);

	if (r)
		return r;
	r = ticket_write(choice->daemon, slot->device, MW_INCOMING, &slot->made.admission);
	trail_answer(choice->daemon, intent, r);
	return r;
}

/* Nothing is written, but somebody wanted to come, and was told no. */
static void refuse_tickets(const struct domain_choice *choice)
{
	const struct engine_request request = domain_choice_ask(choice);

	for (size_t i = 0; i < choice->request->count; i++) {
		const struct domain_slot *slot = &choice->slots[i];
		AUTO_JSON json_t *detail = detail_of(choice, slot);
		AUTO_FREE char *explanation = decision_explain(&slot->made.verdict);
		struct trail_admission row = trail_of(choice, slot, &request, detail, explanation);

		if (!*slot->device)
			row.device = choice->request->devices[i].device;
		trail_refuse(choice->daemon, &row);
	}
}

/* Remembered before it has an effect: no event can name an id that we do not know. */
static int write_ticket(struct domain_choice *choice, struct domain_slot *slot)
{
	struct daemon *daemon = choice->daemon;
	const struct engine_request request = domain_choice_ask(choice);
	const struct admission *admission;

	slot->made.admission.id = request.id;
	admission = admissions_add(&daemon->admissions, slot->device, MW_INCOMING,
				   slot->made.admission.expires_ns,
				   decision_explain(&slot->made.verdict),
				   verdict_to_json(&slot->made.verdict));
	if (!admission || !admission->explanation || !admission->verdict)
		return -ENOMEM;
	admissions_add_detail(&daemon->admissions, detail_of(choice, slot));
	if (slot->seal.stamp && slot->local)
		shadow_admit(daemon, &request, slot->seal.stamp->descriptor, slot->local);
	return put_in_gate(choice, slot, &request);
}

/* All or nothing: what was written is taken back when the next cannot be. */
static int write_tickets(struct domain_choice *choice)
{
	int r = 0;

	for (size_t i = 0; !r && i < choice->request->count; i++)
		if (*choice->slots[i].device)
			r = write_ticket(choice, &choice->slots[i]);
	if (r)
		take_back(choice->daemon, choice->request->uuid, choice->pid);
	return r;
}

static json_t *slot_to_json(const struct domain_choice *choice, size_t index)
{
	const struct domain_slot *slot = &choice->slots[index];
	const struct verdict *verdict = &slot->made.verdict;
	const struct stamp *stamp = slot->seal.stamp;
	AUTO_FREE char *explanation = decision_explain(verdict);
	const char *type = stamp && stamp->descriptor->mdev_type.state == FACT_KNOWN
				   ? stamp->descriptor->mdev_type.text
				   : NULL;
	const char *parent = *slot->create_parent && type ? slot->create_parent : NULL;

	return json_pack("{s:s, s:s?, s:b, s:o, s:o, s:s?, s:s?, s:o, s:s?}", "device",
			 choice->request->devices[index].device, "local",
			 *slot->device ? slot->device : NULL, "admitted", slot->passes,
			 "explanation", json_text(explanation), "verdict", verdict_to_json(verdict),
			 "key", slot->seal.evidence.key, "source_host", stamp ? stamp->host : NULL,
			 "create_parent", json_text(parent), "create_type", parent ? type : NULL);
}

static json_t *choice_to_json(const struct domain_choice *choice, bool admitted)
{
	AUTO_JSON json_t *devices = json_array();

	for (size_t i = 0; i < choice->request->count; i++)
		if (json_array_append_new(devices, slot_to_json(choice, i)))
			return NULL;
	return json_pack("{s:b, s:b, s:s, s:s, s:O}", "admitted", admitted, "rewrite",
			 !choice->request->is_restore &&
				 choice->daemon->policy->hook[HOOK_REMAP].value != REMAP_OFF,
			 "domain", choice->request->name, "uuid", choice->request->uuid, "devices",
			 devices);
}

static void tell_json(const struct daemon *daemon, const json_t *answer)
{
	json_t *line = json_copy((json_t *)answer);

	json_object_set_new(line, "event", json_string("domain"));
	json_put_line(daemon->options->out, line);
	fflush(daemon->options->out);
}

/* A line for each device, beside those of the gate: who came from where, and what became of it. */
static void tell(const struct domain_choice *choice, const json_t *answer)
{
	struct daemon *daemon = choice->daemon;
	char name[TEXT_BYTES], why[TEXT_BYTES], host[TEXT_BYTES], text[TEXT_BYTES];
	const json_t *device;
	size_t i;

	if (daemon->options->json) {
		tell_json(daemon, answer);
		return;
	}
	json_array_foreach(json_object_get(answer, "devices"), i, device)
	{
		const char *from = json_string_value(json_object_get(device, "source_host"));
		const char *key = json_string_value(json_object_get(device, "key"));

		fprintf(daemon->options->out, "domain %s from %s (key %.16s): %s %s: %s\n",
			escape_text(name, sizeof(name), choice->request->name),
			escape_text(host, sizeof(host), from ? from : "?"), key ? key : "none",
			json_is_true(json_object_get(answer, "admitted")) ? "admitted" : "refused",
			escape_text(text, sizeof(text), choice->request->devices[i].device),
			escape_text(why, sizeof(why),
				    json_string_value(json_object_get(device, "explanation"))
					    ?: "?"));
	}
	fflush(daemon->options->out);
}

static void answer_choice(struct domain_choice *choice, int pid, struct api_answer *answer)
{
	bool admitted = true;
	int r = 0;

	choice->pid = pid;
	for (size_t i = 0; i < choice->request->count; i++)
		admitted = admitted && choice->slots[i].passes;
	if (admitted)
		r = write_tickets(choice);
	else
		refuse_tickets(choice);
	if (r) {
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "cannot write the admission: %s",
			   strerror(-r));
		return;
	}
	answer->body = choice_to_json(choice, admitted);
	if (!answer->body)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	else
		tell(choice, answer->body);
}

void domains_on_admit(void *context, const struct api_request *request, struct api_answer *answer)
{
	AUTO_DOMAIN_REQUEST struct domain_request domain = {0};
	AUTO_DOMAIN_CHOICE struct domain_choice *choice = NULL;
	struct parse_error error = {0};
	struct daemon *daemon = context;
	char text[TEXT_BYTES];
	int r;

	if (domain_request_read(request->body, request->body_size, &domain, &error)) {
		parse_error_format(&error, text, sizeof(text));
		api_refuse(answer, MHD_HTTP_BAD_REQUEST, "%s", text);
		return;
	}
	if (!daemon_require_gate(daemon, answer))
		return;
	/* What an earlier attempt of it left. */
	take_back(daemon, domain.uuid, request->peer.pid);
	r = domain_choose(daemon, &domain, &choice);
	if (r)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR,
			   "cannot look at the devices of this host: %s", strerror(-r));
	else
		answer_choice(choice, request->peer.pid, answer);
}

static void forget_stamps(struct daemon *daemon, const char *uuid)
{
	for (size_t i = json_array_size(daemon->stamps); i-- > 0;) {
		const json_t *stamp = json_array_get(daemon->stamps, i);
		const char *of = json_string_value(json_object_get(stamp, "uuid"));

		if (of && strcmp(of, uuid) == 0)
			json_array_remove(daemon->stamps, i);
	}
}

void domains_on_release(void *context, const struct api_request *request, struct api_answer *answer)
{
	const char *uuid = api_argument(request, "uuid");

	if (!uuid || !*uuid) {
		api_refuse(answer, MHD_HTTP_BAD_REQUEST, "uuid: expected that of a domain");
		return;
	}
	forget_stamps(context, uuid);
	answer->body = json_pack("{s:i}", "revoked", take_back(context, uuid, request->peer.pid));
}

static bool is_stamp_note(json_t *note)
{
	const char *domain, *uuid, *device;
	json_int_t time_s;

	return json_unpack_ex(note, NULL, JSON_STRICT, "{s:s, s:s, s:s, s:I}", "domain", &domain,
			      "uuid", &uuid, "device", &device, "time", &time_s) == 0;
}

void domains_on_stamped(void *context, const struct api_request *request, struct api_answer *answer)
{
	AUTO_JSON json_t *notes = json_loadb(request->body, request->body_size, 0, NULL);
	struct daemon *daemon = context;
	json_t *note;
	size_t i;

	json_array_foreach(notes, i, note)
	{
		if (!is_stamp_note(note)) {
			api_refuse(answer, MHD_HTTP_BAD_REQUEST,
				   "expected domain, uuid, device and time of stamp %zu", i);
			return;
		}
		forget_stamps(daemon, json_string_value(json_object_get(note, "uuid")));
	}
	if (!daemon->stamps)
		daemon->stamps = json_array();
	json_array_foreach(notes, i, note) json_array_append(daemon->stamps, note);
	while (json_array_size(daemon->stamps) > DOMAIN_STAMPS_MAX)
		json_array_remove(daemon->stamps, 0);
	answer->body = json_pack("{s:i}", "stamps", (int)json_array_size(daemon->stamps));
}

static void list_admission(struct daemon *daemon, const struct admission *admission, void *context)
{
	struct mw_admission left;
	json_t *entry;

	/* Used up: it has come. */
	if (!still_holds(daemon, admission, &left) || (left.allow && left.uses <= 0))
		return;
	entry = json_deep_copy(admission->detail);
	json_object_set_new(entry, "device", json_string(admission->device));
	json_object_set_new(entry, "role", json_string("coming"));
	json_array_append_new(context, entry);
}

json_t *domains_to_json(struct daemon *daemon)
{
	json_t *list = json_array(), *stamp, *entry;
	int64_t now_s = time(NULL);
	size_t i;

	json_array_foreach(daemon->stamps, i, stamp)
	{
		entry = json_deep_copy(stamp);
		json_object_set_new(entry, "role", json_string("here"));
		json_object_set(entry, "stamp_time", json_object_get(entry, "time"));
		json_object_del(entry, "time");
		json_array_append_new(list, entry);
	}
	each_domain_admission(daemon, list_admission, list);
	json_array_foreach(list, i, entry)
	{
		json_int_t time_s = json_integer_value(json_object_get(entry, "stamp_time"));

		json_object_set_new(entry, "stamp_age_s",
				    time_s ? json_integer(now_s - time_s) : json_null());
	}
	return list;
}
