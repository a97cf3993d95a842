// SPDX-License-Identifier: GPL-2.0-only
#include "cli/session_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "sinks/event_text.h"
#include "sinks/json_set.h"
#include "sinks/session_json.h"
#include "sinks/session_text.h"

/* Lines that are kept until the end; what is beyond is counted. */
#define KEPT_MAX 65536u

struct kept {
	uint64_t id;
	char *line; /* as it will be printed, without a newline */
};

struct session_view {
	struct session_view_options options;
	struct sessions *sessions;
	uint64_t lost[MW_EVENT_KINDS];
	struct kept *kept; /* in the order of their ends */
	size_t kept_count;
	uint64_t not_kept;
};

static struct event_text_subject subject_of(const struct session *session, uint64_t time_ns)
{
	return (struct event_text_subject){
		.time_ns = time_ns,
		.clock_offset_ns = session->clock_offset_ns,
		.device = session->device,
		.comm = session->comm,
		.pid = session->pid,
	};
}

static json_t *alarm_json(const struct session *session, const struct session_alarm *alarm)
{
	json_t *object = json_object();

	json_set_word(object, "event", "alarm");
	json_set_clock(object, "time", alarm->time_ns, session->clock_offset_ns);
	json_set_text(object, "device", session->device);
	json_set_number(object, "pid", session->pid);
	json_set_text(object, "comm", session->comm);
	json_set_text(object, "vm", session->vm_name);
	json_set_number(object, "session", session->id);
	json_object_update_new(object, alarm_to_json(session, alarm));
	return object;
}

static void show_alarm(const struct session_view *view, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct event_text_subject subject = subject_of(session, alarm->time_ns);
	char text[SESSION_ALARM_TEXT_BYTES], line[SESSION_ALARM_TEXT_BYTES + 64];

	if (!event_view_has_alarms(view->options.view) ||
	    !event_view_has_device(view->options.view, session->device))
		return;
	if (view->options.view->json) {
		json_put_line(stdout, alarm_json(session, alarm));
		return;
	}
	session_alarm_text(session, alarm, text, sizeof(text));
	snprintf(line, sizeof(line), "%s: %s", alarm_kind_name(alarm->kind), text);
	event_text_line(stdout, &subject, "alarm", line);
}

static char *session_json_line(const struct session *session)
{
	json_t *object = session_to_json(session);
	char *line;

	json_set_word(object, "event", "session");
	line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return line;
}

static char *session_text_line(const struct session *session)
{
	struct event_text_subject subject = subject_of(session, session->begin_ns);
	char text[SESSION_LINE_BYTES], vm[4 * SESSION_NAME_BYTES];
	char line[sizeof(text) + sizeof(vm) + 16];
	size_t length = 0;
	char *out = NULL;
	FILE *memory = open_memstream(&out, &length);

	if (!memory)
		return NULL;
	session_line(session, text, sizeof(text));
	escape_text(vm, sizeof(vm), session->vm_name);
	snprintf(line, sizeof(line), "%s%s%s", text, *vm ? ", vm " : "", vm);
	event_text_line(memory, &subject, "session", line);
	if (fclose(memory)) {
		free(out);
		return NULL;
	}
	if (length && out[length - 1] == '\n')
		out[length - 1] = '\0';
	return out;
}

static char *session_to_line(const struct session_view *view, const struct session *session)
{
	return view->options.view->json ? session_json_line(session) : session_text_line(session);
}

static void keep(struct session_view *view, const struct session *session)
{
	struct kept *kept;

	if (!view->options.view->has_sessions ||
	    !event_view_has_device(view->options.view, session->device))
		return;
	kept = view->kept_count == KEPT_MAX
		       ? NULL
		       : reallocarray(view->kept, view->kept_count + 1, sizeof(*kept));
	if (!kept) {
		view->not_kept++;
		return;
	}
	view->kept = kept;
	kept[view->kept_count++] = (struct kept){session->id, session_to_line(view, session)};
}

/* What became known of a session after its end, which was not long ago. */
static void keep_anew(struct session_view *view, const struct session *session)
{
	for (size_t i = view->kept_count; i > 0; i--) {
		struct kept *kept = &view->kept[i - 1];

		if (kept->id != session->id)
			continue;
		free(kept->line);
		kept->line = session_to_line(view, session);
		return;
	}
}

static void act(struct session_view *view, enum session_outcome outcome,
		const struct session *session, const struct session_alarm *alarm)
{
	struct session_vm vm;

	switch (outcome) {
	case SESSION_BEGAN:
		if (!view->options.find_vm)
			return;
		vm = view->options.find_vm(view->options.context, session->pid);
		sessions_identify(view->sessions, session->id, vm.name, vm.uuid);
		return;
	case SESSION_ALARMED:
		show_alarm(view, session, alarm);
		return;
	case SESSION_CHANGED:
		if (session->end != SESSION_OPEN)
			keep_anew(view, session);
		return;
	case SESSION_ENDED:
		keep(view, session);
		return;
	}
}

static void on_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	const struct session_view *view = context;

	act(context, outcome, session, alarm);
	if (view->options.observer)
		view->options.observer(view->options.observer_context, outcome, session, alarm);
}

int session_view_open(const struct verb *verb, const struct session_view_options *options,
		      struct session_view **out)
{
	AUTO_SESSION_VIEW struct session_view *view = calloc(1, sizeof(*view));
	struct session_limits limits = session_limits_default;

	if (!view)
		return verb_usage(verb, "out of memory");
	view->options = *options;
	limits.downtime_ns = options->downtime_ns;
	if (sessions_new(&limits, &options->origin, on_outcome, view, &view->sessions))
		return verb_usage(verb, "out of memory");
	*out = TAKE_PTR(view);
	return EXIT_YES;
}

struct sessions *session_view_sessions(const struct session_view *view)
{
	return view->sessions;
}

void session_view_feed(struct session_view *view, const union mw_event *event)
{
	sessions_feed(view->sessions, event);
}

void session_view_lost(struct session_view *view, const uint64_t lost[static MW_EVENT_KINDS])
{
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		if (lost[kind] <= view->lost[kind])
			continue;
		sessions_lost(view->sessions, kind, lost[kind] - view->lost[kind]);
		view->lost[kind] = lost[kind];
	}
}

void session_view_finish(struct session_view *view, uint64_t now_ns)
{
	sessions_finish(view->sessions, now_ns);
}

static int by_id(const void *a, const void *b)
{
	const struct kept *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

void session_view_list(const struct session_view *view)
{
	if (view->kept_count)
		qsort(view->kept, view->kept_count, sizeof(*view->kept), by_id);
	for (size_t i = 0; i < view->kept_count; i++)
		if (view->kept[i].line)
			puts(view->kept[i].line);
	if (view->not_kept)
		fprintf(stderr, "%" PRIu64 " more sessions are not shown\n", view->not_kept);
}

void session_view_close(struct session_view *view)
{
	if (!view)
		return;
	sessions_free(view->sessions);
	for (size_t i = 0; i < view->kept_count; i++)
		free(view->kept[i].line);
	free(view->kept);
	free(view);
}
