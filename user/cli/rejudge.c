// SPDX-License-Identifier: GPL-2.0-only
#include "cli/rejudge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cli/compare_options.h"
#include "config/config.h"
#include "core/engine.h"
#include "core/names.h"
#include "sinks/decision.h"
#include "sinks/event_text.h"
#include "sinks/json_set.h"

#define DEVICES_MAX 4096u
#define EXPLANATION_BYTES 1024

struct rejudge {
	struct policy *policy;
	struct descriptor *source;
	struct descriptor *dest;
	struct descriptor **devices; /* of the recording, the last word on each */
	size_t device_count;
	uint64_t same;
	uint64_t other;
	uint64_t unknown;
};

struct judgement {
	enum mw_gate_answer answer;   /* 0: cannot be said */
	char text[EXPLANATION_BYTES]; /* why, or why not */
};

static int read_peer(const char *path, struct descriptor **out)
{
	struct parse_error error;

	return path && descriptor_read_file(path, out, &error) ? verb_refuse(&error) : EXIT_YES;
}

int rejudge_open(const struct verb *verb, const struct rejudge_options *options,
		 struct rejudge **out)
{
	struct rejudge *rejudge = calloc(1, sizeof(*rejudge));
	struct parse_error error;
	int r = EXIT_YES;

	if (!rejudge)
		return verb_usage(verb, "out of memory");
	if (compare_policy(options->policy, &rejudge->policy, &error))
		r = verb_refuse(&error);
	if (!r)
		r = read_peer(options->source, &rejudge->source);
	if (!r)
		r = read_peer(options->dest, &rejudge->dest);
	if (r) {
		rejudge_close(rejudge);
		return r;
	}
	*out = rejudge;
	return EXIT_YES;
}

static const char *name_of(const struct descriptor *descriptor)
{
	return descriptor->device.state == FACT_KNOWN ? descriptor->device.text : "";
}

static struct descriptor **place_of(struct rejudge *rejudge, const char *name)
{
	struct descriptor **devices;

	for (size_t i = 0; i < rejudge->device_count; i++)
		if (!strcmp(name_of(rejudge->devices[i]), name))
			return &rejudge->devices[i];
	if (rejudge->device_count == DEVICES_MAX)
		return NULL;
	devices = reallocarray(rejudge->devices, rejudge->device_count + 1, sizeof(*devices));
	if (!devices)
		return NULL;
	rejudge->devices = devices;
	devices[rejudge->device_count] = NULL;
	return &devices[rejudge->device_count++];
}

void rejudge_device(void *context, const char *text, size_t length)
{
	AUTO_DESCRIPTOR struct descriptor *descriptor = NULL;
	struct rejudge *rejudge = context;
	struct descriptor **place;

	/* One that is none is a device of which nothing is known. */
	if (descriptor_read_text("recording", text, length, &descriptor, NULL))
		return;
	place = place_of(rejudge, name_of(descriptor));
	if (!place)
		return;
	descriptor_free(*place);
	*place = TAKE_PTR(descriptor);
}

static const struct descriptor *find_device(const struct rejudge *rejudge, const char *name)
{
	for (size_t i = 0; i < rejudge->device_count; i++)
		if (!strcmp(name_of(rejudge->devices[i]), name))
			return rejudge->devices[i];
	return NULL;
}

uint64_t rejudge_downtime_ns(const struct rejudge *rejudge)
{
	return policy_downtime_ns(rejudge->policy);
}

static void by_default(const struct rejudge *rejudge, const struct mw_event_gate *event,
		       struct judgement *out)
{
	const struct descriptor *device = find_device(rejudge, event->head.device);
	struct mw_admission own = engine_default(rejudge->policy, device, event->direction);
	struct position position =
		engine_default_position(rejudge->policy, event->direction, own.id);

	if (own.id == MW_DEFAULT_UNSEEN) {
		snprintf(out->text, sizeof(out->text),
			 "devices have defaults of their own, and the recording has no descriptor "
			 "of this one");
		return;
	}
	out->answer = engine_admission_answer(rejudge->policy, &own);
	snprintf(out->text, sizeof(out->text), "%s (%s:%u)",
		 out->answer == MW_GATE_PASSED ? "the default" : "no admission, and the default",
		 rejudge->policy->file, position.line);
}

static void by_pair(const struct rejudge *rejudge, const struct mw_event_gate *event,
		    const struct descriptor *source, const struct descriptor *dest,
		    struct judgement *out)
{
	/* Ages cannot be told: the admission was made at another time. */
	const struct engine_request request = {
		.direction = event->direction,
		.uses = 1,
		.context = {.now_s = -1, .device_count = 1},
	};
	AUTO_FREE char *explanation = NULL;
	struct engine_admission made;

