// SPDX-License-Identifier: GPL-2.0-only
/* A migration as text. It is made in UTF-8, and translated last where the terminal has none. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/units.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "sinks/report_chart.h"
#include "sinks/report_words.h"
#include "sinks/session_text.h"

/* The longest name of a session with each of its bytes as \xNN. */
#define NAME_TEXT_BYTES (4 * SESSION_NAME_BYTES)
#define LABEL_COLUMNS 25
#define TIME_COLUMNS 9

static const char *escaped_or(const char *text, const char *instead, char *out, size_t size)
{
	return *text ? escape_text(out, size, text) : instead;
}

/* "name (uuid)", or one of them, or that neither is known. */
static const char *vm_text(const struct session *session, char out[static NAME_TEXT_BYTES * 2])
{
	char name[NAME_TEXT_BYTES], uuid[4 * SESSION_UUID_BYTES];

	escape_text(name, sizeof(name), session->vm_name);
	escape_text(uuid, sizeof(uuid), session->vm_uuid);
	if (*name && *uuid)
		snprintf(out, (size_t)NAME_TEXT_BYTES * 2, "%s (%s)", name, uuid);
	else
		snprintf(out, (size_t)NAME_TEXT_BYTES * 2, "%s%s", name,
			 *name || *uuid ? uuid : "a VM without a known name");
	return out;
}

