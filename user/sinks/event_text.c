// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/event_text.h"

#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "core/decode.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/errno_name.h"

#define DETAIL_BYTES 512
#define CLOCK_TIME_OFFSET 11 /* of "13:04:05.123456" in an RFC 3339 time */
#define CLOCK_TIME_LENGTH 15

/* One line of output, in its columns. */
struct line {
	char what[DETAIL_BYTES];
	char result[32];
	char duration[4 * UNITS_TEXT_BYTES];
};

void event_text_heading(FILE *out)
{
	fprintf(out, "%-*s  %-36s  %-22s  %-9s  %-44s  %-10s %s\n", CLOCK_TIME_LENGTH, "TIME (UTC)",
		"DEVICE", "PROCESS", "EVENT", "WHAT", "RESULT", "DURATION");
}

static void set_result(struct line *line, int32_t result)
{
	const char *name = result < 0 ? errno_name(result) : "ok";

	if (name)
		snprintf(line->result, sizeof(line->result), "%s", name);
	else
		snprintf(line->result, sizeof(line->result), "%d", result);
}

static void feature_what(const struct mw_event_ioctl *event, char *out, size_t size)
{
	const char *name = feature_name(event->flags & MW_FEATURE_MASK);
	char number[UNITS_TEXT_BYTES];
	struct feature_payload payload;
	int used;

	snprintf(number, sizeof(number), "FEATURE_%u", event->flags & MW_FEATURE_MASK);
	used = snprintf(out, size, "%s %s", feature_op_name(event->flags), name ? name : number);
	if (used < 0 || (size_t)used >= size)
		return;
	out += used;
	size -= (size_t)used;

	feature_decode(event, &payload);
	switch (payload.kind) {
	case FEATURE_PAYLOAD_NONE:
		return;
	case FEATURE_PAYLOAD_MIGRATION:
		snprintf(out, size, " =%s%s%s",
			 payload.migration_flags & MW_MIGRATION_STOP_COPY ? " stop-copy" : "",
			 payload.migration_flags & MW_MIGRATION_P2P ? " p2p" : "",
			 payload.migration_flags & MW_MIGRATION_PRE_COPY ? " pre-copy" : "");
		return;
	case FEATURE_PAYLOAD_STATE:
		if (payload.data_fd >= 0)
			snprintf(out, size, " %s fd %d", mig_state_name(payload.state),
				 payload.data_fd);
		else
			snprintf(out, size, " %s", mig_state_name(payload.state));
		return;
	case FEATURE_PAYLOAD_LOGGING_START:
		snprintf(out, size, " %u ranges", payload.range_count);
		return;
	case FEATURE_PAYLOAD_LOGGING_REPORT:
		snprintf(out, size, " %#llx+%#llx", (unsigned long long)payload.iova,
			 (unsigned long long)payload.length);
		return;
	case FEATURE_PAYLOAD_DATA_SIZE:
		snprintf(out, size, " %s", format_bytes(payload.stop_copy_bytes, number));
		return;
	}
}

static void ioctl_line(const struct mw_event_ioctl *event, struct line *line)
{
	const char *name = ioctl_name(event->cmd);

	if (is_feature_call(event))
		feature_what(event, line->what, sizeof(line->what));
	else if (name)
		snprintf(line->what, sizeof(line->what), "%s", name);
	else
		snprintf(line->what, sizeof(line->what), "ioctl %#x", event->cmd);
	set_result(line, event->result);
	format_duration(event->duration_ns, line->duration);
}

static void arc_line(const struct mw_event_arc *event, struct line *line)
{
	int used = snprintf(line->what, sizeof(line->what), "%s -> %s", mig_state_name(event->from),
			    mig_state_name(event->to));

	if (event->to != event->target)
		snprintf(line->what + used, sizeof(line->what) - (size_t)used, " (towards %s)",
			 mig_state_name(event->target));
	set_result(line, event->result);
	format_duration(event->duration_ns, line->duration);
}

static void attribute_line(const struct mw_event_attribute *event, struct line *line)
{
	snprintf(line->what, sizeof(line->what), "%s ",
		 event->op == MW_ATTRIBUTE_WRITE ? "write" : "read");
	if (event->scope == MW_SCOPE_TYPE) {
		escape_append(line->what, sizeof(line->what), event->parent, strlen(event->parent));
		escape_append(line->what, sizeof(line->what), "/", 1);
		escape_append(line->what, sizeof(line->what), event->type, strlen(event->type));
		escape_append(line->what, sizeof(line->what), "/", 1);
	}
	escape_append(line->what, sizeof(line->what), event->attribute, strlen(event->attribute));
	escape_append(line->what, sizeof(line->what), " = ", 3);
	escape_append(line->what, sizeof(line->what), event->value, event->value_size);
	set_result(line, event->result);
}

static void mdev_line(const struct mw_event_mdev *event, struct line *line)
{
	snprintf(line->what, sizeof(line->what), "%s ",
		 event->op == MW_MDEV_REMOVE ? "remove" : "create");
	escape_append(line->what, sizeof(line->what), event->type, strlen(event->type));
	escape_append(line->what, sizeof(line->what), " on ", 4);
	escape_append(line->what, sizeof(line->what), event->parent, strlen(event->parent));
	set_result(line, event->result);
}

static void gate_line(const struct mw_event_gate *event, struct line *line)
{
	const char *what = event->feature == MW_FEATURE_MIG_DEVICE_STATE
				   ? mig_state_name(event->target)
				   : feature_name(event->feature);

	snprintf(line->what, sizeof(line->what), "%s %s: %s (%s)", gate_answer_name(event->answer),
		 what ? what : "?", mw_reason_name(event->reason),
		 event->basis == MW_BASIS_ADMISSION ? "admission" : "default");
	set_result(line, event->error);
}

