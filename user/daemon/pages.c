// SPDX-License-Identifier: GPL-2.0-only
/* The paths of the loopback port. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/anatomy.h"
#include "daemon/assets.h"
#include "daemon/measure.h"
#include "daemon/state.h"
#include "sinks/page.h"
#include "sinks/report_html.h"

#define SESSIONS_ON_PAGE 32

/* The newer format where the reader knows it. */
static void on_metrics(void *context, const struct server_request *request,
		       struct server_answer *answer)
{
	const char *accept = server_field(request, "Accept");
	bool is_new = accept && strstr(accept, "application/openmetrics-text");
	enum metrics_format format = is_new ? METRICS_OPENMETRICS : METRICS_TEXT;

	answer->type = metrics_content_type(format);
	answer->body = measure_text(context, format, &answer->size);
}

/* Nothing in it changes but by what happens: who compares two sees whether something did. */
static json_t *state_of(struct daemon *daemon)
{
	char host[256] = "";
	json_t *state = json_object();

	gethostname(host, sizeof(host) - 1);
	json_object_set_new(state, "host", json_string(host));
	json_object_set_new(state, "status", status_to_json(daemon));
	json_object_set_new(state, "reload_failed",
			    json_boolean(metrics_reload_failed(daemon->metrics)));
	json_object_set_new(state, "sessions",
			    chronicle_to_page(daemon->chronicle, SESSIONS_ON_PAGE));
	recent_to_json(&daemon->recent, daemon->host, daemon->clock_offset_ns, state);
	return state;
}

static void on_state(void *context, const struct server_request *request,
		     struct server_answer *answer)
{
	json_t *state = state_of(context);

	(void)request;
	answer->type = "application/json";
	answer->body = json_dumps(state, JSON_COMPACT);
	answer->size = answer->body ? strlen(answer->body) : 0;
	json_decref(state);
}

/* The body of @answer, to be written to; NULL without memory. */
static FILE *html_begin(struct server_answer *answer)
{
	FILE *out = open_memstream(&answer->body, &answer->size);

	answer->type = "text/html; charset=utf-8";
	if (!out)
		answer->body = NULL;
	return out;
}

static void html_end(struct server_answer *answer, FILE *out)
{
	bool failed = ferror(out);

	if (fclose(out) == 0 && !failed)
		return;
	free(answer->body);
	answer->body = NULL;
}

static void on_page(void *context, const struct server_request *request,
		    struct server_answer *answer)
{
	FILE *out = html_begin(answer);
	json_t *state;

	(void)request;
	if (!out)
		return;
	state = state_of(context);
	page_write(out, state);
	json_decref(state);
	html_end(answer, out);
}

/* The report of one session, as `migwarden report --html` makes it. */
static void on_session(void *context, const struct server_request *request,
		       struct server_answer *answer)
{
	const char *id = server_argument(request, "id");
	AUTO_ANATOMY struct anatomy *anatomy = NULL;
	const struct daemon *daemon = context;
	const struct session *session = NULL;
	char hash[REPORT_HTML_HASH_BYTES];
	struct report report;
	uint64_t number;
	FILE *out;

	if (id && slice_to_u64(slice_of(id), &number))
		session = chronicle_session(daemon->chronicle, number);
	if (!session) {
		web_refuse(answer, MHD_HTTP_NOT_FOUND, "no such session is kept");
		return;
	}
	if (anatomy_new(&(struct anatomy_item){.session = session}, 1, &anatomy))
		return;
	out = html_begin(answer);
	if (!out)
		return;
	answer->headers = web_headers_with_style(report_html_style_hash(report_html_style(), hash));
	report = (struct report){.anatomy = anatomy};
	report_html(out, &report, 1);
	html_end(answer, out);
}

static void answer_asset(enum asset_name name, struct server_answer *answer)
{
	const struct asset *asset = &assets[name];

	answer->type = asset->type;
	answer->size = (size_t)(asset->end - asset->begin);
	answer->body = malloc(answer->size);
	if (answer->body)
		memcpy(answer->body, asset->begin, answer->size);
}

static void on_style(void *context, const struct server_request *request,
		     struct server_answer *answer)
{
	(void)context;
	(void)request;
	answer_asset(ASSET_STYLE, answer);
}

static void on_script(void *context, const struct server_request *request,
		      struct server_answer *answer)
{
	(void)context;
	(void)request;
	answer_asset(ASSET_SCRIPT, answer);
}

static void on_icon(void *context, const struct server_request *request,
		    struct server_answer *answer)
{
	(void)context;
	(void)request;
	answer_asset(ASSET_ICON, answer);
}

const struct web_route web_routes[] = {
	{"/", on_page},
	{"/session", on_session},
	{"/state.json", on_state},
	{"/metrics", on_metrics},
	{"/page.css", on_style},
	{"/page.js", on_script},
	{"/icon.svg", on_icon},
	{0},
};
