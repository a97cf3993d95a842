// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/report_html.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "sinks/html.h"
#include "sinks/report_svg.h"
#include "sinks/report_words.h"
#include "sinks/session_text.h"

const char *report_html_style(void)
{
	return
#include "sinks/report_style.inc"
		;
}

const char *report_html_style_hash(const char *style, char out[static REPORT_HTML_HASH_BYTES])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)style, strlen(style));
	strcpy(out, "sha256-");
	sodium_bin2base64(out + strlen(out), REPORT_HTML_HASH_BYTES - strlen(out), hash,
			  sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
	return out;
}

/* As html_text, but no line is broken between a number and its unit. */
static void prose(FILE *out, const char *text)
{
	char part[REPORT_SENTENCE_BYTES];

	while (*text) {
		size_t length = strcspn(text, " ");

		snprintf(part, sizeof(part), "%.*s", (int)length, text);
		html_text(out, part);
		if (!text[length])
			return;
		fputs(length && is_digit(text[length - 1]) ? "&nbsp;" : " ", out);
		text += length + 1;
	}
}

/* A cell of a table; numbers stand to the right. */
static void cell(FILE *out, const char *text, bool is_number)
{
	fputs(is_number ? "<td class=\"num\">" : "<td>", out);
	html_text(out, text);
	fputs("</td>", out);
}

/* A device's name is a UUID as a rule: on one line. */
static void device_cell(FILE *out, const char *name)
{
	fputs("<td class=\"id\">", out);
	html_text(out, name);
	fputs("</td>", out);
}

__attribute__((format(printf, 2, 3))) static void number_cell(FILE *out, const char *format, ...)
{
	char text[REPORT_LABEL_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cell(out, text, true);
}

static void row_heading(FILE *out, const char *text)
{
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, text);
	fputs("</th>", out);
}

/* Names with "#" in front head columns of numbers. */
static void open_table(FILE *out, const char *caption, const char *const *columns)
{
	fputs("<div class=\"scroll\"><table><caption>", out);
	html_text(out, caption);
	fputs("</caption><thead><tr>", out);
	for (; *columns; columns++) {
		bool is_number = **columns == '#';

		fputs(is_number ? "<th scope=\"col\" class=\"num\">" : "<th scope=\"col\">", out);
		html_text(out, *columns + is_number);
		fputs("</th>", out);
	}
	fputs("</tr></thead><tbody>\n", out);
}

