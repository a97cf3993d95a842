// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "sinks/audit_store.h"

/* Of the SQL that forgets tallies: what is around their ids, and each of these. */
#define FORGET_BYTES 64
#define FORGET_ID_BYTES 24

static int copy_options(struct audit *audit, const struct audit_options *options)
{
	audit->options = *options;
	audit->options.file = strdup(options->file);
	audit->options.boot_id = strdup(options->boot_id);
	if (asprintf(&audit->head_file, "%s" AUDIT_HEAD_SUFFIX, options->file) < 0)
		audit->head_file = NULL;
	return audit->options.file && audit->options.boot_id && audit->head_file ? 0 : -ENOMEM;
}

static void free_waiting(struct audit *audit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(audit->waiting[i].texts);
	audit->waiting_count -= count;
	memmove(audit->waiting, audit->waiting + count,
		audit->waiting_count * sizeof(*audit->waiting));
}

static void audit_free(struct audit *audit)
{
	audit_file_close(audit);
	if (audit->waiting)
		free_waiting(audit, audit->waiting_count);
	free(audit->waiting);
	audit_tallies_free(audit);
	free((char *)audit->options.file);
	free((char *)audit->options.boot_id);
	free(audit->head_file);
	free(audit);
}

int audit_open(const struct audit_options *options, struct audit **out)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return -ENOMEM;
	if (sodium_init() < 0 || copy_options(audit, options)) {
		audit_free(audit);
		return -ENOMEM;
	}
	/* What is wrong now may be right at the next try; the state says how it stands. */
	if (!audit_file_open(audit) && audit_needs_retry(audit))
		audit_retry(audit);
	*out = audit;
	return 0;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	if (audit_needs_retry(audit))
		audit_retry(audit);
	audit_settle(audit);
	audit_free(audit);
}

int audit_copy_values(const struct audit_value from[AUDIT_COLUMNS], struct audit_waiting *out)
{
	size_t size = 0;
	char *at;

	*out = (struct audit_waiting){0};
	for (size_t i = 0; i < AUDIT_COLUMNS; i++)
		size += from[i].length + 1;
	at = out->texts = malloc(size);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
		struct audit_value *value = &out->values[i];
		size_t length = from[i].length, valid = 0;

		*value = from[i];
		if (value->type != AUDIT_TEXT)
			continue;
		memcpy(at, value->text, length);
		value->text = at;
		/* UTF-8, as JSON and SQL have it. */
		while ((valid += utf8_valid_length(at + valid, length - valid)) < length)
			at[valid] = '?';
		at[length] = '\0';
		at += length + 1;
	}
	return 0;
}

static int copy_row(const struct audit *audit, const struct audit_row *row,
		    struct audit_waiting *out)
{
	struct audit_value values[AUDIT_COLUMNS];
	struct audit_row full = *row;

	full.boot_id = audit->options.boot_id;
	audit_values_of_row(&full, values);
	return audit_copy_values(values, out);
}

static void count_lost(struct audit *audit, uint64_t count, int64_t wall_ns, const char *why)
{
	struct audit_gap *gap = &audit->gap;

	if (!gap->count || wall_ns < gap->first_ns)
		gap->first_ns = wall_ns;
	if (!gap->count || wall_ns > gap->last_ns)
		gap->last_ns = wall_ns;
	if (!gap->count)
		snprintf(gap->why, sizeof(gap->why), "%s", why);
	gap->count += count;
	audit->lost += count;
}

void audit_keep(struct audit *audit, struct audit_waiting *row)
{
	if (!audit->waiting)
		audit->waiting = calloc(AUDIT_PENDING_MAX, sizeof(*audit->waiting));
	if (audit->waiting && audit->waiting_count < AUDIT_PENDING_MAX) {
		audit->waiting[audit->waiting_count++] = *row;
		*row = (struct audit_waiting){0};
		return;
	}
	count_lost(audit, 1, row->values[1].number, audit->error);
	free(row->texts);
	*row = (struct audit_waiting){0};
}

int audit_tell(struct audit *audit, const char *kind, const char *reason, char *detail,
	       const char *also)
{
	const struct audit_row row = {
		.wall_ns = (int64_t)clock_ns(CLOCK_REALTIME),
		.monotonic_ns = clock_ns(CLOCK_MONOTONIC),
		.boot_id = audit->options.boot_id,
		.kind = kind,
		.reason = reason,
		.detail = detail,
	};
	struct audit_value values[1][AUDIT_COLUMNS];
	int r = detail ? 0 : -ENOMEM;

	audit_values_of_row(&row, values[0]);
	if (!r)
		r = audit_write(audit, values, 1, &(struct audit_also){.sql = also}, NULL);
	free(detail);
	return r;
}

static int tell_gap(struct audit *audit)
{
	const struct audit_gap *gap = &audit->gap;
	json_t *object;
	char *detail;
	int r;

	if (!gap->count)
		return 0;
	object = json_pack("{s:I, s:I, s:I, s:s}", "lost", (json_int_t)gap->count, "first_ns",
			   (json_int_t)gap->first_ns, "last_ns", (json_int_t)gap->last_ns, "why",
			   gap->why);
	detail = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	r = audit_tell(audit, AUDIT_GAP, NULL, detail, NULL);
	if (!r)
		audit->gap = (struct audit_gap){0};
	return r;
}

bool audit_needs_retry(const struct audit *audit)
{
	return !audit->db || audit->waiting_count || audit->gap.count || audit->tallies_changed;
}

