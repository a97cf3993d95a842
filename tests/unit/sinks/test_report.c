// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each way of a report against a file of tests/golden/report. Where they differ, what was made lies
 * in build/golden/report: look at it, and copy it there when it is what is wanted.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../core/hand_sessions.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "sinks/report.h"
#include "sinks/report_html.h"
#include "sinks/report_trace.h"
#include "sinks/report_words.h"

#define GOLDEN "tests/golden/report"
#define MADE "build/golden/report"
#define NAME_BYTES 128
#define WALL_ERROR_NS (10 * MS)

static struct session sessions[2];
static struct anatomy *anatomy;
static struct pairing pairing;
static struct report report;
static char *made;
static size_t made_size;

static void tear_down(void)
{
	anatomy_free(anatomy);
	free(made);
}

TestSuite(report, .fini = tear_down);

static void lay_open(size_t count)
{
	struct anatomy_item items[2] = {{&sessions[0], 0}, {&sessions[1], 0}};

	cr_assert_eq(anatomy_new(items, count, &anatomy), 0);
	report.anatomy = anatomy;
}

static void make_source(void)
{
	hand_source(&sessions[0]);
	lay_open(1);
}

static void make_destination(void)
{
	hand_destination(&sessions[0]);
	lay_open(1);
}

static void make_devices(void)
{
	hand_source(&sessions[0]);
	hand_second(&sessions[1]);
	lay_open(2);
}

/* Devices whose data went at one time. */
static void make_parallel(void)
{
	hand_source(&sessions[0]);
	hand_source(&sessions[1]);
	sessions[1].id = 5;
	strcpy(sessions[1].device, "0000:3b:00.3");
	lay_open(2);
}

static void make_both(void)
{
	const struct session *source = &sessions[0], *destination = &sessions[1];
	struct anatomy_item items[2];

	hand_source(&sessions[0]);
	hand_destination(&sessions[1]);
	/* A clock 40 ms ahead, as its wall clock says, within 3 ms. */
	sessions[1].clock_offset_ns -= 3 * (int64_t)MS;
	cr_assert_eq(pairing_judge(&source, 1, &destination, 1, WALL_ERROR_NS, items, &pairing),
		     PAIRING_OK);
	cr_assert_eq(anatomy_new(items, 2, &anatomy), 0);
	report = (struct report){anatomy, &pairing};
}

static void make_refused(void)
{
	hand_refused(&sessions[0]);
	lay_open(1);
}

static void make_open(void)
{
	hand_open(&sessions[0]);
	lay_open(1);
}

static void make_lost(void)
{
	hand_lost(&sessions[0]);
	lay_open(1);
}

static void make_empty(void)
{
	hand_empty(&sessions[0]);
	lay_open(1);
}

static void make_hostile(void)
{
	hand_hostile(&sessions[0]);
	lay_open(1);
}

static const struct made {
	const char *name;
	void (*make)(void);
} all[] = {
	{"source", make_source},   {"both", make_both},
	{"hostile", make_hostile}, {"destination", make_destination},
	{"devices", make_devices}, {"parallel", make_parallel},
	{"refused", make_refused}, {"open", make_open},
	{"lost", make_lost},       {"empty", make_empty},
};

/* Of all but the text, golden files are kept of the first ones alone. */
#define GOLDEN_COUNT 3

/* A parameter goes to another process, where pointers mean nothing. */
static struct criterion_test_params each(size_t count)
{
	static size_t indices[ARRAY_SIZE(all)];

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		indices[i] = i;
	return cr_make_param_array(size_t, indices, count);
}

static FILE *begin(void)
{
	return open_memstream(&made, &made_size);
}

static void text_of(unsigned int columns, bool is_ascii)
{
	struct report_look look = {columns, is_ascii};
	FILE *out = begin();

	cr_assert_eq(report_text(out, &report, &look), 0);
	fclose(out);
}

static void html_of(void)
{
	FILE *out = begin();

	report_html(out, &report, 1);
	fclose(out);
}

static void dump(json_t *json)
{
	FILE *out = begin();

	cr_assert_not_null(json);
	json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	putc('\n', out);
	json_decref(json);
	fclose(out);
}

static void keep(const char *name)
{
	char path[NAME_BYTES + 32];
	FILE *file;

	mkdir("build/golden", 0777);
	mkdir(MADE, 0777);
	snprintf(path, sizeof(path), MADE "/%s", name);
	file = fopen(path, "w");
	cr_assert_not_null(file, "%s: %s", path, strerror(errno));
	fwrite(made, 1, made_size, file);
	fclose(file);
}

/* What was made is what lies in the golden file of that name. */
static void assert_golden(const char *name, const char *ending)
{
	char path[NAME_BYTES + 32], file_name[NAME_BYTES];
	char *golden = calloc(1, made_size + 2);
	FILE *file;
	size_t size = 0;

	snprintf(file_name, sizeof(file_name), "%s.%s", name, ending);
	snprintf(path, sizeof(path), GOLDEN "/%s", file_name);
	file = fopen(path, "r");
	if (file) {
		size = fread(golden, 1, made_size + 1, file);
		fclose(file);
	}
	if (!file || size != made_size || memcmp(golden, made, size) != 0) {
		keep(file_name);
		cr_expect_fail("%s is another: diff %s " MADE "/%s", file_name, path, file_name);
	}
	free(golden);
}

