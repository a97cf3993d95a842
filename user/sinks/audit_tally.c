// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever is refused can try again as fast as he likes. The first events that are alike have rows
 * of their own; what follows is counted, and the count becomes one row. While it grows it lies in
 * the database as the row that would close it, written with the batch that it counts: a process
 * that is killed leaves it, and the next one closes it.
 */
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sinks/audit_query.h"
#include "sinks/audit_store.h"

#define QUIET_PART 4
#define SETTLED "settled"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* How much of it is told apart: all, the device, or only what kind of event it is. */
enum likeness {
	LIKE_EXACTLY,
	LIKE_BY_DEVICE,
	LIKE_BY_KIND,
};

static void format_like(const struct audit_like *like, enum likeness likeness,
			char out[static AUDIT_LIKE_BYTES])
{
	switch (likeness) {
	case LIKE_EXACTLY:
		snprintf(out, AUDIT_LIKE_BYTES, "%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%llu %llu",
			 like->kind, or_empty(like->device), or_empty(like->direction),
			 or_empty(like->verdict), or_empty(like->reason), or_empty(like->what),
			 (unsigned long long)like->generation, (unsigned long long)like->cgroup_id);
		return;
	case LIKE_BY_DEVICE:
		snprintf(out, AUDIT_LIKE_BYTES, "%s\x1f%s\x1f", like->kind, or_empty(like->device));
		return;
	case LIKE_BY_KIND:
		snprintf(out, AUDIT_LIKE_BYTES, "%s", like->kind);
		return;
	}
}

static struct audit_tally *find(const struct audit *audit, const char *like)
{
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		if (text_equal(audit->tallies[i].like, like))
			return &audit->tallies[i];
	return NULL;
}

/* It has nothing to tell, and was long ago: the next one is a new matter. */
static bool is_forgotten(const struct audit_tally *tally, uint64_t now_ns)
{
	return !tally->count && now_ns >= tally->last_ns + AUDIT_WINDOW_MAX_NS;
}

static bool is_of_device(const struct audit_tally *tally, const struct audit_like *like)
{
	char prefix[AUDIT_LIKE_BYTES];

	format_like(like, LIKE_BY_DEVICE, prefix);
	return !strncmp(tally->like, prefix, strlen(prefix)) && !tally->is_rest;
}

/* It can make room: no count is lost with it, and it is not what is going on now. */
static bool is_idle(const struct audit_tally *tally, uint64_t now_ns)
{
	return !tally->count && tally->rows < AUDIT_LIKE_ROWS &&
	       now_ns >= tally->last_ns + AUDIT_QUIET_NS;
}

/* The one that was quiet the longest, of all or of the device. NULL: none can make room. */
static struct audit_tally *find_idle(const struct audit *audit, const struct audit_like *like,
				     bool of_device, uint64_t now_ns)
{
	struct audit_tally *oldest = NULL;

	for (size_t i = 0; audit->tallies && i < AUDIT_TALLIES_MAX; i++) {
		struct audit_tally *tally = &audit->tallies[i];

		if (is_idle(tally, now_ns) && (!of_device || is_of_device(tally, like)) &&
		    (!oldest || tally->last_ns < oldest->last_ns))
			oldest = tally;
	}
	return oldest;
}

/* A place for it, or NULL. */
static struct audit_tally *find_place(struct audit *audit, const struct audit_like *like,
				      enum likeness likeness, uint64_t now_ns)
{
	size_t slots = likeness == LIKE_BY_KIND ? AUDIT_TALLY_SLOTS : AUDIT_TALLIES_MAX;
	struct audit_tally *place = NULL;
	size_t of_device = 0;

	if (!audit->tallies)
		audit->tallies = calloc(AUDIT_TALLY_SLOTS, sizeof(*audit->tallies));
	for (size_t i = 0; audit->tallies && i < slots; i++) {
		struct audit_tally *tally = &audit->tallies[i];

		if (!*tally->like || is_forgotten(tally, now_ns))
			place = place ? place : tally;
		else
			of_device += is_of_device(tally, like);
	}
	if (likeness != LIKE_EXACTLY)
		return place;
	if (of_device >= AUDIT_DEVICE_TALLIES_MAX)
		return find_idle(audit, like, true, now_ns);
	return place ? place : find_idle(audit, like, false, now_ns);
}

static int64_t new_id(void)
{
	int64_t id;

	randombytes_buf(&id, sizeof(id));
	return (id & INT64_MAX) | 1;
}

