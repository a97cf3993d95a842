// SPDX-License-Identifier: GPL-2.0-only
/* migwarden audit: who moved which device, when, by which rule, and whether the list can be
 * trusted. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/audit_arguments.h"
#include "cli/verb.h"
#include "sinks/audit_text.h"
#include "sinks/json_set.h"

#define FOLLOW_PAUSE_NS 300000000

/* The rows of `list` and `export`, one by one. */
struct listing {
	const struct audit_arguments *arguments;
	uint64_t last; /* the newest row that was shown */
	uint64_t count;
};

int audit_complain(const char *text)
{
	fprintf(stderr, "migwarden audit: %s\n", text);
	return EXIT_BAD;
}

static int print_json(const struct audit_record *record)
{
	json_t *object = audit_record_to_json(record);

	if (!object)
		return -ENOMEM;
	json_put_line(stdout, object);
	return 0;
}

static int on_row(void *context, const struct audit_record *record)
{
	struct listing *listing = context;
	int r = 0;

	if (!listing->count++ && listing->arguments->form == AUDIT_LINES)
		audit_line_head(stdout);
	switch (listing->arguments->form) {
	case AUDIT_LINES:
		audit_line(stdout, record);
		break;
	case AUDIT_JSON:
		r = print_json(record);
		break;
	case AUDIT_CSV:
		audit_csv_line(stdout, record);
		break;
	}
	listing->last = record->row.seq;
	/* Whoever read it has gone. */
	return r ? r : ferror(stdout) ? -EPIPE : 0;
}

/* Until somebody ends us, or reads us no more. */
static int follow(sqlite3 *db, struct listing *listing, char error[static AUDIT_ERROR_BYTES])
{
	const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_NS};
	struct audit_filter filter = listing->arguments->filter;
	int64_t last;
	int r = 0;

	filter.limit = 0;
	while (!r) {
		fflush(stdout);
		if (ferror(stdout))
			return -EPIPE;
		nanosleep(&pause, NULL);
		last = audit_read_last(db);
		if (last < 0 || (uint64_t)last <= filter.after)
			continue;
		r = audit_read(db, &filter, on_row, listing, error);
		filter.after = (uint64_t)last;
	}
	return r;
}

/* As of one moment: a tally that is closed meanwhile is a row or open, and neither both nor none.
 */
static int list_once(sqlite3 *db, struct listing *listing, char error[static AUDIT_ERROR_BYTES])
{
	const struct audit_arguments *arguments = listing->arguments;
	int r = audit_read_begin(db, error);

	if (r)
		return r;
	if (arguments->form == AUDIT_CSV)
		audit_csv_head(stdout);
	/* What comes between the list and the following of it is not missed. */
	if (arguments->follow)
		listing->last = (uint64_t)audit_read_last(db);
	r = audit_read(db, &arguments->filter, on_row, listing, error);
	/* Who follows sees them as rows. */
	if (!r && arguments->action == AUDIT_DO_LIST && !arguments->follow)
		r = audit_read_open_tallies(db, &arguments->filter, on_row, listing, error);
	audit_read_end(db);
	return r;
}

static int list(const struct audit_arguments *arguments)
{
	struct listing listing = {.arguments = arguments};
	char error[AUDIT_ERROR_BYTES];
	sqlite3 *db;
	int r;

	if (audit_read_open(arguments->file, &db, error))
		return audit_complain(error);
	r = list_once(db, &listing, error);
	if (!r && arguments->follow) {
		struct audit_arguments rest = *arguments;

		rest.filter.after = listing.last;
		listing.arguments = &rest;
		r = follow(db, &listing, error);
	}
	sqlite3_close(db);
	if (r && r != -EPIPE)
		return audit_complain(error);
	return fflush(stdout) ? EXIT_BAD : EXIT_YES;
}

/* A copy that outlives its statement: only what is told of another row. */
struct kept {
	bool found;
	struct audit_row row;
	char *texts[4];
};

static char *keep_text(const char **text)
{
	char *copy = *text ? strdup(*text) : NULL;

	*text = copy;
	return copy;
}

static int keep_row(void *context, const struct audit_record *record)
{
	struct kept *kept = context;

	for (size_t i = 0; i < ARRAY_SIZE(kept->texts); i++)
		free(kept->texts[i]);
	kept->found = true;
	kept->row = record->row;
	kept->texts[0] = keep_text(&kept->row.kind);
	kept->texts[1] = keep_text(&kept->row.verdict);
	kept->texts[2] = keep_text(&kept->row.comm);
	kept->texts[3] = keep_text(&kept->row.detail);
	return 0;
}

static void kept_free(struct kept *kept)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept->texts); i++)
		free(kept->texts[i]);
}