static void close_table(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

static void figure(FILE *out, const char *caption)
{
	fputs("<figure><figcaption>", out);
	html_text(out, caption);
	fputs("</figcaption>\n", out);
}

static void tile(FILE *out, const char *name, const char *value, const char *class)
{
	fprintf(out, "<div class=\"tile %s\"><dt>", class);
	html_text(out, name);
	fputs("</dt><dd>", out);
	prose(out, value);
	fputs("</dd></div>\n", out);
}

static const char *title_of(const struct anatomy *anatomy)
{
	const struct session *session = anatomy->items[0].session;

	if (*session->vm_name)
		return session->vm_name;
	if (*session->vm_uuid)
		return session->vm_uuid;
	return *session->device ? session->device : "a VM without a known name";
}

static void heading(FILE *out, const struct anatomy *anatomy)
{
	const struct session *first = anatomy->items[0].session;
	const struct session *last = anatomy->items[anatomy->count - 1].session;
	char clock[UNITS_TEXT_BYTES];

	fputs("<header><h2>", out);
	html_text(out, title_of(anatomy));
	fputs("</h2><p class=\"dim\">", out);
	html_text(out, report_side_text(anatomy));
	if (*first->host) {
		fputs(" · ", out);
		html_text(out, first->host);
	}
	if (*last->host && strcmp(first->host, last->host) != 0) {
		fputs(" → ", out);
		html_text(out, last->host);
	}
	fprintf(out, " · <time>%s</time>",
		format_clock(first->begin_ns, first->clock_offset_ns, clock));
	if (*first->vm_uuid && *first->vm_name) {
		fputs(" · ", out);
		html_text(out, first->vm_uuid);
	}
	fputs("</p></header>\n", out);
}

/* The worst end of all. */
static const struct session *worst(const struct anatomy *anatomy)
{
	const struct session *session = anatomy->items[0].session;

	for (size_t i = 1; i < anatomy->count; i++)
		if (anatomy->items[i].session->end > session->end)
			session = anatomy->items[i].session;
	return session;
}

static void tiles(FILE *out, const struct anatomy *anatomy)
{
	const struct session *session = worst(anatomy);
	char text[REPORT_LABEL_BYTES], share[REPORT_SHARE_BYTES];
	uint64_t all = anatomy_blackout_ns(anatomy), bytes = 0;
	uint32_t alarms = 0;

	for (size_t i = 0; i < anatomy->count; i++) {
		alarms += anatomy->items[i].session->alarm_count;
		if (anatomy->items[i].session->side == anatomy->items[0].session->side)
			bytes += anatomy->items[i].session->bytes;
	}
	fputs("<dl class=\"tiles\">\n", out);
	tile(out, "blackout", anatomy->has_blackout ? format_duration(all, text) : "none", "");
	if (anatomy->has_blackout && anatomy->bound != PARTY_UNSEEN) {
		snprintf(text, sizeof(text), "%s, %s", report_party_label(anatomy->bound),
			 report_share(anatomy->party_ns[anatomy->bound], all, share));
		tile(out, "bound by", text, "");
	}
	tile(out, "moved", format_bytes(bytes, text), "");
	tile(out, "end", report_end_text(session, text),
	     session->end == SESSION_COMPLETED || session->end == SESSION_OPEN ? "" : "bad");
	snprintf(text, sizeof(text), "%u", alarms);
	tile(out, "alarms", alarms ? text : "none", alarms ? "bad" : "");
	fputs("</dl>\n", out);
}

static void alarms(FILE *out, const struct anatomy *anatomy)
{
	char text[SESSION_ALARM_TEXT_BYTES];

	for (size_t i = 0; i < anatomy->count; i++) {
		const struct session *session = anatomy->items[i].session;

		for (uint32_t k = 0; k < session->alarm_count; k++) {
			fputs("<p class=\"alarm\"><strong>⚠ ", out);
			html_text(out, alarm_kind_name(session->alarms[k].kind));
			fputs("</strong> ", out);
			html_text(out, session->device);
			fputs(": ", out);
			html_text(out, session_alarm_text(session, &session->alarms[k], text,
							  sizeof(text)));
			fputs("</p>\n", out);
		}
	}
}

static void legend(FILE *out)
{
	static const char *const entries[][2] = {
		{"calls", "in the driver's calls"},
		{"gap", "between calls"},
		{"arc", "arc"},
		{"wait", "waiting"},
		{"dirty", "dirty tracking"},
		{"transfer", "on its way"},
	};

	fputs("<p class=\"legend\">", out);
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		fprintf(out, "<span><i class=\"key %s\"></i>%s</span> ", entries[i][0],
			entries[i][1]);
	fputs("</p>\n", out);
}

static void parts_table(FILE *out, const struct anatomy *anatomy)
{
	static const char *const columns[] = {"#",     "part",   "device", "whose",
					      "#time", "#share", NULL};
	char label[REPORT_LABEL_BYTES], time[UNITS_TEXT_BYTES], share[REPORT_SHARE_BYTES];
	uint64_t all = anatomy_blackout_ns(anatomy);

	open_table(out, "Parts of the blackout; their sum is the blackout", columns);
	for (size_t i = 0; i < anatomy->part_count; i++) {
		const struct part *part = &anatomy->parts[i];
		bool is_of_one = part->item < anatomy->count;

		fputs(part == anatomy->largest ? "<tr class=\"largest\">" : "<tr>", out);
		number_cell(out, "%zu", i + 1);
		fputs("<th scope=\"row\">", out);
		html_text(out, report_part_label(anatomy, part, label));
		fputs(part == anatomy->largest ? " <b>(the largest)</b></th>" : "</th>", out);
		device_cell(out, is_of_one ? anatomy->items[part->item].session->device : "");
		cell(out, report_party_label(part_party(part)), false);
		cell(out, format_duration(part->ns, time), true);
		cell(out, report_share(part->ns, all, share), true);
		fputs("</tr>\n", out);
	}
	close_table(out);
}

static void blackout(FILE *out, const struct anatomy *anatomy, unsigned int number)
{
	uint64_t all = anatomy->end_ns - anatomy->begin_ns;

	if (!anatomy->has_blackout || !anatomy_blackout_ns(anatomy))
		return;
	figure(out, "Where the blackout went");
	svg_parts(out, anatomy, number);
	/* Large, where it is short beside the migration. */
	if (anatomy_blackout_ns(anatomy) <= all / 2)
		svg_timeline(out, anatomy, anatomy->blackout_begin_ns, anatomy->blackout_end_ns,
			     number);
	parts_table(out, anatomy);
	fputs("</figure>\n", out);
}

static void timeline_table(FILE *out, const struct anatomy *anatomy)
{
	static const char *const columns[] = {"state or arc", "device", "#from",
					      "#to",          "#took",  NULL};
	char label[REPORT_LABEL_BYTES], from[UNITS_TEXT_BYTES], to[UNITS_TEXT_BYTES];
	char took[UNITS_TEXT_BYTES];
	static const char *const what[] = {
		[STRETCH_ARC] = "", [STRETCH_DATA] = ", data", [STRETCH_WAIT] = ", waiting"};

	fputs("<details><summary>as a table</summary>", out);
	open_table(out, "Timeline, from the first that was seen", columns);
	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];
		char name[REPORT_LABEL_BYTES + 16];

		snprintf(name, sizeof(name), "%s%s", report_stretch_label(stretch, label),
			 stretch->kind < STRETCH_COUNT_ ? what[stretch->kind] : "");
		row_heading(out, name);
		device_cell(out, anatomy->items[stretch->item].session->device);
		cell(out, format_duration(stretch->begin_ns - anatomy->begin_ns, from), true);
		cell(out, format_duration(stretch->end_ns - anatomy->begin_ns, to), true);
		cell(out, format_duration(stretch->end_ns - stretch->begin_ns, took), true);
		fputs("</tr>\n", out);
	}
	close_table(out);
	fputs("</details>\n", out);
}

