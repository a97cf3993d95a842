// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/chronicle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/units.h"
#include "kern/dataflow.h"
#include "kern/kernel.h"
#include "sinks/json_set.h"
#include "sinks/session_json.h"
#include "sinks/session_text.h"

#define NS_PER_US 1000
#define NS_PER_S 1000000000u

/* VMs that are remembered by what the gate said to them. */
#define KNOWN_MAX 16

/* A VM that was refused may be gone when its migration is told of: the gate heard of it before. */
struct known {
	pid_t pid; /* 0: nobody's */
	char device[MW_DEVICE_BYTES];
	char vm_name[HOST_NAME_BYTES];
	char vm_uuid[PROCESS_UUID_BYTES];
};

struct chronicle {
	struct chronicle_options options;
	struct sessions *sessions;
	struct dataflow *dataflow;
	sd_event_source *timer;
	uint64_t lost[MW_EVENT_KINDS]; /* as told to the engine */
	/* A ring of the last ones; kept_next is the oldest once it is full. */
	struct session *kept[CHRONICLE_KEPT_MAX];
	size_t kept_next;
	struct known known[KNOWN_MAX]; /* a ring of the last ones, too */
	size_t known_next;
	/* Who was looked up last, and when: whoever begins a thousand times a second is not. */
	struct known last;
	uint64_t last_ns;
};

static struct session *kept_find(const struct chronicle *chronicle, uint64_t id)
{
	for (size_t i = 0; i < CHRONICLE_KEPT_MAX; i++)
		if (chronicle->kept[i] && chronicle->kept[i]->id == id)
			return chronicle->kept[i];
	return NULL;
}

static void keep(struct chronicle *chronicle, const struct session *session)
{
	struct session **slot = &chronicle->kept[chronicle->kept_next];

	if (!*slot)
		*slot = malloc(sizeof(**slot));
	if (!*slot)
		return;
	**slot = *session;
	chronicle->kept_next = (chronicle->kept_next + 1) % CHRONICLE_KEPT_MAX;
}

/* What became known of one that is kept already. */
static void keep_anew(struct chronicle *chronicle, const struct session *session)
{
	struct session *kept = kept_find(chronicle, session->id);

	if (kept)
		*kept = *session;
}

static void tell_json(const struct chronicle *chronicle, const char *event, json_t *object)
{
	json_object_set_new(object, "event", json_string(event));
	json_put_line(chronicle->options.out, object);
}

/* "session 2026-… qemu[4711] vm=db-3 DEVICE: source completed after …", as decisions are told. */
static void tell_text(const struct chronicle *chronicle, const char *event, uint64_t time_ns,
		      const struct session *session, const char *text)
{
	char clock[UNITS_TEXT_BYTES], comm[4 * MW_COMM_BYTES], device[4 * MW_DEVICE_BYTES];
	char vm[4 * SESSION_NAME_BYTES];

	fprintf(chronicle->options.out, "%s  %-8s  %s[%u]  vm=%s  %s  %s\n",
		format_clock(time_ns, session->clock_offset_ns, clock), event,
		escape_text(comm, sizeof(comm), session->comm), session->pid,
		*session->vm_name ? escape_text(vm, sizeof(vm), session->vm_name) : "-",
		escape_text(device, sizeof(device), session->device), text);
}

static void tell_end(const struct chronicle *chronicle, const struct session *session)
{
	char line[SESSION_LINE_BYTES];

	if (chronicle->options.json)
		tell_json(chronicle, "session", session_to_json(session));
	else
		tell_text(chronicle, "session", session->end_ns, session,
			  session_line(session, line, sizeof(line)));
	/* A line is there whole, or not, whatever ends us. */
	fflush(chronicle->options.out);
}