static void begin(struct audit_tally *tally, const char *like, uint64_t now_ns)
{
	free(tally->model.texts);
	*tally = (struct audit_tally){
		.last_ns = now_ns,
		.window_ns = AUDIT_WINDOW_MIN_NS,
		.id = new_id(),
	};
	snprintf(tally->like, sizeof(tally->like), "%s", like);
}

static void add(struct audit *audit, struct audit_tally *tally, const struct audit_again *again)
{
	if (!tally->count) {
		tally->begin_ns = again->now_ns;
		tally->first_wall_ns = again->wall_ns;
	}
	tally->count += again->count;
	tally->last_wall_ns = again->wall_ns;
	tally->last_monotonic_ns = again->monotonic_ns;
	tally->last_ns = again->now_ns;
	tally->total = again->total;
	tally->many_processes =
		tally->many_processes || tally->model.values[AUDIT_AT_PID].number != again->pid;
	tally->many_admissions =
		tally->many_admissions ||
		(uint64_t)tally->model.values[AUDIT_AT_ADMISSION].number != again->admission;
	tally->is_changed = true;
	audit->tallies_changed = true;
	audit->tallied += again->count;
}

/* There are too many to be told apart: what is left of it is a kind, and perhaps a device. */
static struct audit_tally *find_rest(struct audit *audit, const struct audit_like *like,
				     enum likeness likeness, uint64_t now_ns)
{
	struct audit_row row = {
		.boot_id = audit->options.boot_id,
		.kind = like->kind,
		.device = likeness == LIKE_BY_DEVICE ? like->device : NULL,
		.verdict = like->verdict,
	};
	struct audit_value values[AUDIT_COLUMNS];
	char text[AUDIT_LIKE_BYTES];
	struct audit_tally *tally;

	format_like(like, likeness, text);
	tally = find(audit, text);
	if (tally)
		return tally;
	tally = find_place(audit, like, likeness, now_ns);
	if (!tally)
		return NULL;
	begin(tally, text, now_ns);
	tally->is_rest = true;
	tally->rows = AUDIT_LIKE_ROWS;
	audit_values_of_row(&row, values);
	if (!audit_copy_values(values, &tally->model))
		return tally;
	tally->like[0] = '\0';
	return NULL;
}

bool audit_repeats(struct audit *audit, const struct audit_like *like,
		   const struct audit_again *again)
{
	char text[AUDIT_LIKE_BYTES];
	struct audit_tally *tally;

	format_like(like, LIKE_EXACTLY, text);
	tally = find(audit, text);
	if (tally && (tally->rows < AUDIT_LIKE_ROWS || is_forgotten(tally, again->now_ns)))
		return false;
	if (!tally && find_place(audit, like, LIKE_EXACTLY, again->now_ns))
		return false;
	if (!tally)
		tally = find_rest(audit, like, LIKE_BY_DEVICE, again->now_ns);
	if (!tally)
		tally = find_rest(audit, like, LIKE_BY_KIND, again->now_ns);
	/* No memory: a row is better than nothing. */
	if (!tally)
		return false;
	add(audit, tally, again);
	return true;
}

void audit_note_like(struct audit *audit, const struct audit_like *like,
		     const struct audit_waiting *row, uint64_t now_ns)
{
	char text[AUDIT_LIKE_BYTES];
	struct audit_tally *tally;
	unsigned int rows = 0;

	format_like(like, LIKE_EXACTLY, text);
	tally = find(audit, text);
	if (!tally)
		tally = find_place(audit, like, LIKE_EXACTLY, now_ns);
	if (!tally)
		return;
	if (!text_equal(tally->like, text) || is_forgotten(tally, now_ns)) {
		if (*tally->like && !is_forgotten(tally, now_ns))
			rows = tally->rows;
		begin(tally, text, now_ns);
		tally->rows = rows;
		if (audit_copy_values(row->values, &tally->model)) {
			tally->like[0] = '\0';
			return;
		}
	}
	tally->rows++;
	tally->last_ns = now_ns;
}

/* That of the model, and what was counted. malloc'ed, or NULL: no memory. */
static char *detail_of(const struct audit_tally *tally)
{
	const struct audit_value *values = tally->model.values;
	json_t *detail = json_loads(or_empty(values[AUDIT_AT_DETAIL].text), 0, NULL);
	char *text;

	if (!detail)
		detail = json_object();
	json_object_set_new(detail, "of", json_string(values[AUDIT_AT_KIND].text));
	json_object_set_new(detail, "count", json_integer((json_int_t)tally->count));
	json_object_set_new(detail, "first_ns", json_integer(tally->first_wall_ns));
	json_object_set_new(detail, "last_ns", json_integer(tally->last_wall_ns));
	if (tally->total) {
		json_object_set_new(detail, "lost", json_integer((json_int_t)tally->count));
		json_object_set_new(detail, "total", json_integer((json_int_t)tally->total));
	}
	if (tally->is_rest)
		json_object_set_new(detail, "various", json_true());
	if (tally->many_processes)
		json_object_set_new(detail, "many_processes", json_true());
	if (tally->many_admissions)
		json_object_set_new(detail, "many_admissions", json_true());
	text = json_dumps(detail, JSON_COMPACT);
	json_decref(detail);
	return text;
}

