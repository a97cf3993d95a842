// SPDX-License-Identifier: GPL-2.0-only
#include "cli/report_input.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/control_client.h"
#include "cli/replay_source.h"
#include "config/input.h"
#include "config/session_read.h"

static bool is_same(const struct session *a, const struct session *b)
{
	return a->id == b->id && a->begin_ns == b->begin_ns && a->side == b->side &&
	       !strcmp(a->device, b->device) && !strcmp(a->boot_id, b->boot_id) &&
	       !strcmp(a->host, b->host);
}

static int out_of_memory(const struct report_input *input)
{
	return verb_usage(input->verb, "out of memory");
}

/* A copy; the newer one of the same session stays. */
static int add(struct report_input *input, const struct session *session)
{
	struct session **grown;
	struct session *copy;

	for (size_t i = input->count; i > 0; i--)
		if (is_same(input->sessions[i - 1], session)) {
			*input->sessions[i - 1] = *session;
			return EXIT_YES;
		}
	if (input->count == REPORT_SESSIONS_MAX) {
		input->left_out++;
		return EXIT_YES;
	}
	copy = malloc(sizeof(*copy));
	grown = copy ? reallocarray(input->sessions, input->count + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return out_of_memory(input);
	}
	*copy = *session;
	input->sessions = grown;
	input->sessions[input->count++] = copy;
	return EXIT_YES;
}

/* What reads a recording's sessions. */
struct collector {
	struct report_input *input;
	struct replay_source *source;
	struct sessions *sessions;
	int code;
};

static void on_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct collector *collector = context;
	struct session_vm vm;

	(void)alarm;
	switch (outcome) {
	case SESSION_BEGAN:
		vm = replay_source_find_vm(collector->source, session->pid);
		sessions_identify(collector->sessions, session->id, vm.name, vm.uuid);
		return;
	case SESSION_CHANGED:
		/* Its end was told before; what became known since belongs to it. */
		if (session->end == SESSION_OPEN)
			return;
		break;
	case SESSION_ENDED:
		break;
	case SESSION_ALARMED:
		return;
	}
	if (collector->code == EXIT_YES)
		collector->code = add(collector->input, session);
}

static void tell_losses(struct collector *collector)
{
	struct ring_counts sums = replay_source_sums(collector->source, NULL);

	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++)
		if (sums.kind[kind].lost)
			sessions_lost(collector->sessions, kind, sums.kind[kind].lost);
}

static int collect(struct collector *collector)
{
	uint64_t downtime_ns;
	const union mw_event *event;
	int r;

	while ((r = replay_source_next(collector->source, &event)) == 1) {
		downtime_ns = replay_source_downtime_ns(collector->source);
		sessions_set_downtime(collector->sessions, downtime_ns);
		if (sessions_feed(collector->sessions, event))
			return out_of_memory(collector->input);
	}
	tell_losses(collector);
	sessions_finish(collector->sessions, replay_source_end_ns(collector->source));
	if (r < 0) {
		/* All that is good of it is told. */
		verb_refuse(replay_source_error(collector->source));
		collector->input->is_damaged = true;
	}
	return collector->code;
}

static int add_recording(struct report_input *input, const char *path)
{
	AUTO_REPLAY_SOURCE struct replay_source *source = NULL;
	AUTO_SESSIONS struct sessions *sessions = NULL;
	struct collector collector = {.input = input, .code = EXIT_YES};
	struct session_origin origin;

	if (replay_source_open(input->verb, path, &source))
		return EXIT_BAD;
	origin = replay_source_origin(source);
	if (sessions_new(&session_limits_default, &origin, on_outcome, &collector, &sessions))
		return out_of_memory(input);
	collector.source = source;
	collector.sessions = sessions;
	return collect(&collector);
}

/* @line: of the file, from 1, where the text begins. */
static int add_text(struct report_input *input, const char *name, unsigned int line,
		    const char *text, size_t length)
{
	AUTO_FREE struct session *sessions = NULL;
	struct parse_error error = {0};
	size_t count = 0;
	int r = session_read_text(name, text, length, &sessions, &count, &error);

	if (r == -ENOMEM)
		return out_of_memory(input);
	if (r) {
		error.line += error.line ? line - 1 : 0;
		return verb_refuse(&error);
	}
	for (size_t i = 0; i < count; i++)
		if (add(input, &sessions[i]))
			return EXIT_BAD;
	return EXIT_YES;
}