static void timeline(FILE *out, const struct anatomy *anatomy, unsigned int number)
{
	if (!anatomy->stretch_count)
		return;
	figure(out, "The whole migration");
	svg_timeline(out, anatomy, anatomy->begin_ns, anatomy->end_ns, number);
	timeline_table(out, anatomy);
	fputs("</figure>\n", out);
}

static void rate_row(FILE *out, const struct session *session, const struct session_phase *phase)
{
	const struct mw_flow *flow = &phase->flow;
	char text[UNITS_TEXT_BYTES];

	row_heading(out, mig_state_name(phase->state));
	device_cell(out, session->device);
	cell(out, format_bytes(flow->bytes, text), true);
	number_cell(out, "%.1f", (double)flow_bytes_per_second(flow) / 1e6);
	cell(out, format_duration(flow->driver_ns, text), true);
	cell(out, format_duration(flow->gap_ns, text), true);
	number_cell(out, "%llu", (unsigned long long)flow->calls);
	cell(out, flow->first_byte_ns ? format_duration(flow->first_byte_ns, text) : "-", true);
	cell(out,
	     format_duration(flow_percentile(flow->latency_log2, MW_LATENCY_BUCKETS, 50), text),
	     true);
	cell(out,
	     format_duration(flow_percentile(flow->latency_log2, MW_LATENCY_BUCKETS, 99), text),
	     true);
	fputs("</tr>\n", out);
}

static bool has_data(const struct anatomy *anatomy)
{
	for (size_t i = 0; i < anatomy->count; i++)
		for (uint32_t k = 0; k < anatomy->items[i].session->phase_count; k++)
			if (anatomy->items[i].session->phases[k].has_flow)
				return true;
	return false;
}

static void rates(FILE *out, const struct anatomy *anatomy, unsigned int number)
{
	static const char *const columns[] = {"phase",        "device",     "#bytes", "#MB/s",
					      "#in driver",   "#between",   "#calls", "#first byte",
					      "#median call", "#99 % call", NULL};

	if (!has_data(anatomy))
		return;
	figure(out, "Throughput, while data moved");
	svg_rates(out, anatomy, number);
	open_table(out, "Data of each phase", columns);
	for (size_t i = 0; i < anatomy->count; i++) {
		const struct session *session = anatomy->items[i].session;

		for (uint32_t k = 0; k < session->phase_count; k++)
			if (session->phases[k].has_flow)
				rate_row(out, session, &session->phases[k]);
	}
	close_table(out);
	fputs("</figure>\n", out);
}