/* The row that closes it now; @detail is borrowed, all other texts are the model's. */
static void closing_values(const struct audit_tally *tally, const char *detail,
			   struct audit_value out[AUDIT_COLUMNS])
{
	struct audit_row row;

	audit_row_of_values(tally->model.values, &row);
	row.wall_ns = tally->last_wall_ns;
	row.monotonic_ns = tally->last_monotonic_ns;
	row.kind = AUDIT_TALLY;
	row.detail = detail;
	if (tally->many_processes) {
		row.pid = 0;
		row.exe = NULL;
	}
	/* The rule and the pair are those of the admission. */
	if (tally->many_admissions) {
		row.admission = 0;
		row.pair = NULL;
		row.rule = NULL;
		row.rule_name = NULL;
	}
	audit_values_of_row(&row, out);
}

static int save(struct audit *audit, const struct audit_tally *tally)
{
	struct audit_value values[AUDIT_COLUMNS];
	char *detail = detail_of(tally);
	int r = detail ? SQLITE_OK : SQLITE_NOMEM;

	closing_values(tally, detail, values);
	values[AUDIT_AT_SEQ].number = tally->id;
	for (int i = 0; i < AUDIT_COLUMNS && !r; i++)
		r = audit_bind_value(audit->keep_tally, i + 1, &values[i]);
	r = r ? r : audit_run(audit->keep_tally);
	free(detail);
	return r;
}

/* How far the ring is told of belongs to the tallies: a row that is written twice can be seen, a
 * count cannot. */
static int save_settled(struct audit *audit)
{
	const struct audit_settled *settled = &audit->settled;
	char sql[256];

	if (!settled->position)
		return SQLITE_OK;
	sqlite3_snprintf(sizeof(sql), sql,
			 "INSERT OR REPLACE INTO meta VALUES ('" SETTLED "', '%llu %llu %q')",
			 settled->position, settled->monotonic_ns, audit->options.boot_id);
	return sqlite3_exec(audit->db, sql, NULL, NULL, NULL);
}

int audit_tallies_save(struct audit *audit)
{
	int r = SQLITE_OK;

	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS && !r; i++)
		if (audit->tallies[i].is_changed)
			r = save(audit, &audit->tallies[i]);
	return r ? r : save_settled(audit);
}

void audit_tallies_saved(struct audit *audit)
{
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		audit->tallies[i].is_changed = false;
	audit->tallies_changed = false;
	audit->settled_is_ours = audit->settled_is_ours || audit->settled.position;
}

static uint64_t end_of(const struct audit_tally *tally)
{
	uint64_t end_ns = tally->begin_ns + tally->window_ns;
	uint64_t quiet_ns = tally->last_ns + tally->window_ns / QUIET_PART;

	return quiet_ns < end_ns ? quiet_ns : end_ns;
}

uint64_t audit_tallies_next_ns(const struct audit *audit)
{
	uint64_t next_ns = 0;

	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++) {
		const struct audit_tally *tally = &audit->tallies[i];

		if (tally->count && (!next_ns || end_of(tally) < next_ns))
			next_ns = end_of(tally);
	}
	return next_ns;
}

size_t audit_tallies_open(const struct audit *audit)
{
	size_t open = 0;

	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		open += audit->tallies[i].count > 0;
	return open;
}

/* Whoever goes on gets no rows of his own, and a longer window. */
static void begin_next(struct audit_tally *tally)
{
	if (tally->window_ns < AUDIT_WINDOW_MAX_NS / 2)
		tally->window_ns *= 2;
	else
		tally->window_ns = AUDIT_WINDOW_MAX_NS;
	tally->id = new_id();
	tally->is_changed = false;
	tally->count = 0;
	tally->total = 0;
	tally->many_processes = false;
	tally->many_admissions = false;
}

