// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_text.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/units.h"

#define LABEL_WIDTH 13
#define TEXT_BYTES 1024

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static bool is_kind(const struct audit_row *row, const char *kind)
{
	return row->kind && text_equal(row->kind, kind);
}

static const char *detail_text(const json_t *detail, const char *key)
{
	return json_string_value(json_object_get(detail, key));
}

static long long detail_number(const json_t *detail, const char *key)
{
	return json_integer_value(json_object_get(detail, key));
}

static json_t *load(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

/* "12345 more like it, from … to …: ". Gives its length. */
static size_t tally_of(const json_t *detail, char *out, size_t size)
{
	char first[UNITS_TEXT_BYTES], last[UNITS_TEXT_BYTES];
	int length;

	format_clock((uint64_t)detail_number(detail, "first_ns"), 0, first);
	format_clock((uint64_t)detail_number(detail, "last_ns"), 0, last);
	length = snprintf(out, size,
			  "%lld more like it, from %s to %s: ", detail_number(detail, "count"),
			  first, last);
	return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}

/* Why, in the fewest words: what was explained, or the reason, or what the kind has to say. */
static void why_of(const struct audit_row *row, const json_t *detail, char *out, size_t size)
{
	static const char *const keys[] = {"explanation", "what", "error", "why", "piece", "file"};
	const char *text = NULL;
	size_t length;

	if (is_kind(row, AUDIT_GAP)) {
		snprintf(out, size, "%lld lost: %s", detail_number(detail, "lost"),
			 detail_text(detail, "why") ?: "?");
		return;
	}
	if (is_kind(row, AUDIT_RETENTION)) {
		snprintf(out, size, "rows %lld to %lld removed, by %s",
			 detail_number(detail, "first"), detail_number(detail, "last"),
			 detail_text(detail, "why") ?: "?");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !text; i++)
		text = detail_text(detail, keys[i]);
	if (is_kind(row, AUDIT_TALLY)) {
		length = tally_of(detail, out, size);
		out += length;
		size -= length;
	}
	snprintf(out, size, "%s%s%s",
		 row->reason && (!text || !strstr(text, row->reason)) ? row->reason : "",
		 row->reason && text && !strstr(text, row->reason) ? ": " : "", text ? text : "");
}

#define LINE_FORMAT "%8s  %-27s  %-9s  %-7s  %-8s  %-36s  %-12s  %s\n"

void audit_line_head(FILE *out)
{
	fprintf(out, LINE_FORMAT, "ROW", "TIME", "KIND", "VERDICT", "WAY", "DEVICE", "VM", "WHY");
}

/* An effect whose answer is missing: nobody knows whether it was. */
static const char *answer_mark(const struct audit_record *record)
{
	if (text_equal(record->answer, "failed"))
		return " (failed)";
	return "";
}

void audit_line(FILE *out, const struct audit_record *record)
{
	const struct audit_row *row = &record->row;
	char clock[UNITS_TEXT_BYTES], number[24], why[TEXT_BYTES], device[256], vm[256];
	char shown[4 * TEXT_BYTES];
	json_t *detail = load(row->detail);

	why_of(row, detail, why, sizeof(why));
	json_decref(detail);
	if (row->refers)
		snprintf(number, sizeof(number), "of %llu", (unsigned long long)row->refers);
	escape_text(device, sizeof(device), or_dash(row->refers ? number : row->device));
	escape_text(vm, sizeof(vm), or_dash(row->vm ? row->vm : row->vm_uuid));
	escape_text(shown, sizeof(shown), why);
	/* What is still being counted has none. */
	snprintf(number, sizeof(number), row->seq ? "%llu" : "open", (unsigned long long)row->seq);
	format_clock((uint64_t)row->wall_ns, 0, clock);
	strcat(shown, answer_mark(record));
	fprintf(out, LINE_FORMAT, number, clock, or_dash(row->kind), or_dash(row->verdict),
		or_dash(row->direction), device, vm, shown);
}

/* "  label        text"; nothing where there is no text. */
static void field(FILE *out, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void field(FILE *out, const char *label, const char *format, ...)
{
	char text[TEXT_BYTES], shown[4 * TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (*text)
		fprintf(out, "  %-*s%s\n", LABEL_WIDTH, label,
			escape_text(shown, sizeof(shown), text));
}

static const char *way(const struct audit_row *row)
{
	return row->direction && text_equal(row->direction, "outgoing") ? "leave" : "enter";
}

static void decision_sentence(const struct audit_row *row, const json_t *detail, char *out,
			      size_t size)
{
	const char *verdict = row->verdict ? row->verdict : "";
	const char *asked = detail_text(detail, "asked") ?: "?";

	if (text_equal(verdict, "deny"))
		snprintf(out, size, "Refused: device %s was not let %s this host (%s, %s).",
			 or_dash(row->device), way(row), asked,
			 detail_text(detail, "errno") ?: "refused");
	else if (text_equal(verdict, "audit"))
		snprintf(out, size,
			 "Passed, to be refused under enforcement: device %s was let %s this host "
			 "(%s).",
			 or_dash(row->device), way(row), asked);
	else
		snprintf(out, size, "Passed: device %s was let %s this host (%s).",
			 or_dash(row->device), way(row), asked);
}

static void admission_sentence(const struct audit_row *row, const json_t *detail, char *out,
			       size_t size)
{
	bool admitted = json_is_true(json_object_get(detail, "admitted"));

	if (admitted)
		snprintf(out, size,
			 "Admitted: device %s may %s this host, %lld times within %lld s.",
			 or_dash(row->device), way(row), detail_number(detail, "uses"),
			 detail_number(detail, "ttl_s"));
	else
		snprintf(out, size, "Not admitted: device %s must not %s this host.",
			 or_dash(row->device), way(row));
}

/* What the row tells, in a sentence. */
static void sentence(const struct audit_row *row, const json_t *detail, char *out, size_t size)
{
	static const struct {
		const char *kind;
		const char *text;
	} sentences[] = {
		{AUDIT_BEGIN, "This audit begins."},
		{AUDIT_START, "The daemon started."},
		{AUDIT_STOP, "The daemon ended in order."},
		{AUDIT_RAISE, "The gate was to be raised, or adopted."},
		{AUDIT_RELOAD, "A policy was to be put in force."},
		{AUDIT_RELEASE, "The gate was to be taken down on purpose."},
		{AUDIT_INCIDENT, "An incident."},
		{AUDIT_SESSION, "A migration ended."},
		{AUDIT_GAP, "Something that should stand here was lost."},
		{AUDIT_RETENTION, "Old rows were removed, as the settings say."},
	};

	snprintf(out, size, "%s", or_dash(row->kind));
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
		if (is_kind(row, sentences[i].kind))
			snprintf(out, size, "%s", sentences[i].text);
	if (is_kind(row, AUDIT_DECISION))
		decision_sentence(row, detail, out, size);
	else if (is_kind(row, AUDIT_ADMISSION))
		admission_sentence(row, detail, out, size);
	else if (is_kind(row, AUDIT_REVOKE))
		snprintf(out, size, "The admission of device %s to %s this host was taken back.",
			 or_dash(row->device), way(row));
	else if (is_kind(row, AUDIT_SESSION) && detail_text(detail, "text"))
		snprintf(out, size, "The migration of device %s ended: %s.", or_dash(row->device),
			 detail_text(detail, "text"));
	else if (is_kind(row, AUDIT_TALLY))
		snprintf(out, size,
			 "Counted, and not written one by one: so many more of kind %s%s%s.",
			 detail_text(detail, "of") ?: "?", row->device ? ", device " : "",
			 row->device ? row->device : "");
	else if (is_kind(row, AUDIT_ANSWER))
		snprintf(out, size, "What row %llu announced: %s.", (unsigned long long)row->refers,
			 or_dash(row->verdict));
}

void audit_summarise(const struct audit_row *row, char *out, size_t size)
{
	json_t *detail = load(row->detail);
	char why[TEXT_BYTES];
	size_t length;

	sentence(row, detail, out, size);
	why_of(row, detail, why, sizeof(why));
	json_decref(detail);
	length = strlen(out);
	if (!*why || length + 2 >= size)
		return;
	/* "… (RESUMING, EPERM): type-mismatch: …" */
	if (length && out[length - 1] == '.')
		length--;
	snprintf(out + length, size - length, ": %s", why);
}

uint64_t audit_count(const struct audit_row *row)
{
	json_t *detail = is_kind(row, AUDIT_TALLY) ? load(row->detail) : NULL;
	uint64_t count = detail ? (uint64_t)detail_number(detail, "count") : 0;

	json_decref(detail);
	return count;
}

static bool has_answer(const struct audit_row *row)
{
	static const char *const kinds[] = {AUDIT_RAISE, AUDIT_ADMISSION, AUDIT_REVOKE,
					    AUDIT_RELOAD, AUDIT_RELEASE};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (is_kind(row, kinds[i]))
			return true;
	return false;
}

static void tell_effect(FILE *out, const struct audit_row *row, const json_t *detail,
			const struct audit_row *answer)
{
	bool is_written = !json_is_false(json_object_get(detail, "written"));
	/* An admission that goes with its device is no effect of the daemon's. */
	bool went_with_device = is_kind(row, AUDIT_REVOKE) && row->reason;
	char clock[UNITS_TEXT_BYTES];
	json_t *why;

	if (!answer) {
		if (has_answer(row) && is_written && !went_with_device)
			field(out, "effect",
			      "not known: the daemon ended before it could say how it went");
		return;
	}
	why = load(answer->detail);
	field(out, "effect", "%s%s%s, %s (row %llu)", or_dash(answer->verdict), why ? ": " : "",
	      why ? detail_text(why, "error") ?: "?" : "",
	      format_clock((uint64_t)answer->wall_ns, 0, clock), (unsigned long long)answer->seq);
	json_decref(why);
}

static void tell_device(FILE *out, const char *label, const json_t *device)
{
	const char *type = detail_text(device, "mdev_type");
	const char *version =
		detail_text(device, "interface_version") ?: detail_text(device, "version");

	if (!json_is_object(device))
		return;
	field(out, label, "%s%s%s%s%s, %s%s%s%s%s", or_dash(detail_text(device, "device")),
	      detail_text(device, "host") ? " on " : "", detail_text(device, "host") ?: "",
	      type ? ", " : "", type ? type : "", or_dash(detail_text(device, "device_api")),
	      detail_text(device, "driver") ? ", driver " : "", detail_text(device, "driver") ?: "",
	      version ? ", version " : "", version ? version : "");
}

static void tell_pair(FILE *out, const char *text)
{
	json_t *pair = load(text);

	tell_device(out, "source", json_object_get(pair, "source"));
	tell_device(out, "destination", json_object_get(pair, "dest"));
	json_decref(pair);
}

static void tell_process(FILE *out, const struct audit_row *row, const json_t *detail)
{
	if (row->pid)
		field(out, "process", "%s[%lld]%s%s%s", or_dash(row->comm), (long long)row->pid,
		      row->exe ? ", " : "", row->exe ? row->exe : "",
		      json_is_true(json_object_get(detail, "exe_is_claimed"))
			      ? " (as it says itself)"
			      : "");
	if (row->vm || row->vm_uuid)
		field(out, "VM", "%s%s%s", or_dash(row->vm), row->vm_uuid ? ", " : "",
		      row->vm_uuid ? row->vm_uuid : "");
}

static void tell_policy(FILE *out, const struct audit_row *row)
{
	if (row->rule || row->rule_name)
		field(out, "rule", "%s%s%s%s", row->rule_name ? row->rule_name : "",
		      row->rule_name && row->rule ? ", " : "", row->rule ? row->rule : "", "");
	if (row->policy && *row->policy)
		field(out, "policy", "generation %llu, blake2b %s",
		      (unsigned long long)row->generation, row->policy);
}

static void tell_admission(FILE *out, const struct audit_row *row,
			   const struct audit_row *admission)
{
	char clock[UNITS_TEXT_BYTES];

	if (!row->admission || is_kind(row, AUDIT_ADMISSION))
		return;
	if (admission)
		field(out, "admission", "row %llu, %s, by %s[%lld]",
		      (unsigned long long)admission->seq,
		      format_clock((uint64_t)admission->wall_ns, 0, clock),
		      or_dash(admission->comm), (long long)admission->pid);
	else
		field(out, "admission", "number %llu; its row is not here",
		      (unsigned long long)row->admission);
}

/* What no line above has told. */
static void tell_rest(FILE *out, const json_t *detail)
{
	static const char *const told[] = {"explanation", "asked",    "errno",    "exe_is_claimed",
					   "verdict",     "admitted", "first_ns", "last_ns"};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)detail, key, value)
	{
		char *text;
		bool known = json_is_null(value);

		for (size_t i = 0; i < ARRAY_SIZE(told); i++)
			known = known || text_equal(key, told[i]);
		if (known)
			continue;
		text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		field(out, key, "%s",
		      json_is_string(value) ? json_string_value(value) : (text ? text : "?"));
		free(text);
	}
}

void audit_tell_row(FILE *out, const struct audit_record *record, const struct audit_row *answer,
		    const struct audit_row *admission)
{
	const struct audit_row *row = &record->row;
	char clock[UNITS_TEXT_BYTES], hex[AUDIT_HASH_HEX_BYTES];
	char text[TEXT_BYTES], shown[4 * TEXT_BYTES];
	json_t *detail = load(row->detail);

	sentence(row, detail, text, sizeof(text));
	fprintf(out, "row %llu, %s\n\n%s\n", (unsigned long long)row->seq,
		format_clock((uint64_t)row->wall_ns, 0, clock),
		escape_text(shown, sizeof(shown), text));
	why_of(row, detail, text, sizeof(text));
	field(out, "why", "%s", text);
	field(out, "hint", "%s", detail_text(json_object_get(detail, "verdict"), "hint") ?: "");
	tell_policy(out, row);
	tell_effect(out, row, detail, answer);
	tell_process(out, row, detail);
	tell_admission(out, row, admission);
	tell_pair(out, row->pair);
	tell_rest(out, detail);
	field(out, "boot", "%s", row->boot_id ? row->boot_id : "");
	field(out, "hash", "%s", record->hash ? audit_hash_hex(record->hash, hex) : "none");
	json_decref(detail);
}