static void module_line(const struct mw_event_module *event, struct line *line)
{
	snprintf(line->what, sizeof(line->what), "%s ",
		 event->op == MW_MODULE_UNLOAD ? "unload" : "load");
	escape_append(line->what, sizeof(line->what), event->module, strlen(event->module));
}

static void shield_line(const struct mw_event_shield *event, struct line *line)
{
	snprintf(line->what, sizeof(line->what), "%s a %s ",
		 event->error ? "kept off" : "no daemon lived: let in to",
		 shield_piece_name(event->piece));
	escape_append(line->what, sizeof(line->what), event->name, strlen(event->name));
	set_result(line, event->error);
}

static void data_file_line(const struct mw_event_data_file *event, struct line *line)
{
	if (event->op == MW_DATA_FILE_CLOSED) {
		escape_append(line->what, sizeof(line->what), "closed", strlen("closed"));
		return;
	}
	escape_append(line->what, sizeof(line->what), event->name, strlen(event->name));
	escape_append(line->what, sizeof(line->what), " for ", 5);
	escape_append(line->what, sizeof(line->what), mig_state_name(event->state),
		      strlen(mig_state_name(event->state)));
}

static void precopy_line(const struct mw_event_precopy *event, struct line *line)
{
	char initial[UNITS_TEXT_BYTES], dirty[UNITS_TEXT_BYTES];

	snprintf(line->what, sizeof(line->what), "initial %s, dirty %s",
		 format_bytes(event->initial_bytes, initial),
		 format_bytes(event->dirty_bytes, dirty));
	set_result(line, event->result);
	format_duration(event->duration_ns, line->duration);
}

static void flow_line(const struct mw_flow *flow, struct line *line)
{
	char bytes[UNITS_TEXT_BYTES], driver[UNITS_TEXT_BYTES], gap[UNITS_TEXT_BYTES];
	int used;

	snprintf(line->what, sizeof(line->what), "%s %s %s in %llu call%s",
		 mig_state_name(flow->state), flow_direction_name(flow->direction),
		 format_bytes(flow->bytes, bytes), (unsigned long long)flow->calls,
		 flow->calls == 1 ? "" : "s");
	set_result(line, flow->error);
	used = snprintf(line->duration, sizeof(line->duration), "%s in driver, %s between",
			format_duration(flow->driver_ns, driver),
			format_duration(flow->gap_ns, gap));
	if (flow->error)
		snprintf(line->duration + used, sizeof(line->duration) - (size_t)used,
			 ", failed at byte %llu", (unsigned long long)flow->error_offset);
}

static void fill_line(const union mw_event *event, struct line *line)
{
	switch ((enum mw_event_kind)event->head.kind) {
	case MW_EVENT_IOCTL:
		ioctl_line(&event->ioctl, line);
		break;
	case MW_EVENT_ARC:
		arc_line(&event->arc, line);
		break;
	case MW_EVENT_CLOSE:
		snprintf(line->what, sizeof(line->what), "device fd closed");
		break;
	case MW_EVENT_ATTRIBUTE:
		attribute_line(&event->attribute, line);
		break;
	case MW_EVENT_MDEV:
		mdev_line(&event->mdev, line);
		break;
	case MW_EVENT_GATE:
		gate_line(&event->gate, line);
		break;
	case MW_EVENT_MODULE:
		module_line(&event->module, line);
		break;
	case MW_EVENT_SHIELD:
		shield_line(&event->shield, line);
		break;
	case MW_EVENT_DATA_FILE:
		data_file_line(&event->data_file, line);
		break;
	case MW_EVENT_PRECOPY:
		precopy_line(&event->precopy, line);
		break;
	case MW_EVENT_FLOW:
		flow_line(&event->flow.flow, line);
		break;
	case MW_EVENT_KIND_END_:
		break;
	}
}

/* The first columns, up to the kind. */
static void line_begin(FILE *out, const struct event_text_subject *subject)
{
	char clock[UNITS_TEXT_BYTES], process[64] = "", device[4 * MW_DEVICE_BYTES] = "";
	size_t used;

	escape_append(device, sizeof(device), subject->device, strlen(subject->device));
	escape_append(process, sizeof(process) - 12, subject->comm, strlen(subject->comm));
	used = strlen(process);
	snprintf(process + used, sizeof(process) - used, "[%u]", subject->pid);
	format_clock(subject->time_ns, subject->clock_offset_ns, clock);
	fprintf(out, "%.*s  %-36s  %-22s  ", CLOCK_TIME_LENGTH, clock + CLOCK_TIME_OFFSET,
		*device ? device : "-", process);
}

void event_text_line(FILE *out, const struct event_text_subject *subject, const char *kind,
		     const char *what)
{
	line_begin(out, subject);
	fprintf(out, "%-9s  %s\n", kind, what);
}

void event_text(FILE *out, const union mw_event *event, int64_t clock_offset_ns)
{
	const struct event_text_subject subject = {
		.time_ns = event->head.time_ns,
		.clock_offset_ns = clock_offset_ns,
		.device = event->head.device,
		.comm = event->head.comm,
		.pid = event->head.pid,
	};
	struct line line = {0};

	fill_line(event, &line);
	line_begin(out, &subject);
	fprintf(out, "%-9s  %-44s  %-10s %s\n", event_kind_name(event->head.kind), line.what,
		line.result, line.duration);
}
