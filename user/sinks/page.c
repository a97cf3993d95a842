// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/page.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "sinks/html.h"

#define DAY_LENGTH 10 /* "2026-11-20T13:04:05.123456Z" */
#define TIME_OFFSET 11
#define TIME_LENGTH 12

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static long long number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* A row for each item of a list. */
struct column {
	const char *title;
	const char *key;
	enum {
		CELL_TEXT,
		CELL_HEAD, /* names the row */
		CELL_TIME,
		CELL_WORD, /* text that is a class too: its words are ours */
		CELL_NUMBER,
		CELL_PROCESS,
		CELL_YES_NO,
		CELL_MORE,    /* a number, where there is one */
		CELL_SESSION, /* its number, which leads to its timeline */
	} kind;
};

static void write_time(FILE *out, const char *time)
{
	fputs("<time datetime=\"", out);
	html_text(out, time);
	fputs("\">", out);
	if (strlen(time) > TIME_OFFSET + TIME_LENGTH) {
		char day[DAY_LENGTH + 1], clock[TIME_LENGTH + 1];

		snprintf(day, sizeof(day), "%.*s", DAY_LENGTH, time);
		snprintf(clock, sizeof(clock), "%.*s", TIME_LENGTH, time + TIME_OFFSET);
		fputs("<span class=\"day\">", out);
		html_text(out, day);
		fputs("</span> ", out);
		html_text(out, clock);
	}
	fputs("</time>", out);
}

/* A class is one of our own words, or none. */
static const char *class_of(const char *word)
{
	static const char *const known[] = {"passed", "refused", "audited",
					    "ERROR",  "failed",  "lost"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], word) == 0)
			return known[i];
	return "plain";
}

static void write_value(FILE *out, const json_t *item, const struct column *column)
{
	const char *text = text_at(item, column->key);

	switch (column->kind) {
	case CELL_TEXT:
	case CELL_HEAD:
		html_text(out, text);
		break;
	case CELL_TIME:
		write_time(out, text);
		break;
	case CELL_WORD:
		fprintf(out, "<span class=\"word %s\">", class_of(text));
		html_text(out, text);
		fputs("</span>", out);
		break;
	case CELL_NUMBER:
		fprintf(out, "%lld", number_at(item, column->key));
		break;
	case CELL_PROCESS:
		if (!*text)
			break;
		fputs("<span class=\"process\">", out);
		html_text(out, text);
		fprintf(out, "<span class=\"dim\">[%lld]</span></span>", number_at(item, "pid"));
		break;
	case CELL_SESSION:
		fprintf(out, "<a href=\"/session?id=%lld\">%lld</a>", number_at(item, column->key),
			number_at(item, column->key));
		break;
	case CELL_MORE:
		if (number_at(item, column->key))
			fprintf(out, "%lld", number_at(item, column->key));
		break;
	case CELL_YES_NO:
		fputs(is_true(item, column->key) ? "yes" : "no", out);
		break;
	}
}

static void write_row(FILE *out, const json_t *item, const struct column *columns)
{
	fputs("<tr>", out);
	for (; columns->title; columns++) {
		if (columns->kind == CELL_HEAD)
			fputs("<th scope=\"row\">", out);
		else
			fputs(columns->kind == CELL_NUMBER || columns->kind == CELL_MORE
				      ? "<td class=\"num\">"
				      : "<td>",
			      out);
		write_value(out, item, columns);
		fputs(columns->kind == CELL_HEAD ? "</th>" : "</td>", out);
	}
	fputs("</tr>\n", out);
}

/* Wide tables scroll in a region of their own, which the keyboard reaches. */
static void write_table(FILE *out, const char *title, const json_t *list,
			const struct column *columns, const char *nothing)
{
	const json_t *item;
	size_t i;

	if (!json_array_size(list)) {
		fprintf(out, "<p class=\"dim\">%s</p>\n", nothing);
		return;
	}
	fprintf(out,
		"<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\"><table>"
		"<thead><tr>",
		title);
	for (const struct column *column = columns; column->title; column++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			column->kind == CELL_NUMBER ? " class=\"num\"" : "", column->title);
	fputs("</tr></thead><tbody>\n", out);
	json_array_foreach(list, i, item) write_row(out, item, columns);
	fputs("</tbody></table></div>\n", out);
}

static void open_section(FILE *out, const char *id, const char *title)
{
	fprintf(out,
		"<section id=\"%s\" aria-labelledby=\"%s-title\"><h2 id=\"%s-title\">%s</h2>\n", id,
		id, id, title);
}

static void close_section(FILE *out)
{
	fputs("</section>\n", out);
}

/* One thing that somebody should know. Gives 1. */
static int tell(FILE *out, const char *text)
{
	fprintf(out, "<li>%s</li>\n", text);
	return 1;
}

static long long lost_events(const json_t *kinds)
{
	long long lost = 0;
	const char *kind;
	json_t *count;

	json_object_foreach((json_t *)kinds, kind, count) lost += number_at(count, "lost");
	return lost;
}