/* What a line is: a session, or another event that watch, replay or the daemon print. */
static int is_session_line(struct slice line, json_error_t *error)
{
	json_t *object = json_loadb(line.text, line.length, 0, error);
	const char *event = json_string_value(json_object_get(object, "event"));
	int r = !object ? -EINVAL : !event || !strcmp(event, "session");

	json_decref(object);
	return r;
}

static int add_line(struct report_input *input, const char *name, unsigned int number,
		    struct slice line)
{
	struct parse_error error = {0};
	json_error_t json_error;
	int r;

	if (!slice_trim(line).length)
		return EXIT_YES;
	r = is_session_line(line, &json_error);
	if (r < 0) {
		parse_error_set(&error, name, number, (unsigned int)json_error.column,
				"expected a line of JSON, got: %s", json_error.text);
		return verb_refuse(&error);
	}
	return r ? add_text(input, name, number, line.text, line.length) : EXIT_YES;
}

/* Whether the first line is a whole object, and not the begin of one. */
static bool has_lines(struct slice text)
{
	struct slice first = {text.text, slice_find(text, '\n')};
	json_error_t error;

	return first.length < text.length && is_session_line(first, &error) >= 0;
}

static int add_json(struct report_input *input, const char *path)
{
	AUTO_INPUT struct input file = {0};
	struct parse_error error = {0};
	struct slice text, line;
	unsigned int number = 1;
	int r = input_open(path, SESSION_FILE_MAX, "sessions or a recording", &file, &error);

	if (r == -ENOMEM)
		return out_of_memory(input);
	if (r)
		return verb_refuse(&error);
	text = (struct slice){file.text, file.length};
	if (!has_lines(text))
		return add_text(input, file.name, 1, file.text, file.length);
	for (; slice_cut(&text, "\n", &line); number++)
		if (add_line(input, file.name, number, line))
			return EXIT_BAD;
	return EXIT_YES;
}

static bool is_recording(const char *path)
{
	char magic[RECORDING_MAGIC_BYTES] = {0};
	AUTO_FILE FILE *file = NULL;

	if (!strcmp(path, "-"))
		return false;
	file = fopen(path, "re");
	return file && fread(magic, 1, sizeof(magic), file) == sizeof(magic) &&
	       !memcmp(magic, RECORDING_MAGIC, sizeof(magic));
}

int report_input_file(struct report_input *input, const char *path)
{
	return is_recording(path) ? add_recording(input, path) : add_json(input, path);
}

/* The list is brief: each session is asked for by itself. */
static int add_from_daemon(struct report_input *input, const char *socket, uint64_t id)
{
	char path[64];
	struct control_request request = {
		.verb = input->verb->name, .socket = socket, .method = "GET", .path = path};
	AUTO_FREE char *text = NULL;
	json_t *session;

	snprintf(path, sizeof(path), "/v1/sessions/%" PRIu64, id);
	if (control_call(&request, &session))
		return EXIT_BAD;
	text = json_dumps(session, JSON_COMPACT);
	json_decref(session);
	return text ? add_text(input, "the daemon's answer", 1, text, strlen(text))
		    : out_of_memory(input);
}

int report_input_daemon(struct report_input *input, const char *socket)
{
	struct control_request request = {.verb = input->verb->name,
					  .socket = socket,
					  .method = "GET",
					  .path = "/v1/sessions"};
	const json_t *session;
	json_t *answer;
	int code = EXIT_YES;
	size_t i;

	if (control_call(&request, &answer))
		return EXIT_BAD;
	json_array_foreach(answer, i, session)
	{
		const json_t *id = json_object_get(session, "id");

		if (code == EXIT_YES)
			code = add_from_daemon(input, socket, (uint64_t)json_integer_value(id));
	}
	json_decref(answer);
	return code;
}

static int by_time(const void *a, const void *b)
{
	const struct session *one = *(const struct session *const *)a;
	const struct session *two = *(const struct session *const *)b;
	__int128 first = (__int128)one->begin_ns + one->clock_offset_ns;
	__int128 second = (__int128)two->begin_ns + two->clock_offset_ns;

	if (first != second)
		return first < second ? -1 : 1;
	return (one->id > two->id) - (one->id < two->id);
}

void report_input_sort(struct report_input *input)
{
	if (input->count)
		qsort(input->sessions, input->count, sizeof(*input->sessions), by_time);
}

void report_input_free(struct report_input *input)
{
	for (size_t i = 0; i < input->count; i++)
		free(input->sessions[i]);
	free(input->sessions);
	input->sessions = NULL;
	input->count = 0;
}
