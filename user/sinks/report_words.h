/* SPDX-License-Identifier: GPL-2.0-only */
/* The words that all ways of a report share, in UTF-8; names of others are escaped to ASCII. */
#ifndef SINKS_REPORT_WORDS_H
#define SINKS_REPORT_WORDS_H

#include "core/anatomy.h"
#include "sinks/report.h"

#define REPORT_LABEL_BYTES 256
#define REPORT_SENTENCE_BYTES 1024
/* "100.0 %" */
#define REPORT_SHARE_BYTES 16

/* report_share - @part of @whole in percent, one decimal; "-" of nothing. Gives @out. */
const char *report_share(uint64_t part, uint64_t whole, char out[static REPORT_SHARE_BYTES]);

/* report_stretch_label - "STOP_COPY", "RUNNING → STOP". Gives @out. */
const char *report_stretch_label(const struct stretch *stretch,
				 char out[static REPORT_LABEL_BYTES]);

/* report_part_label - "the driver's reads in STOP_COPY". Gives @out. */
const char *report_part_label(const struct anatomy *anatomy, const struct part *part,
			      char out[static REPORT_LABEL_BYTES]);

/* report_party_label - "the device", "the VMM and its network", … Static. */
const char *report_party_label(enum party party);

/*
 * report_sentence - the one sentence: the largest part of the blackout, and who bounds it; or why
 * there was none. Gives @out.
 */
const char *report_sentence(const struct report *report, char out[static REPORT_SENTENCE_BYTES]);

/* report_pairing_sentence - how the clocks were put together, and how well. Gives @out. */
const char *report_pairing_sentence(const struct pairing *pairing,
				    char out[static REPORT_SENTENCE_BYTES]);

/* report_gate_text - what the gate said; "the gate was not asked". Gives @out. */
const char *report_gate_text(const struct session *session, char out[static REPORT_LABEL_BYTES]);

/* report_end_text - "completed", "failed (refused by the gate)", … Gives @out. */
const char *report_end_text(const struct session *session, char out[static REPORT_LABEL_BYTES]);

/* report_failure_text - the first call that failed; "" if none did. Gives @out. */
const char *report_failure_text(const struct session *session, char out[static REPORT_LABEL_BYTES]);

/* report_estimate_text - MIG_DATA_SIZE's last answer against what came. Gives @out. */
const char *report_estimate_text(const struct session *session,
				 char out[static REPORT_LABEL_BYTES]);

/* report_side_text - "source", "destination", "both sides". Static. */
const char *report_side_text(const struct anatomy *anatomy);

/* report_result_text - "ok", "EIO", or the number, of what a call gave. Gives @out. */
const char *report_result_text(int32_t result, char out[static REPORT_LABEL_BYTES]);

/* report_missing_text - what of the session was not seen; "" when nothing. Gives @out. */
const char *report_missing_text(const struct session *session, char out[static REPORT_LABEL_BYTES]);

/* One line of a timeline: what an item did that has one name. */
struct report_row {
	const struct stretch *first; /* in the anatomy */
	uint64_t ns;                 /* of all of that name */
};

/* Each state and each arc between two of them. */
#define REPORT_ROWS_MAX 72

/*
 * report_rows - the rows of @item, in the order of their begin; REPORT_ROWS_MAX at most, which are
 * all unless a file speaks of states that do not exist. Gives how many there are.
 */
size_t report_rows(const struct anatomy *anatomy, uint32_t item,
		   struct report_row rows[static REPORT_ROWS_MAX]);

/* report_row_has - whether a stretch goes into the row. */
bool report_row_has(const struct report_row *row, const struct stretch *stretch);

#endif