static int write_gate_alarms(FILE *out, const json_t *gate)
{
	const json_t *program;
	int count = 0;
	size_t i;

	if (!is_true(gate, "stands"))
		return tell(out, "<b>No gate stands:</b> nothing is judged on this host.");
	json_array_foreach(json_object_get(gate, "programs"), i, program)
	{
		if (is_true(program, "stands"))
			continue;
		count++;
		fputs("<li><b>A program of the gate is missing:</b> ", out);
		html_text(out, text_at(program, "name"));
		fputs(". Open: ", out);
		html_text(out, text_at(program, "open"));
		fputs("</li>\n", out);
	}
	if (!is_true(gate, "shielded"))
		count += tell(out, "<b>No shield:</b> other root processes can reach the gate.");
	return count;
}

static void write_alarms(FILE *out, const json_t *state)
{
	const json_t *status = json_object_get(state, "status");
	const json_t *events = json_object_get(status, "events");
	long long lost = lost_events(json_object_get(events, "observed")) +
			 lost_events(json_object_get(events, "gate"));
	int count;

	open_section(out, "alarms", "Alarms");
	fputs("<ul class=\"alarms\">\n", out);
	count = write_gate_alarms(out, json_object_get(status, "gate"));
	if (strcmp(text_at(json_object_get(status, "policy"), "mode"), "audit") == 0)
		count += tell(out, "<b>Audit mode:</b> nothing is refused.");
	if (is_true(state, "reload_failed"))
		count += tell(out, "<b>The last reload failed:</b> the policy before it is in "
				   "force.");
	if (lost) {
		fprintf(out, "<li><b>%lld events were lost:</b> what is told has gaps.</li>\n",
			lost);
		count++;
	}
	if (json_array_size(json_object_get(state, "incidents")))
		count += tell(out, "<b>Somebody tried to get past the gate:</b> see <a "
				   "href=\"#incidents\">incidents</a>.");
	fputs("</ul>\n", out);
	if (!count)
		fputs("<p class=\"good\">None.</p>\n", out);
	close_section(out);
}

static void fact(FILE *out, const char *name, const char *value)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	html_text(out, *value ? value : "?");
	fputs("</dd></div>\n", out);
}

static void write_gate(FILE *out, const json_t *status)
{
	static const struct column columns[] = {
		{"Program", "name", CELL_HEAD},
		{"Stands", "stands", CELL_YES_NO},
		{"Covers", "covers", CELL_TEXT},
		{"Open without it", "open", CELL_TEXT},
		{0},
	};
	const json_t *gate = json_object_get(status, "gate");
	const json_t *policy = json_object_get(status, "policy");
	char number[32];

	open_section(out, "gate", "Gate and policy");
	fputs("<dl>\n", out);
	fact(out, "Gate", is_true(gate, "stands") ? "stands" : text_at(gate, "state"));
	fact(out, "Outlives the daemon", is_true(gate, "pinned") ? "yes" : "no");
	fact(out, "Shield", is_true(gate, "shielded") ? "up" : "none");
	fact(out, "Mode", text_at(policy, "mode"));
	fact(out, "Policy", text_at(policy, "file"));
	snprintf(number, sizeof(number), "%lld", number_at(policy, "generation"));
	fact(out, "Generation", number);
	fact(out, "Without an admission, incoming", text_at(policy, "incoming"));
	fact(out, "Without an admission, outgoing", text_at(policy, "outgoing"));
	fact(out, "BLAKE2b", text_at(policy, "blake2b"));
	fputs("</dl>\n", out);
	write_table(out, "Programs of the gate", json_object_get(gate, "programs"), columns,
		    "No program is attached.");
	close_section(out);
}

static void write_devices(FILE *out, const json_t *devices)
{
	static const struct column columns[] = {
		{"Device", "device", CELL_HEAD},
		{"State", "state", CELL_WORD},
		{"Since", "time", CELL_TIME},
		{"Process", "comm", CELL_PROCESS},
		{0},
	};

	open_section(out, "devices", "Devices");
	write_table(out, "Devices", devices, columns, "No VFIO device is on this host.");
	close_section(out);
}

static const struct column decision_columns[] = {
	{"Time (UTC)", "time", CELL_TIME},
	{"Answer", "answer", CELL_WORD},
	{"Direction", "direction", CELL_TEXT},
	{"Device", "device", CELL_HEAD},
	{"VM", "vm", CELL_TEXT},
	{"Process", "comm", CELL_PROCESS},
	{"Why", "explanation", CELL_TEXT},
	{"More like it", "more", CELL_MORE},
	{0},
};

static void write_decisions(FILE *out, const json_t *decisions)
{
	open_section(out, "decisions", "Last decisions");
	write_table(out, "Last decisions", decisions, decision_columns,
		    "Nothing was decided since the daemon started.");
	close_section(out);
}

static const struct column session_columns[] = {
	{"Session", "id", CELL_SESSION},   {"Began (UTC)", "time", CELL_TIME},
	{"Device", "device", CELL_HEAD},   {"VM", "vm", CELL_TEXT},
	{"End", "end", CELL_WORD},         {"What", "line", CELL_TEXT},
	{"Alarms", "alarms", CELL_NUMBER}, {0},
};

