// SPDX-License-Identifier: GPL-2.0-only
/* Sessions with any values in them: the anatomy and every way of a report. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sinks/report.h"
#include "sinks/report_html.h"
#include "sinks/report_trace.h"

#define COUNT 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* The input over and over, and then what any reader of a session holds to. */
static void fill(struct session *session, const uint8_t *data, size_t size, size_t offset)
{
	uint8_t *bytes = (uint8_t *)session;

	for (size_t i = 0; i < sizeof(*session); i++)
		bytes[i] = data[(i + offset) % size];
	session->side %= SESSION_SIDE_COUNT_;
	session->arc_count %= SESSION_ARCS_MAX + 1;
	session->phase_count %= SESSION_PHASES_MAX + 1;
	session->alarm_count %= SESSION_ALARMS_MAX + 1;
	session->data_size.count %= SESSION_SAMPLES_MAX + 1;
	session->precopy.count %= SESSION_SAMPLES_MAX + 1;
	session->host[sizeof(session->host) - 1] = '\0';
	session->boot_id[sizeof(session->boot_id) - 1] = '\0';
	session->device[sizeof(session->device) - 1] = '\0';
	session->driver[sizeof(session->driver) - 1] = '\0';
	session->file_name[sizeof(session->file_name) - 1] = '\0';
	session->comm[sizeof(session->comm) - 1] = '\0';
	session->vm_name[sizeof(session->vm_name) - 1] = '\0';
	session->vm_uuid[sizeof(session->vm_uuid) - 1] = '\0';
}

static void try_text(const struct report *report, int is_ascii)
{
	struct report_look look = {80, is_ascii};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	require(report_text(out, report, &look) == 0);
	fclose(out);
	require(utf8_valid_length(text, length) == length);
	for (size_t i = 0; is_ascii && i < length; i++)
		require(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
	free(text);
}

static void try_html(const struct report *report)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	report_html(out, report, 1);
	fclose(out);
	require(utf8_valid_length(text, length) == length);
	require(!memmem(text, length, "<script", 7));
	free(text);
}

static void try_json(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	require(text != NULL);
	free(text);
	json_decref(json);
}

static void try_sums(const struct anatomy *anatomy)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < anatomy->part_count; i++)
		ns += anatomy->parts[i].ns;
	require(ns == anatomy_blackout_ns(anatomy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session sessions[COUNT];
	const struct session *one = &sessions[0], *two = &sessions[1];
	struct anatomy_item items[COUNT];
	struct pairing pairing;
	struct anatomy *anatomy;
	struct report report = {0};

	if (!size)
		return 0;
	for (size_t i = 0; i < COUNT; i++) {
		fill(&sessions[i], data, size, i * 7);
		items[i] = (struct anatomy_item){&sessions[i], (int64_t)(i * data[0] * 1000)};
	}
	require(anatomy_new(items, COUNT, &anatomy) == 0);
	report.anatomy = anatomy;
	if (pairing_judge(&one, 1, &two, 1, data[0], items, &pairing) == PAIRING_OK)
		report.pairing = &pairing;
	try_sums(anatomy);
	try_text(&report, 0);
	try_text(&report, 1);
	try_html(&report);
	try_json(report_to_json(&report));
	try_json(report_to_trace(&report, 1));
	anatomy_free(anatomy);
	return 0;
}