static int close_tally(struct audit *audit, struct audit_tally *tally)
{
	struct audit_value values[AUDIT_COLUMNS];
	struct audit_waiting row;
	struct audit_row told;
	char *detail = detail_of(tally);
	int r;

	if (!detail)
		return -ENOMEM;
	closing_values(tally, detail, values);
	r = audit_copy_values(values, &row);
	free(detail);
	if (r)
		return r;
	audit_row_of_values(row.values, &told);
	if (audit->options.on_tally)
		audit->options.on_tally(&told);
	row.tally = tally->id;
	audit_keep(audit, &row);
	begin_next(tally);
	return 0;
}

static bool has_room(const struct audit *audit)
{
	return audit->db && audit->waiting_count < AUDIT_PENDING_MAX;
}

void audit_tallies_close(struct audit *audit, uint64_t now_ns, bool all)
{
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS && has_room(audit); i++) {
		struct audit_tally *tally = &audit->tallies[i];

		if (tally->count && (all || now_ns >= end_of(tally)) && close_tally(audit, tally))
			return;
	}
}

void audit_tallies_free(struct audit *audit)
{
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		free(audit->tallies[i].model.texts);
	free(audit->tallies);
}

void audit_mark(struct audit *audit, uint64_t position, uint64_t monotonic_ns)
{
	audit->settled.position = position;
	if (monotonic_ns > audit->settled.monotonic_ns)
		audit->settled.monotonic_ns = monotonic_ns;
}

/* A ring that was made anew begins at 0 again, but what lies in it is younger. */
bool audit_is_marked(const struct audit *audit, uint64_t position, uint64_t monotonic_ns)
{
	return position <= audit->found.position && monotonic_ns <= audit->found.monotonic_ns;
}

static bool is_ours(const struct audit *audit, int64_t id)
{
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		if (audit->tallies[i].id == id && audit->tallies[i].count)
			return true;
	for (size_t i = 0; i < audit->waiting_count; i++)
		if (audit->waiting[i].tally == id)
			return true;
	return false;
}

static int take_up(struct audit *audit, sqlite3_stmt *statement)
{
	struct audit_record record;
	struct audit_waiting row;
	struct audit_row told;
	int r;

	audit_record_read(statement, &record);
	if (is_ours(audit, (int64_t)record.row.seq) || !has_room(audit))
		return 0;
	r = audit_copy_values(record.values, &row);
	if (r)
		return r;
	row.tally = row.values[AUDIT_AT_SEQ].number;
	audit_row_of_values(row.values, &told);
	if (audit->options.on_tally)
		audit->options.on_tally(&told);
	audit_keep(audit, &row);
	return 0;
}

static int load_tallies(struct audit *audit)
{
	sqlite3_stmt *statement;
	int r = sqlite3_prepare_v2(audit->db, "SELECT *, NULL FROM tally ORDER BY wall_ns", -1,
				   &statement, NULL);
	int failed = 0;

	while (!r && !failed && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		failed = take_up(audit, statement);
		r = SQLITE_OK;
	}
	if (!failed && r != SQLITE_DONE)
		failed = audit_fail(audit, r, "cannot read what was counted");
	sqlite3_finalize(statement);
	return failed;
}

/* "POSITION NS BOOT" */
static void read_settled(struct audit *audit, const char *text)
{
	struct slice rest = slice_of(text), position, time;

	if (!slice_cut(&rest, " ", &position) || !slice_cut(&rest, " ", &time) || !rest.text ||
	    !text_equal(rest.text, audit->options.boot_id) ||
	    !slice_to_u64(position, &audit->found.position) ||
	    !slice_to_u64(time, &audit->found.monotonic_ns))
		audit->found = (struct audit_settled){0};
	/* The next process shall not find less than this one. */
	if (audit_is_marked(audit, audit->settled.position, audit->settled.monotonic_ns))
		audit->settled = audit->found;
}

int audit_tallies_load(struct audit *audit)
{
	sqlite3_stmt *statement;
	int r = sqlite3_prepare_v2(audit->db, "SELECT value FROM meta WHERE name = '" SETTLED "'",
				   -1, &statement, NULL);

	if (r)
		return audit_fail(audit, r, "cannot read it");
	/* Once we have saved ours it is no earlier process's; until then it is, however late the
	 * database could be opened. */
	if (sqlite3_step(statement) == SQLITE_ROW && !audit->settled_is_ours)
		read_settled(audit, or_empty((const char *)sqlite3_column_text(statement, 0)));
	sqlite3_finalize(statement);
	/* The database may be another one. */
	for (size_t i = 0; audit->tallies && i < AUDIT_TALLY_SLOTS; i++)
		audit->tallies[i].is_changed = audit->tallies[i].count > 0;
	audit->tallies_changed = audit_tallies_open(audit) > 0;
	return load_tallies(audit);
}