static void write_sessions(FILE *out, const json_t *sessions)
{
	open_section(out, "sessions", "Migrations");
	write_table(out, "Migrations", sessions, session_columns,
		    "Nothing has migrated since the daemon started.");
	close_section(out);
}

static void write_incidents(FILE *out, const json_t *incidents)
{
	static const struct column columns[] = {
		{"Time (UTC)", "time", CELL_TIME},   {"What", "what", CELL_HEAD},
		{"Process", "comm", CELL_PROCESS},   {"Device", "device", CELL_TEXT},
		{"More like it", "more", CELL_MORE}, {0},
	};

	if (!json_array_size(incidents))
		return;
	open_section(out, "incidents", "Incidents");
	write_table(out, "Incidents", incidents, columns, "");
	close_section(out);
}

static void write_admissions(FILE *out, const json_t *admissions)
{
	static const struct column columns[] = {
		{"Device", "device", CELL_HEAD},
		{"Direction", "direction", CELL_TEXT},
		{"Admitted", "admitted", CELL_YES_NO},
		{"Uses left", "uses_left", CELL_NUMBER},
		{"Until (UTC)", "expires", CELL_TIME},
		{"Why", "explanation", CELL_TEXT},
		{0},
	};

	open_section(out, "admissions", "Admissions");
	write_table(out, "Admissions", admissions, columns, "The kernel holds none.");
	close_section(out);
}

static void write_kinds(FILE *out, const char *ring, const json_t *kinds)
{
	const char *kind;
	json_t *count;

	json_object_foreach((json_t *)kinds, kind, count)
	{
		fprintf(out, "<tr><th scope=\"row\">%s</th><td>", ring);
		html_text(out, kind);
		fprintf(out,
			"</td><td class=\"num\">%lld</td><td class=\"num\">%lld</td>"
			"<td class=\"num\">%lld</td></tr>\n",
			number_at(count, "produced"), number_at(count, "delivered"),
			number_at(count, "lost"));
	}
}

static void write_events(FILE *out, const json_t *events)
{
	open_section(out, "events", "Events");
	fputs("<div class=\"scroll\" role=\"region\" aria-label=\"Events\" tabindex=\"0\"><table>"
	      "<thead><tr><th scope=\"col\">Ring</th><th scope=\"col\">Kind</th>"
	      "<th scope=\"col\" class=\"num\">Produced</th>"
	      "<th scope=\"col\" class=\"num\">Delivered</th>"
	      "<th scope=\"col\" class=\"num\">Lost</th></tr></thead><tbody>\n",
	      out);
	write_kinds(out, "observed", json_object_get(events, "observed"));
	write_kinds(out, "gate", json_object_get(events, "gate"));
	fputs("</tbody></table></div>\n", out);
	close_section(out);
}

static void write_head(FILE *out, const json_t *state)
{
	const json_t *status = json_object_get(state, "status");
	const json_t *gate = json_object_get(status, "gate");

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	      out);
	fputs(is_true(gate, "stands") ? "" : "no gate: ", out);
	html_text(out, text_at(state, "host"));
	fputs(" – migwarden</title>\n<link rel=\"icon\" href=\"/icon.svg\">\n"
	      "<link rel=\"stylesheet\" href=\"/page.css\">\n"
	      "<script src=\"/page.js\" defer></script>\n</head>\n<body>\n"
	      "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n<h1>migwarden "
	      "<span>",
	      out);
	html_text(out, text_at(state, "host"));
	fputs("</span></h1>\n<nav aria-label=\"Sections\"><a href=\"#alarms\">Alarms</a> "
	      "<a href=\"#devices\">Devices</a> <a href=\"#decisions\">Decisions</a> "
	      "<a href=\"#sessions\">Migrations</a> "
	      "<a href=\"#admissions\">Admissions</a> <a href=\"#gate\">Gate</a> "
	      "<a href=\"#events\">Events</a> <a href=\"/metrics\">Metrics</a></nav>\n"
	      "<p><button id=\"pause\" type=\"button\" aria-pressed=\"false\" hidden>Pause"
	      "</button> <span id=\"live\" role=\"status\">Reload the page to see what is new."
	      "</span></p>\n</header>\n",
	      out);
}

void page_write(FILE *out, const json_t *state)
{
	const json_t *status = json_object_get(state, "status");

	write_head(out, state);
	fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
	write_alarms(out, state);
	write_incidents(out, json_object_get(state, "incidents"));
	write_devices(out, json_object_get(state, "devices"));
	write_decisions(out, json_object_get(state, "decisions"));
	write_sessions(out, json_object_get(state, "sessions"));
	write_admissions(out, json_object_get(status, "admissions"));
	write_gate(out, status);
	write_events(out, json_object_get(status, "events"));
	fputs("</main>\n<footer>migwarden ", out);
	html_text(out, text_at(status, "version"));
	fputs(". Read-only, for this host. <a href=\"/state.json\">The same as JSON</a>.</footer>\n"
	      "</body>\n</html>\n",
	      out);
}