	engine_admit(rejudge->policy, source, dest, &request, &made);
	out->answer = engine_admission_answer(rejudge->policy, &made.admission);
	explanation = decision_explain(&made.verdict);
	snprintf(out->text, sizeof(out->text), "%s", explanation ? explanation : "");
}

static void by_admission(const struct rejudge *rejudge, const struct mw_event_gate *event,
			 struct judgement *out)
{
	const struct descriptor *local = find_device(rejudge, event->head.device);
	bool is_incoming = event->direction == MW_INCOMING;
	const struct descriptor *source = is_incoming ? rejudge->source : local;
	const struct descriptor *dest = is_incoming ? local : rejudge->dest;

	if (source && dest)
		by_pair(rejudge, event, source, dest, out);
	else if (!local)
		snprintf(out->text, sizeof(out->text),
			 "the recording has no descriptor of the device");
	else
		snprintf(out->text, sizeof(out->text),
			 "it was admitted by the descriptor of the other side: %s gives it",
			 is_incoming ? "--source" : "--dest");
}

static void judge(const struct rejudge *rejudge, const struct mw_event_gate *event,
		  struct judgement *out)
{
	*out = (struct judgement){0};
	if (event->direction != MW_INCOMING && event->direction != MW_OUTGOING)
		snprintf(out->text, sizeof(out->text), "the record names no direction");
	else if (event->reason == MW_REASON_STATE_BYPASS)
		snprintf(out->text, sizeof(out->text), "a bypass is no matter of policy");
	else if (event->basis == MW_BASIS_DEFAULT)
		by_default(rejudge, event, out);
	else
		by_admission(rejudge, event, out);
}

static void show_json(const struct event_view *view, const struct mw_event_gate *event,
		      const struct judgement *judgement)
{
	json_t *object = json_object();

	json_set_word(object, "event", "verdict");
	json_set_clock(object, "time", event->head.time_ns, view->clock_offset_ns);
	json_set_number(object, "time_ns", event->head.time_ns);
	json_set_text(object, "device", event->head.device);
	json_set_word(object, "direction", direction_label(event->direction));
	json_set_word(object, "recorded", gate_answer_name(event->answer));
	json_object_set_new(object, "judged",
			    judgement->answer ? json_string(gate_answer_name(judgement->answer))
					      : json_null());
	json_set_text(object, "explanation", judgement->text);
	json_put_line(stdout, object);
}

static void show_text(const struct event_view *view, const struct mw_event_gate *event,
		      const struct judgement *judgement)
{
	const struct event_text_subject subject = {
		.time_ns = event->head.time_ns,
		.clock_offset_ns = view->clock_offset_ns,
		.device = event->head.device,
		.comm = event->head.comm,
		.pid = event->head.pid,
	};
	char clean[2 * EXPLANATION_BYTES], line[sizeof(clean) + 64];
	const char *word = "cannot be judged";

	if (judgement->answer)
		word = (uint32_t)judgement->answer == event->answer
			       ? "the same"
			       : gate_answer_name(judgement->answer);
	escape_text(clean, sizeof(clean), judgement->text);
	snprintf(line, sizeof(line), "%s: %s", word, clean);
	event_text_line(stdout, &subject, "verdict", line);
}

void rejudge_event(struct rejudge *rejudge, const struct event_view *view,
		   const union mw_event *event)
{
	struct judgement judgement;

	if (event->head.kind != MW_EVENT_GATE || !event_view_wants(view, event))
		return;
	judge(rejudge, &event->gate, &judgement);
	if (!judgement.answer)
		rejudge->unknown++;
	else if ((uint32_t)judgement.answer == event->gate.answer)
		rejudge->same++;
	else
		rejudge->other++;
	if (view->json)
		show_json(view, &event->gate, &judgement);
	else
		show_text(view, &event->gate, &judgement);
}

void rejudge_sums(const struct rejudge *rejudge, const struct event_view *view)
{
	if (view->json)
		json_put_line(stdout,
			      json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "verdicts", "policy",
					rejudge->policy->file, "same", (json_int_t)rejudge->same,
					"other", (json_int_t)rejudge->other, "not_judged",
					(json_int_t)rejudge->unknown));
	else
		fprintf(stderr,
			"%" PRIu64 " decisions would have been the same under %s, %" PRIu64
			" others, %" PRIu64 " cannot be judged\n",
			rejudge->same, rejudge->policy->file, rejudge->other, rejudge->unknown);
}

void rejudge_close(struct rejudge *rejudge)
{
	if (!rejudge)
		return;
	policy_free(rejudge->policy);
	descriptor_free(rejudge->source);
	descriptor_free(rejudge->dest);
	for (size_t i = 0; i < rejudge->device_count; i++)
		descriptor_free(rejudge->devices[i]);
	free(rejudge->devices);
	free(rejudge);
}
