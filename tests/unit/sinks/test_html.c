// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>

#include "sinks/html.h"

static void expect(const char *text, const char *html)
{
	char out[256] = "";
	FILE *file = fmemopen(out, sizeof(out), "w");

	html_text(file, text);
	fclose(file);
	cr_assert_str_eq(out, html);
}

Test(html, nothing_ends_a_text_or_an_attribute)
{
	expect("<b a='x' c=\"y\">&", "&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;");
}

Test(html, letters_of_any_script_stay)
{
	expect("Zürich → 東京 😀", "Zürich → 東京 😀");
}

Test(html, what_is_no_text_is_shown_as_its_bytes)
{
	expect("a\xff\xc0\xaf\x1b[2J\n", "a\\xff\\xc0\\xaf\\x1b[2J\\x0a");
	expect("\xed\xa0\x80", "\\xed\\xa0\\x80");
	expect("cut off \xe2\x82", "cut off \\xe2\\x82");
}

Test(html, what_turns_writing_round_or_cannot_be_seen_is_shown_as_its_bytes)
{
	expect("a\u202eb", "a\\xe2\\x80\\xaeb");
	expect("\u200b\u2066\ufeff\u00ad",
	       "\\xe2\\x80\\x8b\\xe2\\x81\\xa6\\xef\\xbb\\xbf\\xc2\\xad");
}