ParameterizedTestParameters(report, text_is_the_golden_one)
{
	return each(ARRAY_SIZE(all));
}

ParameterizedTest(const size_t *index, report, text_is_the_golden_one)
{
	const struct made *it = &all[*index];

	it->make();
	text_of(100, false);
	assert_golden(it->name, "txt");
}

ParameterizedTestParameters(report, text_without_utf8_is_the_golden_one)
{
	return each(GOLDEN_COUNT);
}

ParameterizedTest(const size_t *index, report, text_without_utf8_is_the_golden_one)
{
	const struct made *it = &all[*index];

	it->make();
	text_of(80, true);
	assert_golden(it->name, "ascii.txt");
}

ParameterizedTestParameters(report, json_is_the_golden_one)
{
	return each(GOLDEN_COUNT);
}

ParameterizedTest(const size_t *index, report, json_is_the_golden_one)
{
	const struct made *it = &all[*index];
	json_t *object, *item;
	size_t i;

	it->make();
	object = report_to_json(&report);
	/* The session itself has its own tests. */
	json_array_foreach(json_object_get(object, "items"), i, item)
		cr_assert_eq(json_object_del(item, "session"), 0);
	dump(object);
	assert_golden(it->name, "json");
}

ParameterizedTestParameters(report, html_is_the_golden_one)
{
	return each(GOLDEN_COUNT);
}

ParameterizedTest(const size_t *index, report, html_is_the_golden_one)
{
	const struct made *it = &all[*index];

	it->make();
	html_of();
	assert_golden(it->name, "html");
}

ParameterizedTestParameters(report, trace_is_the_golden_one)
{
	return each(GOLDEN_COUNT);
}

ParameterizedTest(const size_t *index, report, trace_is_the_golden_one)
{
	const struct made *it = &all[*index];

	it->make();
	dump(report_to_trace(&report, 1));
	assert_golden(it->name, "trace.json");
}

Test(report, no_line_of_a_timeline_is_wider_than_the_terminal)
{
	for (unsigned int columns = REPORT_WIDTH_MIN; columns <= 200; columns += 34) {
		unsigned int count = 0;
		char *line;

		make_source();
		text_of(columns, true);
		line = strstr(made, "\ntimeline");
		cr_assert_not_null(line);
		for (line = strtok(line, "\n"); line && !strstr(line, ", source, session");
		     line = strtok(NULL, "\n"), count++)
			cr_assert_leq(strlen(line), columns, "%u: %s", columns, line);
		cr_assert_gt(count, 10);
		tear_down();
		anatomy = NULL;
		made = NULL;
	}
}

ParameterizedTestParameters(report, text_without_utf8_is_ascii_and_html_is_utf8)
{
	return each(ARRAY_SIZE(all));
}

ParameterizedTest(const size_t *index, report, text_without_utf8_is_ascii_and_html_is_utf8)
{
	all[*index].make();
	text_of(80, true);
	for (size_t i = 0; i < made_size; i++)
		cr_assert(made[i] == '\n' || (made[i] >= 0x20 && made[i] < 0x7f));
	free(made);
	html_of();
	cr_assert_eq(utf8_valid_length(made, made_size), made_size);
}

Test(report, shares_of_json_sum_to_the_whole)
{
	json_t *object, *blackout, *part;
	double share = 0;
	json_int_t ns = 0;
	size_t i;

	make_devices();
	object = report_to_json(&report);
	blackout = json_object_get(object, "blackout");
	json_array_foreach(json_object_get(blackout, "parts"), i, part)
	{
		share += json_real_value(json_object_get(part, "share"));
		ns += json_integer_value(json_object_get(part, "ns"));
	}
	cr_assert_eq(ns, json_integer_value(json_object_get(blackout, "ns")));
	cr_assert_float_eq(share, 1.0, 1e-9);
	json_decref(object);
}

/* What the names want, and must not get. */
static void assert_absent(const char *text)
{
	cr_assert_null(strstr(made, text), "\"%s\" is in it", text);
}

Test(report, no_name_of_others_becomes_a_tag)
{
	make_hostile();
	html_of();
	assert_absent("<script");
	assert_absent("<img");
	assert_absent("<b>\n");
	assert_absent("-->");
	assert_absent("<![CDATA[");
	assert_absent("\x1b");
	assert_absent("\xe2\x80\xae");
	cr_assert_not_null(strstr(made, "&lt;img src=x onerror=alert(1)&gt;"));
}

Test(report, a_page_asks_the_network_for_nothing)
{
	make_both();
	html_of();
	assert_absent("http:");
	assert_absent("https:");
	assert_absent("src=");
	assert_absent("href=");
	assert_absent("@import");
	assert_absent("url(h");
	assert_absent(" style=");
	cr_assert_not_null(strstr(made, "default-src 'none'; style-src 'sha256-"));
}

