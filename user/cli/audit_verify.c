// SPDX-License-Identifier: GPL-2.0-only
/* migwarden audit verify */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "cli/audit_arguments.h"
#include "host/key.h"
#include "sinks/audit_verify.h"

static int verify(void *context, const char *key_id, const void *data, size_t size,
		  const unsigned char signature[AUDIT_SIGNATURE_BYTES])
{
	const struct key_public *key = key_list_find(context, key_id);

	return key ? key_verify(key, AUDIT_KEY_CONTEXT, data, size, signature) : -ENOKEY;
}

/* The keys in a file, or this host's own, of which only root can read the public half. */
static int read_keys(const struct audit_arguments *arguments, struct key_list *out)
{
	struct parse_error error = {0};
	AUTO_KEY struct key *key = NULL;
	char text[1024], line[KEY_LINE_BYTES];
	int r;

	if (arguments->key) {
		r = key_list_read(arguments->key, out, &error);
	} else {
		r = key_open(KEY_FILE_DEFAULT, &key, &error);
		if (!r) {
			key_public_format(key_public_half(key), line);
			r = key_list_parse(KEY_FILE_DEFAULT, line, strlen(line), out, &error);
		}
	}
	if (!r)
		return 0;
	parse_error_format(&error, text, sizeof(text));
	audit_complain(text);
	if (!arguments->key)
		fprintf(stderr,
			"Name a file with the public key of the host that wrote it (--key).\n");
	return r;
}

static void print_json(const struct audit_report *report)
{
	bool sound = report->soundness == AUDIT_SOUND;
	json_t *object =
		json_pack("{s:b, s:I, s:s?, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "sound",
			  (int)sound, "bad_row", (json_int_t)report->bad_row, "why",
			  sound ? NULL : report->why, "database", report->database, "rows",
			  (json_int_t)report->rows, "first", (json_int_t)report->first, "last",
			  (json_int_t)report->last, "signatures", (json_int_t)report->signatures,
			  "head", (json_int_t)report->head, "key", report->key_id);

	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static void print_text(const struct audit_report *report)
{
	char why[4 * AUDIT_ERROR_BYTES];

	if (report->soundness == AUDIT_SOUND) {
		printf("sound: rows %llu to %llu, %llu signatures of key %s, the head vouches for "
		       "row "
		       "%llu\n",
		       (unsigned long long)report->first, (unsigned long long)report->last,
		       (unsigned long long)report->signatures, report->key_id,
		       (unsigned long long)report->head);
		return;
	}
	escape_text(why, sizeof(why), report->why);
	if (report->bad_row)
		printf("not sound: row %llu: %s\n", (unsigned long long)report->bad_row, why);
	else
		printf("not sound: %s\n", why);
	if (report->rows)
		printf("rows %llu to %llu before it hold\n", (unsigned long long)report->first,
		       (unsigned long long)report->last);
}

int audit_do_verify(const struct audit_arguments *arguments)
{
	AUTO_KEY_LIST struct key_list keys = {0};
	struct audit_verifier verifier = {.context = &keys, .verify = verify};
	struct audit_report report;

	if (read_keys(arguments, &keys))
		return EXIT_BAD;
	if (audit_verify(arguments->file, arguments->head, &verifier, &report))
		return audit_complain(report.why);
	if (arguments->form == AUDIT_JSON)
		print_json(&report);
	else
		print_text(&report);
	return report.soundness == AUDIT_SOUND ? EXIT_YES : EXIT_NO;
}
