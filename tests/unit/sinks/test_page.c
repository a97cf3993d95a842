// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sinks/page.h"

static char *text;
static json_t *state;

static void set_up(void)
{
	state = json_pack("{s:s, s:{s:s, s:{s:b, s:b, s:[]}, s:{s:s}, s:{s:{}, s:{}}, s:[]},"
			  " s:[], s:[], s:[], s:b}",
			  "host", "a", "status", "version", "1", "gate", "stands", 1, "shielded", 1,
			  "programs", "policy", "mode", "enforce", "events", "observed", "gate",
			  "admissions", "devices", "decisions", "incidents", "reload_failed", 0);
	cr_assert_not_null(state);
}

static void tear_down(void)
{
	json_decref(state);
	free(text);
}

TestSuite(page, .init = set_up, .fini = tear_down);

static const char *written(void)
{
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	page_write(out, state);
	fclose(out);
	return text;
}

static bool has(const char *part)
{
	return strstr(written(), part) != NULL;
}

static json_t *status(void)
{
	return json_object_get(state, "status");
}

Test(page, nothing_wrong_is_said_too)
{
	cr_assert(has("<p class=\"good\">None.</p>"));
	cr_assert_not(has("<li>"));
}

Test(page, no_gate_is_the_first_alarm_and_in_the_title)
{
	json_object_set_new(json_object_get(status(), "gate"), "stands", json_false());
	cr_assert(has("<title>no gate: a"));
	cr_assert(has("<b>No gate stands:</b>"));
	cr_assert_not(has("<p class=\"good\">None.</p>"));
}

Test(page, each_thing_that_is_wrong_is_an_alarm)
{
	json_object_set_new(json_object_get(status(), "gate"), "shielded", json_false());
	json_object_set_new(json_object_get(status(), "gate"), "programs",
			    json_pack("[{s:s, s:b, s:s, s:s}]", "name", "hook_compat", "stands", 0,
				      "covers", "x", "open", "such a call"));
	json_object_set_new(json_object_get(status(), "policy"), "mode", json_string("audit"));
	json_object_set_new(state, "reload_failed", json_true());
	json_object_set_new(json_object_get(json_object_get(status(), "events"), "gate"), "gate",
			    json_pack("{s:i, s:i, s:i}", "produced", 9, "delivered", 4, "lost", 5));
	cr_assert(has("<b>No shield:</b>"));
	cr_assert(has("hook_compat. Open: such a call"));
	cr_assert(has("<b>Audit mode:</b>"));
	cr_assert(has("<b>The last reload failed:</b>"));
	cr_assert(has("<b>5 events were lost:</b>"));
}

Test(page, text_from_elsewhere_stays_text)
{
	static const char hostile[] = "<script>x</script>\"'&\xe2\x80\xae";
	static const char *const keys[] = {"device",    "vm",     "comm", "explanation",
					   "direction", "answer", "time", "state"};
	json_t *item = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set_new(item, keys[i], json_string(hostile));
	json_array_append(json_object_get(state, "decisions"), item);
	json_array_append(json_object_get(state, "devices"), item);
	json_array_append_new(json_object_get(state, "incidents"), item);
	json_object_set_new(state, "host", json_string(hostile));
	cr_assert_not(has("<script>x"));
	cr_assert_not(has("\"'&\xe2"));
	cr_assert_not(has("\xe2\x80\xae"));
	cr_assert(has("&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;\\xe2\\x80\\xae"));
	/* And it is nobody's class. */
	cr_assert(has("<span class=\"word plain\">&lt;script"));
}

Test(page, a_state_that_is_none_is_a_page_all_the_same)
{
	json_decref(state);
	state = json_pack("{s:i, s:s, s:{}}", "host", 3, "status", "x", "decisions");
	cr_assert(has("<title>no gate: "));
	cr_assert(has("</html>"));
	json_decref(state);
	state = json_null();
	cr_assert(has("</html>"));
}

Test(page, nothing_on_it_needs_what_the_policy_of_its_head_forbids)
{
	cr_assert_not(has(" style="));
	cr_assert_not(has("<style"));
	cr_assert_not(has(" onclick"));
	cr_assert_not(has("http://"));
	cr_assert_not(has("https://"));
}

Test(page, migrations_lead_to_their_timelines_and_their_text_stays_text)
{
	json_t *list = json_pack("[{s:i, s:s, s:s, s:s, s:s, s:i}]", "id", 7, "time",
				 "2026-11-20T12:00:00.000000Z", "device", "<d>", "end", "lost",
				 "line", "\"<b>", "alarms", 2);

	cr_assert(has("Nothing has migrated"));
	json_object_set_new(state, "sessions", list);
	cr_assert(has("<a href=\"/session?id=7\">7</a>"));
	cr_assert(has("<span class=\"word lost\">lost</span>"));
	cr_assert(has("&lt;d&gt;"));
	cr_assert(has("&lt;b&gt;"));
	cr_assert_not(has("<b>&"));
}