Test(report, the_hash_of_the_style_is_sha256_in_base64)
{
	char hash[REPORT_HTML_HASH_BYTES];

	cr_assert_str_eq(report_html_style_hash("", hash),
			 "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

static double number_of(const json_t *event, const char *key)
{
	return json_number_value(json_object_get(event, key));
}

/* On one thread, a slice lies within another one or beside it. */
static void assert_nests(json_t *events)
{
	json_t *a, *b;
	size_t i, k;

	json_array_foreach(events, i, a)
	{
		json_array_foreach(events, k, b)
		{
			double begin = number_of(a, "ts"), end = begin + number_of(a, "dur");
			double from = number_of(b, "ts"), to = from + number_of(b, "dur");

			if (a == b ||
			    !json_equal(json_object_get(a, "tid"), json_object_get(b, "tid")) ||
			    !json_equal(json_object_get(a, "pid"), json_object_get(b, "pid")) ||
			    !json_object_get(a, "dur") || !json_object_get(b, "dur"))
				continue;
			cr_assert(end <= from + 1e-3 || to <= begin + 1e-3 ||
				  (begin <= from + 1e-3 && to <= end + 1e-3) ||
				  (from <= begin + 1e-3 && end <= to + 1e-3));
		}
	}
}

static void assert_event(json_t *event)
{
	const char *phase = json_string_value(json_object_get(event, "ph"));

	cr_assert(json_is_integer(json_object_get(event, "pid")));
	cr_assert(json_is_integer(json_object_get(event, "tid")));
	cr_assert(json_is_object(json_object_get(event, "args")));
	cr_assert_not_null(phase);
	cr_assert_not_null(strstr("MXCi", phase));
	if (*phase == 'M') {
		cr_assert_null(json_object_get(event, "ts"));
		return;
	}
	cr_assert(json_is_real(json_object_get(event, "ts")));
	cr_assert_geq(number_of(event, "ts"), 0);
	cr_assert_eq(*phase == 'X', json_is_real(json_object_get(event, "dur")));
	cr_assert_geq(number_of(event, "dur"), 0);
	cr_assert_eq(*phase == 'i', json_is_string(json_object_get(event, "s")));
}

ParameterizedTestParameters(report, a_trace_keeps_the_rules_of_its_format)
{
	return each(ARRAY_SIZE(all));
}

ParameterizedTest(const size_t *index, report, a_trace_keeps_the_rules_of_its_format)
{
	const struct made *it = &all[*index];
	json_t *trace, *events, *event, *value;
	const char *key;
	size_t i;

	it->make();
	trace = report_to_trace(&report, 1);
	events = json_object_get(trace, "traceEvents");
	cr_assert(json_array_size(events) > 0);
	json_array_foreach(events, i, event)
	{
		assert_event(event);
		if (strcmp(json_string_value(json_object_get(event, "ph")), "C") == 0)
			json_object_foreach(json_object_get(event, "args"), key, value)
				cr_assert(json_is_number(value));
	}
	assert_nests(events);
	json_decref(trace);
}

Test(report, a_list_has_a_line_for_each_session)
{
	const struct session *list[2] = {&sessions[0], &sessions[1]};
	struct report_look look = {100, false};
	FILE *out;

	hand_source(&sessions[0]);
	hand_hostile(&sessions[1]);
	out = begin();
	cr_assert_eq(report_list_text(out, list, 2, &look), 0);
	fclose(out);
	assert_golden("list", "txt");
}

Test(report, an_empty_list_is_a_heading)
{
	struct report_look look = {100, false};
	FILE *out = begin();

	cr_assert_eq(report_list_text(out, NULL, 0, &look), 0);
	fclose(out);
	cr_assert_str_eq(made, "ID  TIME  VM  DEVICE  SIDE  END  BLACKOUT  BYTES  ALARMS\n");
}

static const char *sentence(void)
{
	static char text[REPORT_SENTENCE_BYTES];

	return report_sentence(&report, text);
}

Test(report, the_sentence_names_the_largest_part_and_who_bounds_it)
{
	make_source();
	cr_assert_str_eq(sentence(),
			 "The largest part of the 400 ms of blackout on the source is the driver's "
			 "reads in STOP_COPY: 300 ms, 75.0 %; the device bounds it, with 82.5 % in "
			 "all.");
}

Test(report, the_sentence_says_so_when_all_together_another_bounds_it)
{
	struct mw_flow *flow = &sessions[0].phases[2].flow;

	hand_source(&sessions[0]);
	flow->driver_ns = 150 * MS;
	flow->gap_ns = 190 * MS;
	sessions[0].arcs[1].duration_ns = 1 * MS;
	lay_open(1);
	cr_assert_not_null(strstr(sentence(), "the time between the reads in STOP_COPY: 190 ms"));
	cr_assert_not_null(strstr(sentence(), "the VMM and its network bound it"));
	anatomy_free(anatomy);
	sessions[0].phases[2].flow.driver_ns = 170 * MS;
	sessions[0].phases[2].flow.gap_ns = 170 * MS;
	lay_open(1);
	cr_assert_not_null(strstr(sentence(), "bound"));
}