static void histogram_table(FILE *out, const uint32_t *buckets, size_t count, bool is_time)
{
	static const char *const columns[] = {"#from", "#below", "#calls", NULL};
	char from[UNITS_TEXT_BYTES], to[UNITS_TEXT_BYTES];

	fputs("<details><summary>as a table</summary>", out);
	open_table(out, is_time ? "Calls by their time in the driver" : "Calls by their bytes",
		   columns);
	for (size_t i = 0; i < count; i++) {
		if (!buckets[i])
			continue;
		fputs("<tr>", out);
		cell(out,
		     is_time ? format_duration(1ull << i, from) : format_bytes(1ull << i, from),
		     true);
		cell(out, is_time ? format_duration(2ull << i, to) : format_bytes(2ull << i, to),
		     true);
		number_cell(out, "%u", buckets[i]);
		fputs("</tr>\n", out);
	}
	close_table(out);
	fputs("</details>\n", out);
}

static void histograms(FILE *out, const struct session *session, const struct session_phase *phase,
		       unsigned int number)
{
	const char *call = phase->flow.direction == MW_FLOW_WRITE ? "writes" : "reads";
	char caption[REPORT_LABEL_BYTES];

	if (!phase->has_flow || !phase->flow.calls)
		return;
	snprintf(caption, sizeof(caption), "%s of %s: %s by their time in the driver",
		 mig_state_name(phase->state), session->device, call);
	figure(out, caption);
	svg_histogram(out, phase->flow.latency_log2, MW_LATENCY_BUCKETS, true, number);
	histogram_table(out, phase->flow.latency_log2, MW_LATENCY_BUCKETS, true);
	fputs("</figure>\n", out);
	snprintf(caption, sizeof(caption), "%s of %s: %s by their bytes",
		 mig_state_name(phase->state), session->device, call);
	figure(out, caption);
	svg_histogram(out, phase->flow.size_log2, MW_SIZE_BUCKETS, false, number);
	histogram_table(out, phase->flow.size_log2, MW_SIZE_BUCKETS, false);
	fputs("</figure>\n", out);
}

static void curve(FILE *out, const struct session_series *series, bool is_precopy,
		  const char *caption, unsigned int number)
{
	static const char *const columns[] = {"#time", "#bytes", "#dirty bytes", NULL};
	char text[UNITS_TEXT_BYTES], label[REPORT_LABEL_BYTES];

	if (!series->calls || !series->count)
		return;
	figure(out, caption);
	svg_curve(out, series, is_precopy, number);
	fputs("<details><summary>as a table</summary>", out);
	open_table(out, caption, columns);
	for (uint32_t i = 0; i < series->count; i++) {
		const struct session_sample *sample = &series->items[i];

		fputs("<tr>", out);
		cell(out, format_duration(sample->time_ns - series->items[0].time_ns, text), true);
		cell(out,
		     sample->result ? report_result_text(sample->result, label)
				    : format_bytes(sample->bytes, text),
		     true);
		cell(out, is_precopy ? format_bytes(sample->dirty_bytes, text) : "-", true);
		fputs("</tr>\n", out);
	}
	close_table(out);
	fputs("</details></figure>\n", out);
}

static void arcs(FILE *out, const struct session *session)
{
	static const char *const columns[] = {"arc", "towards", "#took", "result", NULL};
	char label[REPORT_LABEL_BYTES], text[UNITS_TEXT_BYTES];

	if (!session->arc_count)
		return;
	open_table(out, "Arcs of the state machine", columns);
	for (uint32_t i = 0; i < session->arc_count; i++) {
		const struct session_arc *arc = &session->arcs[i];

		snprintf(label, sizeof(label), "%s → %s", mig_state_name(arc->from),
			 mig_state_name(arc->to));
		row_heading(out, label);
		cell(out, mig_state_name(arc->target), false);
		cell(out, format_duration(arc->duration_ns, text), true);
		cell(out, report_result_text(arc->result, label), false);
		fputs("</tr>\n", out);
	}
	close_table(out);
}