static void tell_alarm(const struct chronicle *chronicle, const struct session *session,
		       const struct session_alarm *alarm)
{
	char text[SESSION_ALARM_TEXT_BYTES], line[SESSION_ALARM_TEXT_BYTES + 64];
	json_t *object;

	if (chronicle->options.json) {
		object = alarm_to_json(session, alarm);
		json_set_clock(object, "time", alarm->time_ns, session->clock_offset_ns);
		json_set_number(object, "session", session->id);
		json_set_text(object, "device", session->device);
		json_set_text(object, "vm", session->vm_name);
		tell_json(chronicle, "alarm", object);
		return;
	}
	snprintf(line, sizeof(line), "%s: %s", alarm_kind_name(alarm->kind),
		 session_alarm_text(session, alarm, text, sizeof(text)));
	tell_text(chronicle, "alarm", alarm->time_ns, session, line);
}

static bool is_vm(const struct known *known)
{
	return *known->vm_name || *known->vm_uuid;
}

static void keep_last(struct chronicle *chronicle, const char *device,
		      const struct process *process)
{
	struct known *last = &chronicle->last;

	last->pid = process->pid;
	snprintf(last->device, sizeof(last->device), "%s", device);
	memcpy(last->vm_name, process->vm_name, sizeof(last->vm_name));
	memcpy(last->vm_uuid, process->vm_uuid, sizeof(last->vm_uuid));
	chronicle->last_ns = clock_ns(CLOCK_MONOTONIC);
}

void chronicle_know(struct chronicle *chronicle, const char *device, const struct process *process)
{
	keep_last(chronicle, device, process);
	if (!is_vm(&chronicle->last))
		return;
	chronicle->known[chronicle->known_next] = chronicle->last;
	chronicle->known_next = (chronicle->known_next + 1) % KNOWN_MAX;
}

/* The newest, or NULL. */
static const struct known *known_find(const struct chronicle *chronicle, pid_t pid,
				      const char *device)
{
	for (size_t i = 1; i <= KNOWN_MAX; i++) {
		size_t at = (chronicle->known_next + KNOWN_MAX - i) % KNOWN_MAX;
		const struct known *known = &chronicle->known[at];

		if (known->pid == pid && !strcmp(known->device, device))
			return known;
	}
	return NULL;
}

static bool is_last(const struct chronicle *chronicle, const struct session *session)
{
	const struct known *last = &chronicle->last;

	return last->pid == (pid_t)session->pid && !strcmp(last->device, session->device) &&
	       clock_ns(CLOCK_MONOTONIC) - chronicle->last_ns < NS_PER_S;
}

/* While the process is there, or was when the gate told of it; what is no VM has no name. */
static void identify(struct chronicle *chronicle, const struct session *session)
{
	pid_t pid = (pid_t)session->pid;
	struct process process;
	const struct known *known = &chronicle->last;

	if (!is_last(chronicle, session)) {
		process_read(chronicle->options.host, pid, &process);
		keep_last(chronicle, session->device, &process);
	}
	if (!is_vm(known))
		known = known_find(chronicle, pid, session->device);
	if (known)
		sessions_identify(chronicle->sessions, session->id, known->vm_name, known->vm_uuid);
}

static void on_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct chronicle *chronicle = context;
	const struct chronicle_options *options = &chronicle->options;
	bool is_told =
		!options->handler || options->handler(options->context, outcome, session, alarm);

	switch (outcome) {
	case SESSION_BEGAN:
		identify(chronicle, session);
		break;
	case SESSION_ALARMED:
		tell_alarm(chronicle, session, alarm);
		keep_anew(chronicle, session);
		break;
	case SESSION_ENDED:
		if (!is_told)
			break;
		keep(chronicle, session);
		tell_end(chronicle, session);
		break;
	case SESSION_CHANGED:
		keep_anew(chronicle, session);
		break;
	}
}

static int on_time(sd_event_source *source, uint64_t time_us, void *userdata)
{
	struct chronicle *chronicle = userdata;

	(void)source;
	(void)time_us;
	sessions_tick(chronicle->sessions, clock_ns(CLOCK_MONOTONIC));
	chronicle_batch(chronicle);
	fflush(chronicle->options.out);
	return 0;
}