/* Words, broken between them at the width. */
static void wrap(FILE *out, const char *text, unsigned int columns, const char *indent)
{
	unsigned int used = 0;

	while (*text) {
		size_t length = strcspn(text, " ");
		unsigned int width = chart_columns(text, length);

		if (used && used + 1 + width > columns) {
			fprintf(out, "\n%s", indent);
			used = (unsigned int)strlen(indent);
		} else if (used) {
			putc(' ', out);
			used++;
		}
		fwrite(text, 1, length, out);
		used += width;
		text += length;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

static void fact(FILE *out, const struct report_look *look, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "  %-10s ", name);
	wrap(out, text, look->columns - 13, "             ");
}

static void heading(FILE *out, const struct report *report)
{
	const struct anatomy *anatomy = report->anatomy;
	const struct session *first = anatomy->items[0].session;
	const struct session *last = anatomy->items[anatomy->count - 1].session;
	char vm[NAME_TEXT_BYTES * 2], host[NAME_TEXT_BYTES], clock[UNITS_TEXT_BYTES];

	fprintf(out, "%s, %s", vm_text(first, vm), report_side_text(anatomy));
	if (*first->host)
		fprintf(out, " on %s", escape_text(host, sizeof(host), first->host));
	if (*last->host && strcmp(first->host, last->host) != 0)
		fprintf(out, " and %s", escape_text(host, sizeof(host), last->host));
	fprintf(out, ", %s, %zu %s\n", format_clock(first->begin_ns, first->clock_offset_ns, clock),
		anatomy->count,
		anatomy->is_merged    ? "sessions"
		: anatomy->count == 1 ? "device"
				      : "devices");
}

static void parties(FILE *out, const struct report *report, const struct report_look *look)
{
	const struct anatomy *anatomy = report->anatomy;
	uint64_t all = anatomy_blackout_ns(anatomy);
	unsigned int width = look->columns - 2 - LABEL_COLUMNS - TIME_COLUMNS - 13;
	char time[UNITS_TEXT_BYTES], share[REPORT_SHARE_BYTES];

	for (unsigned int party = 0; party < PARTY_COUNT_; party++) {
		uint64_t ns = anatomy->party_ns[party];

		if (party == PARTY_UNSEEN && !ns)
			continue;
		fputs("  ", out);
		chart_left(out, report_party_label((enum party)party), LABEL_COLUMNS);
		chart_right(out, format_duration(ns, time), TIME_COLUMNS);
		chart_right(out, report_share(ns, all, share), 9);
		if (ns)
			fputs("  ", out);
		chart_bar(out, ns, all, width);
		putc('\n', out);
	}
}

static void parts(FILE *out, const struct report *report)
{
	const struct anatomy *anatomy = report->anatomy;
	uint64_t all = anatomy_blackout_ns(anatomy);
	char time[UNITS_TEXT_BYTES], share[REPORT_SHARE_BYTES], label[REPORT_LABEL_BYTES];
	char device[4 * MW_DEVICE_BYTES];

	fprintf(out, "\nparts of the blackout\n");
	for (size_t i = 0; i < anatomy->part_count; i++) {
		const struct part *part = &anatomy->parts[i];
		bool is_new = !i || part->item != part[-1].item;

		if (anatomy->count > 1 && is_new && part->item < anatomy->count)
			fprintf(out, "  %s, %s\n",
				escape_text(device, sizeof(device),
					    anatomy->items[part->item].session->device),
				session_side_name(anatomy->items[part->item].session->side));
		chart_right(out, format_duration(part->ns, time), 2 + TIME_COLUMNS);
		chart_right(out, report_share(part->ns, all, share), 9);
		fprintf(out, "  %s%s\n", report_part_label(anatomy, part, label),
			part == anatomy->largest ? "  (the largest)" : "");
	}
}

static void blackout(FILE *out, const struct report *report, const struct report_look *look)
{
	char sentence[REPORT_SENTENCE_BYTES];

	putc('\n', out);
	wrap(out, report_sentence(report, sentence), look->columns, "");
	if (report->pairing)
		wrap(out, report_pairing_sentence(report->pairing, sentence), look->columns, "");
	if (!report->anatomy->has_blackout)
		return;
	putc('\n', out);
	parties(out, report, look);
	parts(out, report);
}

static void one_timeline(FILE *out, const struct report *report, const struct report_look *look,
			 uint64_t begin_ns, uint64_t end_ns)
{
	const struct anatomy *anatomy = report->anatomy;
	struct chart chart = {anatomy,
			      begin_ns,
			      end_ns,
			      LABEL_COLUMNS,
			      look->columns - 3 - LABEL_COLUMNS - TIME_COLUMNS,
			      TIME_COLUMNS};
	char device[4 * MW_DEVICE_BYTES];

	chart_axis(out, &chart);
	for (uint32_t item = 0; item < anatomy->count; item++) {
		const struct session *session = anatomy->items[item].session;

		if (anatomy->count > 1)
			fprintf(out, "  %s, %s\n",
				escape_text(device, sizeof(device), session->device),
				session_side_name(session->side));
		chart_item(out, &chart, item);
	}
	chart_blackout(out, &chart);
}

/* The blackout is short beside the migration at times: then it is shown large as well. */
static void timeline(FILE *out, const struct report *report, const struct report_look *look)
{
	const struct anatomy *anatomy = report->anatomy;
	uint64_t all = anatomy->end_ns - anatomy->begin_ns;
	uint64_t length = anatomy_blackout_ns(anatomy);

	if (!anatomy->stretch_count)
		return;
	fprintf(out, "\ntimeline: █ data  ▓ arc  ░ waiting  ━ blackout\n");
	one_timeline(out, report, look, anatomy->begin_ns, anatomy->end_ns);
	if (!length || length > all / 2)
		return;
	fprintf(out, "\ntimeline of the blackout\n");
	one_timeline(out, report, look, anatomy->blackout_begin_ns, anatomy->blackout_end_ns);
}

static void phases(FILE *out, const struct session *session)
{
	char time[UNITS_TEXT_BYTES], bytes[UNITS_TEXT_BYTES], first[UNITS_TEXT_BYTES];
	char driver[UNITS_TEXT_BYTES], gap[UNITS_TEXT_BYTES], rate[UNITS_TEXT_BYTES];
	bool is_first = true;

	for (uint32_t i = 0; i < session->phase_count; i++) {
		const struct session_phase *phase = &session->phases[i];
		const struct mw_flow *flow = &phase->flow;

		if (!phase->has_flow)
			continue;
		if (is_first)
			fprintf(out, "\n  %-13s %9s %9s %9s %9s %10s %8s %10s\n", "data in",
				"bytes", "MB/s", "in driver", "between", "first byte", "calls",
				"p99 call");
		is_first = false;
		snprintf(rate, sizeof(rate), "%.1f", (double)flow_bytes_per_second(flow) / 1e6);
		fprintf(out, "  %-13s ", mig_state_name(phase->state));
		chart_right(out, format_bytes(flow->bytes, bytes), 9);
		chart_right(out, rate, 10);
		chart_right(out, format_duration(flow->driver_ns, driver), 10);
		chart_right(out, format_duration(flow->gap_ns, gap), 10);
		chart_right(out,
			    flow->first_byte_ns ? format_duration(flow->first_byte_ns, first) : "-",
			    11);
		fprintf(out, " %8llu ", (unsigned long long)flow->calls);
		chart_right(
			out,
			format_duration(flow_percentile(flow->latency_log2, MW_LATENCY_BUCKETS, 99),
					time),
			10);
		putc('\n', out);
	}
}

static void arcs(FILE *out, const struct session *session)
{
	char time[UNITS_TEXT_BYTES], label[REPORT_LABEL_BYTES];

	if (session->arc_count)
		fprintf(out, "\n  %-*s %9s\n", LABEL_COLUMNS + 4, "arc", "took");
	for (uint32_t i = 0; i < session->arc_count; i++) {
		const struct session_arc *arc = &session->arcs[i];

		snprintf(label, sizeof(label), "%s → %s", mig_state_name(arc->from),
			 mig_state_name(arc->to));
		fputs("  ", out);
		chart_left(out, label, LABEL_COLUMNS + 4);
		chart_right(out, format_duration(arc->duration_ns, time), 10);
		if (arc->result)
			fprintf(out, "  %s", report_result_text(arc->result, label));
		if (arc->to != arc->target)
			fprintf(out, "  (towards %s)", mig_state_name(arc->target));
		putc('\n', out);
	}
}

static void reports(FILE *out, const struct report_look *look, const char *name,
		    const struct session_reports *reports)
{
	char text[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES], longest[UNITS_TEXT_BYTES];
	char range[UNITS_TEXT_BYTES];

	snprintf(text, sizeof(text),
		 "%" PRIu64 " reports of %s in %s, the longest %s, %" PRIu64 " failed",
		 reports->calls, format_bytes(reports->range_bytes, range),
		 format_duration(reports->time_ns, time),
		 format_duration(reports->longest_ns, longest), reports->failures);
	fact(out, look, name, text);
}

static void dirty(FILE *out, const struct session *session, const struct report_look *look)
{
	const struct session_dirty *log = &session->dirty;
	char text[REPORT_LABEL_BYTES], start[UNITS_TEXT_BYTES], stop[UNITS_TEXT_BYTES];
	char page[UNITS_TEXT_BYTES], result[REPORT_LABEL_BYTES];

	if (!log->start_ns && !log->running.calls && !log->stopped.calls) {
		fact(out, look, "dirty log", "not by the device");
		return;
	}
	snprintf(text, sizeof(text), "%u ranges, pages of %s, start %s in %s, stop %s",
		 log->range_count, format_bytes(log->page_bytes, page),
		 report_result_text(log->start_result, result),
		 format_duration(log->start_duration_ns, start),
		 log->stop_ns ? format_duration(log->stop_duration_ns, stop) : "not seen");
	fact(out, look, "dirty log", text);
	reports(out, look, "  before", &log->running);
	reports(out, look, "  blackout", &log->stopped);
}

static void series(FILE *out, const struct report_look *look, const char *name,
		   const struct session_series *series, bool is_precopy)
{
	char text[REPORT_SENTENCE_BYTES], first[UNITS_TEXT_BYTES], last[UNITS_TEXT_BYTES];
	char curve[CHART_CURVE_BYTES];

	if (!series->calls || !series->count)
		return;
	chart_curve(series, is_precopy, curve);
	format_bytes(chart_sample(&series->items[0], is_precopy), first);
	format_bytes(chart_sample(&series->last, is_precopy), last);
	snprintf(text, sizeof(text), "%s %s → %s, %" PRIu64 " answers, %" PRIu64 " failed", curve,
		 first, last, series->calls, series->failures);
	fact(out, look, name, text);
}

static void alarms(FILE *out, const struct session *session, const struct report_look *look)
{
	char text[SESSION_ALARM_TEXT_BYTES], line[SESSION_ALARM_TEXT_BYTES + 64];

	for (uint32_t i = 0; i < session->alarm_count; i++) {
		const struct session_alarm *alarm = &session->alarms[i];

		snprintf(line, sizeof(line), "%s: %s", alarm_kind_name(alarm->kind),
			 session_alarm_text(session, alarm, text, sizeof(text)));
		fact(out, look, "ALARM", line);
	}
}

static void device(FILE *out, const struct session *session, const struct report_look *look)
{
	char name[4 * MW_DEVICE_BYTES], driver[4 * MW_MODULE_BYTES], comm[4 * MW_COMM_BYTES];
	char text[REPORT_SENTENCE_BYTES], bytes[UNITS_TEXT_BYTES];

	fprintf(out, "\n%s, %s, session %" PRIu64 "\n",
		escaped_or(session->device, "a device without a name", name, sizeof(name)),
		session_side_name(session->side), session->id);
	fact(out, look, "end", report_end_text(session, text));
	fact(out, look, "failure", report_failure_text(session, text));
	alarms(out, session, look);
	fact(out, look, "driver",
	     escaped_or(session->driver, "not seen: no data file was made", driver,
			sizeof(driver)));
	snprintf(text, sizeof(text), "%s[%u]", escaped_or(session->comm, "?", comm, sizeof(comm)),
		 session->pid);
	fact(out, look, "process", text);
	fact(out, look, "gate", report_gate_text(session, text));
	fact(out, look, "moved", format_bytes(session->bytes, bytes));
	if (session->side == SESSION_SOURCE)
		fact(out, look, "estimate", report_estimate_text(session, text));
	series(out, look, "left", &session->data_size, false);
	series(out, look, "precopy", &session->precopy, true);
	dirty(out, session, look);
	fact(out, look, "missing", report_missing_text(session, text));
	phases(out, session);
	arcs(out, session);
}

static const char *order_text(enum session_order order)
{
	switch (order) {
	case SESSION_ORDER_SINGLE:
		return "One device alone moved data.";
	case SESSION_ORDER_SERIAL:
		return "The devices moved their data one after the other.";
	case SESSION_ORDER_PARALLEL:
		return "The devices moved their data at one time";
	}
	return "";
}

/* Where there are several on a side. */
static void order(FILE *out, const struct anatomy *anatomy)
{
	const struct session *sessions[ANATOMY_ITEMS_MAX];
	struct session_group group;
	char overlap[UNITS_TEXT_BYTES], data[UNITS_TEXT_BYTES];

	if (anatomy->is_merged || anatomy->count < 2)
		return;
	for (size_t i = 0; i < anatomy->count; i++)
		sessions[i] = anatomy->items[i].session;
	session_group_of(sessions, anatomy->count, sessions[0]->group, &group);
	fprintf(out, "\n%s", order_text(group.order));
	if (group.order == SESSION_ORDER_PARALLEL)
		fprintf(out, " for %s of %s.", format_duration(group.overlap_ns, overlap),
			format_duration(group.data_ns, data));
	putc('\n', out);
}

int report_text(FILE *out, const struct report *report, const struct report_look *wanted)
{
	struct report_look look = *wanted;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return -ENOMEM;
	if (look.columns < REPORT_WIDTH_MIN)
		look.columns = REPORT_WIDTH_MIN;
	heading(memory, report);
	blackout(memory, report, &look);
	order(memory, report->anatomy);
	timeline(memory, report, &look);
	for (size_t i = 0; i < report->anatomy->count; i++)
		device(memory, report->anatomy->items[i].session, &look);
	return chart_print(out, memory, &text, &size, look.is_ascii);
}
