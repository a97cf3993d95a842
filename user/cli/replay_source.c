// SPDX-License-Identifier: GPL-2.0-only
#include "cli/replay_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct known_vm {
	uint32_t pid;
	char name[256];
	char uuid[40];
};

struct replay_source {
	struct recording_reader *reader;
	struct parse_error error;
	struct recording_counts counts;
	struct recording_limits limits;
	uint64_t last_ns; /* of the events */
	uint64_t end_ns;  /* 0: not known */
	replay_device_handler on_device;
	void *context;
	struct known_vm vms[RECORDING_PROCESS_SLOTS];
};

int replay_source_open(const struct verb *verb, const char *path, struct replay_source **out)
{
	AUTO_REPLAY_SOURCE struct replay_source *source = calloc(1, sizeof(*source));
	int r;

	if (!source)
		return verb_usage(verb, "out of memory");
	r = recording_reader_open(path, &source->reader, &source->error);
	if (r == -ENOMEM)
		return verb_usage(verb, "out of memory");
	if (r)
		return verb_refuse(&source->error);
	*out = TAKE_PTR(source);
	return EXIT_YES;
}

void replay_source_on_device(struct replay_source *source, replay_device_handler handler,
			     void *context)
{
	source->on_device = handler;
	source->context = context;
}

static void learn_process(struct replay_source *source, const struct recording_process *process)
{
	struct known_vm *vm = &source->vms[process->pid % RECORDING_PROCESS_SLOTS];

	vm->pid = process->pid;
	memcpy(vm->name, process->vm_name, sizeof(vm->name));
	memcpy(vm->uuid, process->vm_uuid, sizeof(vm->uuid));
}

static void learn(struct replay_source *source, const struct recording_item *item)
{
	switch (item->type) {
	case RECORDING_PROCESS:
		learn_process(source, item->process);
		break;
	case RECORDING_DEVICE:
		if (source->on_device)
			source->on_device(source->context, item->device.text, item->device.length);
		break;
	case RECORDING_LIMITS:
		source->limits = *item->limits;
		break;
	case RECORDING_COUNTS:
		source->counts = *item->counts;
		break;
	case RECORDING_END:
		source->end_ns = item->end->time_ns;
		break;
	case RECORDING_START:
	case RECORDING_FILTER:
	case RECORDING_EVENT:
		break;
	}
}

int replay_source_next(struct replay_source *source, const union mw_event **event)
{
	struct recording_item item;
	int r;

	while ((r = recording_reader_next(source->reader, &item, &source->error)) == 1) {
		learn(source, &item);
		if (item.type != RECORDING_EVENT)
			continue;
		if (item.event->head.time_ns > source->last_ns)
			source->last_ns = item.event->head.time_ns;
		*event = item.event;
		return 1;
	}
	return r;
}

const struct parse_error *replay_source_error(const struct replay_source *source)
{
	return &source->error;
}

const struct recording_start *replay_source_start(const struct replay_source *source)
{
	return recording_reader_start(source->reader);
}

struct session_origin replay_source_origin(const struct replay_source *source)
{
	const struct recording_start *start = replay_source_start(source);

	return (struct session_origin){
		.host = start->host,
		.boot_id = start->boot_id,
		.clock_offset_ns = start->wall_offset_ns,
	};
}

struct ring_counts replay_source_sums(const struct replay_source *source, uint64_t *malformed)
{
	struct ring_counts sums;

	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		sums.kind[kind] = (struct ring_count){
			.produced = source->counts.kind[kind].produced,
			.lost = source->counts.kind[kind].lost,
			.delivered = source->counts.kind[kind].delivered,
		};
	if (malformed)
		*malformed = source->counts.malformed;
	return sums;
}

void replay_source_tell(struct replay_source *source, struct session_view *sessions)
{
	uint64_t lost[MW_EVENT_KINDS];

	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		lost[kind] = source->counts.kind[kind].lost;
	session_view_lost(sessions, lost);
	if (source->limits.downtime_ns)
		sessions_set_downtime(session_view_sessions(sessions), source->limits.downtime_ns);
}

uint64_t replay_source_downtime_ns(const struct replay_source *source)
{
	return source->limits.downtime_ns;
}

uint64_t replay_source_end_ns(const struct replay_source *source)
{
	return source->end_ns > source->last_ns ? source->end_ns : source->last_ns;
}

struct session_vm replay_source_find_vm(void *context, uint32_t pid)
{
	const struct replay_source *source = context;
	const struct known_vm *vm = &source->vms[pid % RECORDING_PROCESS_SLOTS];

	if (vm->pid != pid)
		return (struct session_vm){"", ""};
	return (struct session_vm){vm->name, vm->uuid};
}

void replay_source_close(struct replay_source *source)
{
	if (!source)
		return;
	recording_reader_close(source->reader);
	free(source);
}