static void fact(FILE *out, const char *name, const char *text)
{
	if (!*text)
		return;
	row_heading(out, name);
	cell(out, text, false);
	fputs("</tr>\n", out);
}

static void reports(FILE *out, const char *name, const struct session_reports *reports)
{
	char text[REPORT_LABEL_BYTES], range[UNITS_TEXT_BYTES], time[UNITS_TEXT_BYTES];

	if (!reports->calls)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " reports of %s in %s, %" PRIu64 " failed",
		 reports->calls, format_bytes(reports->range_bytes, range),
		 format_duration(reports->time_ns, time), reports->failures);
	fact(out, name, text);
}

static void facts(FILE *out, const struct session *session)
{
	static const char *const columns[] = {"what", "value", NULL};
	char text[REPORT_LABEL_BYTES];

	open_table(out, "What is known of it", columns);
	fact(out, "side", session_side_name(session->side));
	fact(out, "end", report_end_text(session, text));
	fact(out, "failure", report_failure_text(session, text));
	fact(out, "driver", session->driver);
	snprintf(text, sizeof(text), "%s[%u]", session->comm, session->pid);
	fact(out, "process", text);
	fact(out, "gate", report_gate_text(session, text));
	if (session->side == SESSION_SOURCE)
		fact(out, "estimate", report_estimate_text(session, text));
	reports(out, "dirty log before the blackout", &session->dirty.running);
	reports(out, "dirty log in the blackout", &session->dirty.stopped);
	fact(out, "missing", report_missing_text(session, text));
	close_table(out);
}

static void device(FILE *out, const struct session *session, unsigned int number)
{
	fputs("<section class=\"device\"><h3>", out);
	html_text(out, *session->device ? session->device : "a device without a name");
	fprintf(out, ", %s</h3>\n", session_side_name(session->side));
	facts(out, session);
	arcs(out, session);
	curve(out, &session->precopy, true, "Left to move while the guest ran (precopy)", number);
	curve(out, &session->data_size, false, "Left to move in STOP_COPY, as estimated", number);
	for (uint32_t i = 0; i < session->phase_count; i++)
		histograms(out, session, &session->phases[i], number);
	fputs("</section>\n", out);
}

void report_html_section(FILE *out, const struct report *report, unsigned int number)
{
	const struct anatomy *anatomy = report->anatomy;
	char sentence[REPORT_SENTENCE_BYTES];

	fprintf(out, "<section class=\"report\" id=\"report%u\">\n", number);
	svg_patterns(out, number);
	heading(out, anatomy);
	fputs("<p class=\"sentence\">", out);
	prose(out, report_sentence(report, sentence));
	fputs("</p>\n", out);
	if (report->pairing) {
		fputs("<p class=\"dim\">", out);
		prose(out, report_pairing_sentence(report->pairing, sentence));
		fputs("</p>\n", out);
	}
	tiles(out, anatomy);
	alarms(out, anatomy);
	if (anatomy->stretch_count)
		legend(out);
	blackout(out, anatomy, number);
	timeline(out, anatomy, number);
	rates(out, anatomy, number);
	for (size_t i = 0; i < anatomy->count; i++)
		device(out, anatomy->items[i].session, number);
	fputs("</section>\n", out);
}

void report_html(FILE *out, const struct report *reports, size_t count)
{
	char hash[REPORT_HTML_HASH_BYTES];
	const char *style = report_html_style();

	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"migwarden\">\n<title>",
		report_html_style_hash(style, hash));
	if (count == 1)
		html_text(out, title_of(reports[0].anatomy));
	else
		fprintf(out, "%zu migrations", count);
	fprintf(out,
		" · migwarden report</title>\n<style>%s</style></head>\n<body><main>\n"
		"<h1>Anatomy of a migration</h1>\n",
		style);
	for (size_t i = 0; i < count; i++)
		report_html_section(out, &reports[i], (unsigned int)i + 1);
	fputs("</main></body></html>\n", out);
}