static int open_timer(struct chronicle *chronicle)
{
	int r = sd_event_add_time(chronicle->options.loop, &chronicle->timer, CLOCK_MONOTONIC, 0, 0,
				  on_time, chronicle);

	if (r >= 0)
		r = sd_event_source_set_enabled(chronicle->timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

int chronicle_open(const struct chronicle_options *options, struct chronicle **out)
{
	struct chronicle *chronicle = calloc(1, sizeof(*chronicle));
	struct host_text boot_id = {0};
	struct utsname names = {0};
	struct session_origin origin = {.clock_offset_ns = options->clock_offset_ns};
	int r;

	if (!chronicle)
		return -ENOMEM;
	chronicle->options = *options;
	uname(&names);
	host_read_line(options->host, &boot_id, HOST_BOOT_ID_PATH);
	origin.host = names.nodename;
	origin.boot_id = boot_id.text;
	r = sessions_new(&session_limits_default, &origin, on_outcome, chronicle,
			 &chronicle->sessions);
	if (!r)
		r = dataflow_open(options->observe, &chronicle->dataflow);
	if (!r)
		r = open_timer(chronicle);
	if (r) {
		chronicle_close(chronicle);
		return r;
	}
	*out = chronicle;
	return 0;
}

void chronicle_close(struct chronicle *chronicle)
{
	if (!chronicle)
		return;
	sd_event_source_unref(chronicle->timer);
	dataflow_close(chronicle->dataflow);
	sessions_free(chronicle->sessions);
	for (size_t i = 0; i < CHRONICLE_KEPT_MAX; i++)
		free(chronicle->kept[i]);
	free(chronicle);
}

static void say_blind(const char *whose, int error)
{
	fprintf(stderr, "migwarden run: cannot watch the data of %s: %s; %s\n", whose,
		strerror(-error),
		error == -EPERM || error == -EACCES
			? "the daemon has given up its capabilities, and the sessions of that "
			  "driver have no bytes: start it when the driver is loaded, or with "
			  "--late-drivers"
			: kernel_message());
}

void chronicle_attach(struct chronicle *chronicle)
{
	int r = dataflow_attach(chronicle->dataflow);

	if (r)
		say_blind("every driver", r);
}

static void discover(struct chronicle *chronicle, const struct mw_event_data_file *file)
{
	char name[4 * MW_FILE_NAME_BYTES + sizeof(" files")];
	int r = dataflow_discover(chronicle->dataflow, file);

	if (r >= 0)
		return;
	escape_text(name, sizeof(name) - sizeof(" files"), file->name);
	strcat(name, " files");
	say_blind(name, r);
}

void chronicle_feed(struct chronicle *chronicle, const union mw_event *event)
{
	if (event->head.kind == MW_EVENT_DATA_FILE)
		discover(chronicle, &event->data_file);
	sessions_feed(chronicle->sessions, event);
}

static void tell_losses(struct chronicle *chronicle)
{
	struct ring_counts counts;

	if (ring_counts(observe_ring(chronicle->options.observe), &counts))
		return;
	for (uint32_t kind = 1; kind < MW_EVENT_KINDS; kind++) {
		uint64_t lost = counts.kind[kind].lost;

		if (lost > chronicle->lost[kind])
			sessions_lost(chronicle->sessions, kind, lost - chronicle->lost[kind]);
		chronicle->lost[kind] = lost;
	}
}

void chronicle_arm(struct chronicle *chronicle)
{
	uint64_t next_ns = sessions_next_ns(chronicle->sessions);

	/* Rounded up: a moment too early nothing would end. */
	if (next_ns)
		sd_event_source_set_time(chronicle->timer, next_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(chronicle->timer, next_ns ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

void chronicle_batch(struct chronicle *chronicle)
{
	tell_losses(chronicle);
	chronicle_arm(chronicle);
}

void chronicle_finish(struct chronicle *chronicle)
{
	tell_losses(chronicle);
	sessions_finish(chronicle->sessions, clock_ns(CLOCK_MONOTONIC));
}

void chronicle_set_downtime(struct chronicle *chronicle, uint64_t downtime_ns)
{
	sessions_set_downtime(chronicle->sessions, downtime_ns);
}

static json_t *functions_to_json(const struct chronicle *chronicle)
{
	json_t *list = json_array();

	for (size_t i = 0; i < dataflow_count(chronicle->dataflow); i++)
		json_array_append_new(list, json_string(dataflow_function(chronicle->dataflow, i)));
	return list;
}

json_t *chronicle_to_json(const struct chronicle *chronicle)
{
	struct session_counts counts = sessions_counts(chronicle->sessions);
	json_t *ended = json_object(), *alarms = json_object();

	for (uint32_t end = SESSION_COMPLETED; end < SESSION_END_COUNT_; end++)
		json_object_set_new(ended, session_end_name(end),
				    json_integer((json_int_t)counts.ended[end]));
	for (uint32_t kind = 0; kind < ALARM_KIND_COUNT_; kind++)
		json_object_set_new(alarms, alarm_kind_name(kind),
				    json_integer((json_int_t)counts.alarms[kind]));
	return json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:o}", "begun", (json_int_t)counts.begun,
			 "open", (json_int_t)counts.open, "ended", ended, "alarms", alarms,
			 "evicted", (json_int_t)counts.evicted, "dropped",
			 (json_int_t)counts.dropped, "watched", functions_to_json(chronicle));
}

/* Of each: open ones the latest first, then those that are kept, the newest first. */
static json_t *list_of(const struct chronicle *chronicle, size_t limit,
		       json_t *(*to_json)(const struct session *session))
{
	const struct session *session = NULL;
	json_t *list = json_array();

	while ((session = sessions_next_open(chronicle->sessions, session ? session->id : 0)))
		json_array_insert_new(list, 0, to_json(session));
	while (json_array_size(list) > limit)
		json_array_remove(list, json_array_size(list) - 1);
	for (size_t i = 0; i < CHRONICLE_KEPT_MAX && json_array_size(list) < limit; i++) {
		/* From the newest backwards. */
		size_t at =
			(chronicle->kept_next + CHRONICLE_KEPT_MAX - 1 - i) % CHRONICLE_KEPT_MAX;

		if (chronicle->kept[at])
			json_array_append_new(list, to_json(chronicle->kept[at]));
	}
	return list;
}

json_t *chronicle_list(const struct chronicle *chronicle)
{
	return list_of(chronicle, SIZE_MAX, session_to_json_brief);
}

static json_t *session_to_page(const struct session *session)
{
	char line[SESSION_LINE_BYTES];
	json_t *object = json_object();

	json_set_number(object, "id", session->id);
	json_set_clock(object, "time", session->begin_ns, session->clock_offset_ns);
	json_set_text(object, "device", session->device);
	json_set_text(object, "vm", session->vm_name);
	json_set_word(object, "end", session_end_name(session->end));
	json_set_text(object, "line", session_line(session, line, sizeof(line)));
	json_set_number(object, "alarms", session->alarm_count);
	return object;
}

json_t *chronicle_to_page(const struct chronicle *chronicle, size_t limit)
{
	return list_of(chronicle, limit, session_to_page);
}

const struct session *chronicle_session(const struct chronicle *chronicle, uint64_t id)
{
	const struct session *session = id ? sessions_next_open(chronicle->sessions, id - 1) : NULL;

	return session && session->id == id ? session : kept_find(chronicle, id);
}

json_t *chronicle_find(const struct chronicle *chronicle, uint64_t id)
{
	const struct session *session = chronicle_session(chronicle, id);

	return session ? session_to_json(session) : NULL;
}

uint64_t chronicle_open_count(const struct chronicle *chronicle)
{
	return sessions_counts(chronicle->sessions).open;
}