/* A tally goes with the row that closes it. The SQL for it, malloc'ed, or NULL: no memory. */
static char *forget_tallies(const struct audit *audit, size_t count)
{
	size_t size = FORGET_BYTES + FORGET_ID_BYTES * count, length;
	char *sql = malloc(size);

	if (!sql)
		return NULL;
	length = (size_t)snprintf(sql, size, "DELETE FROM tally WHERE id IN (0");
	for (size_t i = 0; i < count; i++)
		if (audit->waiting[i].tally)
			length += (size_t)snprintf(sql + length, size - length, ",%lld",
						   (long long)audit->waiting[i].tally);
	snprintf(sql + length, size - length, ")");
	return sql;
}

/*
 * All of them in one transaction, with the place in the ring up to which they tell: whoever is
 * killed between two would leave rows that pass for not told, and the next process wrote them
 * again.
 */
static int write_waiting(struct audit *audit)
{
	size_t count = audit->waiting_count;
	struct audit_value(*rows)[AUDIT_COLUMNS] = calloc(count, sizeof(*rows));
	AUTO_FREE char *forget = forget_tallies(audit, count);
	int r;

	if (!rows || !forget) {
		free(rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		memcpy(rows[i], audit->waiting[i].values, sizeof(rows[i]));
	r = audit_write(audit, rows, count, &(struct audit_also){.sql = forget, .tallies = true},
			NULL);
	free(rows);
	if (!r)
		free_waiting(audit, count);
	return r;
}

/* After rows: the head now and then, and the old ones. Neither takes a row back. */
static void follow_up(struct audit *audit)
{
	if (audit->last_seq - audit->head_seq >= AUDIT_CHECKPOINT_ROWS)
		audit_settle(audit);
	audit_retain(audit);
}

/* What waits comes before what is new, and what is lost after it: the order of the chain. */
int audit_retry(struct audit *audit)
{
	int r = audit->db ? 0 : audit_file_open(audit);

	/* Again: opening a file anew may have given us rows that an earlier process left. */
	while (!r && audit->waiting_count)
		r = write_waiting(audit);
	if (!r)
		r = tell_gap(audit);
	if (!r && audit->tallies_changed)
		r = audit_write(audit, NULL, 0, &(struct audit_also){.tallies = true}, NULL);
	if (r)
		return r;
	audit->error[0] = '\0';
	follow_up(audit);
	return 0;
}

static int put(struct audit *audit, struct audit_waiting *row, uint64_t *seq)
{
	struct audit_value values[1][AUDIT_COLUMNS];
	int r = audit_needs_retry(audit) ? audit_retry(audit) : 0;

	if (r)
		return r;
	memcpy(values[0], row->values, sizeof(values[0]));
	r = audit_write(audit, values, 1, &(struct audit_also){0}, seq);
	if (!r)
		follow_up(audit);
	return r;
}

int audit_intend(struct audit *audit, const struct audit_row *row, uint64_t *seq)
{
	struct audit_waiting copy;
	int r = copy_row(audit, row, &copy);

	if (r)
		return r;
	r = put(audit, &copy, seq);
	free(copy.texts);
	return r;
}

int audit_append(struct audit *audit, const struct audit_row *row)
{
	struct audit_waiting copy;
	int r = copy_row(audit, row, &copy);

	if (r) {
		count_lost(audit, 1, row->wall_ns, strerror(-r));
		return r;
	}
	r = put(audit, &copy, NULL);
	if (r)
		audit_keep(audit, &copy);
	else
		free(copy.texts);
	return r;
}

void audit_queue(struct audit *audit, const struct audit_row *row)
{
	struct audit_waiting copy;
	int r = copy_row(audit, row, &copy);

	if (r)
		count_lost(audit, 1, row->wall_ns, strerror(-r));
	else
		audit_keep(audit, &copy);
}

void audit_queue_like(struct audit *audit, const struct audit_row *row,
		      const struct audit_like *like, uint64_t now_ns)
{
	struct audit_waiting copy;
	int r = copy_row(audit, row, &copy);

	if (r) {
		count_lost(audit, 1, row->wall_ns, strerror(-r));
		return;
	}
	audit_note_like(audit, like, &copy, now_ns);
	audit_keep(audit, &copy);
}

int audit_settle(struct audit *audit)
{
	const struct audit_signer *signer = &audit->options.signer;
	struct audit_head head = {.seq = audit->last_seq};
	char text[AUDIT_STATEMENT_BYTES];
	size_t length;
	int r;

	if (!audit->db || audit->head_seq == audit->last_seq)
		return 0;
	memcpy(head.database, audit->database, sizeof(head.database));
	memcpy(head.hash, audit->last_hash, sizeof(head.hash));
	length = audit_statement(head.database, head.seq, head.hash, text);
	r = signer->sign(signer->context, text, length, head.signature, head.key_id);
	if (!r)
		r = audit_head_write(audit->head_file, &head);
	if (r)
		snprintf(audit->error, sizeof(audit->error), "cannot write %s: %s",
			 audit->head_file, strerror(-r));
	else
		audit->head_seq = audit->last_seq;
	return r;
}

void audit_get_status(const struct audit *audit, struct audit_status *out)
{
	*out = (struct audit_status){
		.state = !audit->db || audit->is_failing || audit->gap.count ? AUDIT_FAILING
									     : AUDIT_RECORDING,
		.file = audit->options.file,
		.key_id = audit->key_id,
		.rows = audit->last_seq,
		.head = audit->head_seq,
		.pending = audit->waiting_count,
		.lost = audit->lost,
		.tallied = audit->tallied,
		.tallies = audit_tallies_open(audit),
		.error = audit->error,
	};
}