struct showing {
	sqlite3 *db;
	const struct audit_arguments *arguments;
	bool found;
};

/* The row, with the answer to it and the admission it used. */
static int show_row(void *context, const struct audit_record *record)
{
	__attribute__((cleanup(kept_free))) struct kept answer = {0};
	__attribute__((cleanup(kept_free))) struct kept admission = {0};
	struct showing *showing = context;
	const struct audit_row *row = &record->row;
	const struct audit_filter answers = {.refers = row->seq, .limit = 1};
	const struct audit_filter admissions = {
		.kind = AUDIT_ADMISSION,
		.admission = row->admission,
		.device = row->device,
		.boot_id = row->boot_id,
		.limit = 1,
	};
	char error[AUDIT_ERROR_BYTES];

	showing->found = true;
	if (showing->arguments->form == AUDIT_JSON)
		return print_json(record);
	audit_read(showing->db, &answers, keep_row, &answer, error);
	if (row->admission)
		audit_read(showing->db, &admissions, keep_row, &admission, error);
	audit_tell_row(stdout, record, answer.found ? &answer.row : NULL,
		       admission.found ? &admission.row : NULL);
	return 0;
}

static int show(const struct audit_arguments *arguments)
{
	struct showing showing = {.arguments = arguments};
	char error[AUDIT_ERROR_BYTES];
	int r;

	if (audit_read_open(arguments->file, &showing.db, error))
		return audit_complain(error);
	r = audit_read(showing.db, &arguments->filter, show_row, &showing, error);
	sqlite3_close(showing.db);
	if (r)
		return audit_complain(error);
	if (!showing.found) {
		fprintf(stderr, "migwarden audit: no row %llu in %s\n",
			(unsigned long long)arguments->filter.seq, arguments->file);
		return EXIT_NO;
	}
	return fflush(stdout) ? EXIT_BAD : EXIT_YES;
}

static int audit_run(int argc, char **argv)
{
	struct audit_arguments arguments;
	int r = audit_arguments_parse(&verb_audit, argc, argv, &arguments);

	if (r >= 0)
		return r;
	switch (arguments.action) {
	case AUDIT_DO_LIST:
	case AUDIT_DO_EXPORT:
		return list(&arguments);
	case AUDIT_DO_SHOW:
		return show(&arguments);
	case AUDIT_DO_VERIFY:
		return audit_do_verify(&arguments);
	}
	return EXIT_BAD;
}

const struct verb verb_audit = {
	.name = "audit",
	.summary = "what was decided and done on this host",
	.help = "usage: migwarden audit list [FILTER...] [--follow] [--json]\n"
		"       migwarden audit show ROW [--json]\n"
		"       migwarden audit verify [--head FILE] [--key FILE] [--json]\n"
		"       migwarden audit export [FILTER...] [--form json|csv]\n"
		"\n"
		"list    the newest rows, a line each, and what is being counted; --follow goes on "
		"with\n"
		"        those that come\n"
		"show    one row as one tells it: what, why, by which rule, who, how it went\n"
		"verify  whether anything was edited, removed, added, moved or cut off; names the "
		"first "
		"row\n"
		"        that is not as it was\n"
		"export  every column of every row, as JSON lines or CSV\n"
		"\n"
		"Filters (all of them must fit):\n"
		"      --since TIME    this and later: 2026-11-20, \"2026-11-20 14:30\", 14:30, "
		"yesterday,\n"
		"                      2h (ago), @SECONDS, RFC 3339; UTC where no zone is given\n"
		"      --until TIME    before this\n"
		"      --kind KIND     decision, admission, reload, incident, ... (docs/audit.md)\n"
		"      --device NAME   mdev UUID or PCI address\n"
		"      --vm NAME       name or UUID\n"
		"      --verdict WORD  allow, deny or audit\n"
		"      --reason CODE   such as type-mismatch\n"
		"      --rule PATTERN  its name, or file:line; a shell pattern\n"
		"      --limit N       the newest N (list on a terminal: 100; 0: all)\n"
		"\n"
		"      --file FILE     the audit, or a copy (" AUDIT_FILE_DEFAULT ")\n"
		"      --head FILE     a head that was kept elsewhere (default: the one beside the "
		"audit)\n"
		"      --key FILE      public keys that may have signed it (default: this host's "
		"own)\n"
		"  -f, --follow        until Ctrl-C\n"
		"  -j, --json          one JSON object a line\n"
		"  -h, --help          this text\n"
		"\n"
		"Exit status: 0 done, verified; 1 not as it was written, no such row; 2 bad usage, "
		"or "
		"it\n"
		"cannot be read.\n",
	.run = audit_run,
};
