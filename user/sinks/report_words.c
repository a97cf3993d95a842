// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/report_words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/escape.h"
#include "base/text.h"
#include "base/units.h"
#include "core/flow.h"
#include "core/fsm.h"
#include "core/names.h"
#include "migwarden/reason.h"
#include "sinks/errno_name.h"

/* The longest device name with each of its bytes as \xNN. */
#define DEVICE_TEXT_BYTES (4 * MW_DEVICE_BYTES)

__attribute__((format(printf, 3, 4))) static const char *print(char *out, size_t size,
							       const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(out, size, format, args);
	va_end(args);
	if (length >= (int)size)
		text_mark_cut(out, size);
	return out;
}

static const char *error_text(int32_t error)
{
	const char *name = errno_name(error);

	return name ? name : "an error without a name";
}

const char *report_result_text(int32_t result, char out[static REPORT_LABEL_BYTES])
{
	const char *name = errno_name(result);

	if (result && !name)
		return print(out, REPORT_LABEL_BYTES, "%d", result);
	return strcpy(out, result ? name : "ok");
}

const char *report_share(uint64_t part, uint64_t whole, char out[static REPORT_SHARE_BYTES])
{
	if (!whole)
		return strcpy(out, "-");
	snprintf(out, REPORT_SHARE_BYTES, "%.1f %%", 100.0 * (double)part / (double)whole);
	return out;
}

const char *report_stretch_label(const struct stretch *stretch, char out[static REPORT_LABEL_BYTES])
{
	if (stretch->kind == STRETCH_ARC)
		return print(out, REPORT_LABEL_BYTES, "%s → %s", mig_state_name(stretch->state),
			     mig_state_name(stretch->to));
	return print(out, REPORT_LABEL_BYTES, "%s", mig_state_name(stretch->state));
}

/* "read", "write": what the data file of that part is used for. */
static const char *call_word(const struct anatomy *anatomy, const struct part *part)
{
	if (part->item >= anatomy->count)
		return "call";
	return anatomy->items[part->item].session->side == SESSION_SOURCE ? "read" : "write";
}

static const char *wait_label(const struct anatomy *anatomy, const struct part *part,
			      char out[static REPORT_LABEL_BYTES])
{
	const char *state = mig_state_name(part->state), *call = call_word(anatomy, part);

	switch ((enum stretch_place)part->place) {
	case STRETCH_BEFORE:
		return print(out, REPORT_LABEL_BYTES, "waiting in %s for the first %s", state,
			     call);
	case STRETCH_AFTER:
		return print(out, REPORT_LABEL_BYTES, "waiting in %s after the last %s", state,
			     call);
	case STRETCH_ALL:
		break;
	}
	return print(out, REPORT_LABEL_BYTES, "waiting in %s", state);
}

const char *report_part_label(const struct anatomy *anatomy, const struct part *part,
			      char out[static REPORT_LABEL_BYTES])
{
	const char *state = mig_state_name(part->state), *call = call_word(anatomy, part);

	switch ((enum part_kind)part->kind) {
	case PART_ARC:
		return print(out, REPORT_LABEL_BYTES, "the arc %s → %s", state,
			     mig_state_name(part->to));
	case PART_CALLS:
		return print(out, REPORT_LABEL_BYTES, "the driver's %ss in %s", call, state);
	case PART_GAP:
		return print(out, REPORT_LABEL_BYTES, "the time between the %ss in %s", call,
			     state);
	case PART_WAIT:
		return wait_label(anatomy, part, out);
	case PART_DIRTY:
		return strcpy(out, "dirty tracking");
	case PART_TRANSFER:
		return strcpy(out, "the way of the state to the destination");
	case PART_UNSEEN:
	case PART_COUNT_:
		break;
	}
	return strcpy(out, "time that no record speaks of");
}

const char *report_party_label(enum party party)
{
	switch (party) {
	case PARTY_DEVICE:
		return "the device";
	case PARTY_VMM:
		return "the VMM and its network";
	case PARTY_DIRTY:
		return "dirty tracking";
	case PARTY_UNSEEN:
	case PARTY_COUNT_:
		break;
	}
	return "what was not seen";
}

const char *report_side_text(const struct anatomy *anatomy)
{
	if (anatomy->is_merged)
		return "both sides";
	return session_side_name(anatomy->items[0].session->side);
}

/* Why there was no blackout. */
static const char *no_blackout_text(const struct anatomy *anatomy,
				    char out[static REPORT_SENTENCE_BYTES])
{
	const struct session *session = anatomy->items[0].session;

	for (size_t i = 0; i < anatomy->count; i++)
		if (session_is_refused(anatomy->items[i].session))
			return strcpy(out,
				      "There was no blackout: the gate refused the migration.");
	if (session->end == SESSION_OPEN)
		return strcpy(out, "There is no blackout yet: the migration goes on.");
	return print(out, REPORT_SENTENCE_BYTES,
		     session->side == SESSION_SOURCE
			     ? "There was no blackout here: the migration ended (%s) while the "
			       "device ran."
			     : "There was no blackout here: the migration ended (%s) before all of "
			       "the state had been written.",
		     session_end_name(session->end));
}

/* " of DEVICE", where there are several. */
static const char *of_device(const struct anatomy *anatomy, const struct part *part,
			     char out[static DEVICE_TEXT_BYTES + 16])
{
	char device[DEVICE_TEXT_BYTES];

	out[0] = '\0';
	if (anatomy->count < 2 || part->item >= anatomy->count)
		return out;
	return print(out, DEVICE_TEXT_BYTES + 16, " of %s",
		     escape_text(device, sizeof(device),
				 anatomy->items[part->item].session->device));
}

const char *report_sentence(const struct report *report, char out[static REPORT_SENTENCE_BYTES])
{
	const struct anatomy *anatomy = report->anatomy;
	const struct part *largest = anatomy->largest;
	uint64_t all_ns = anatomy_blackout_ns(anatomy);
	char all[UNITS_TEXT_BYTES], time[UNITS_TEXT_BYTES], label[REPORT_LABEL_BYTES];
	char share[REPORT_SHARE_BYTES], bound[REPORT_SHARE_BYTES];
	char device[DEVICE_TEXT_BYTES + 16];
	enum party party;

	if (!anatomy->has_blackout)
		return no_blackout_text(anatomy, out);
	if (!largest)
		return strcpy(out, "The blackout took no time that can be measured.");
	party = part_party(largest);
	print(out, REPORT_SENTENCE_BYTES,
	      "The largest part of the %s of blackout%s%s is %s%s: %s, %s; ",
	      format_duration(all_ns, all), anatomy->is_open ? " whose end was not seen" : "",
	      anatomy->is_merged                                  ? ""
	      : anatomy->items[0].session->side == SESSION_SOURCE ? " on the source"
								  : " on the destination",
	      report_part_label(anatomy, largest, label), of_device(anatomy, largest, device),
	      format_duration(largest->ns, time), report_share(largest->ns, all_ns, share));
	if (anatomy->bound == PARTY_UNSEEN)
		return strcat(out, "nothing says who bounds it.");
	return strcat(out, print(label, sizeof(label), "%s%s bound%s it, with %s in all.",
				 party == anatomy->bound ? "" : "even so, ",
				 report_party_label(anatomy->bound),
				 anatomy->bound == PARTY_VMM ? "" : "s",
				 report_share(anatomy->party_ns[anatomy->bound], all_ns, bound)));
}

const char *report_pairing_sentence(const struct pairing *pairing,
				    char out[static REPORT_SENTENCE_BYTES])
{
	char shift[UNITS_TEXT_BYTES], uncertainty[UNITS_TEXT_BYTES], error[UNITS_TEXT_BYTES];
	char off[UNITS_TEXT_BYTES];
	const char *way = pairing->shift_ns < 0 ? "back" : "forward";
	uint64_t distance =
		pairing->shift_ns < 0 ? -(uint64_t)pairing->shift_ns : (uint64_t)pairing->shift_ns;
	uint64_t off_ns = (uint64_t)pairing->earliest_ns - (uint64_t)pairing->wall_ns;

	format_duration(distance, shift);
	format_duration(pairing->uncertainty_ns, uncertainty);
	format_duration(pairing->wall_error_ns, error);
	switch (pairing->method) {
	case PAIRING_SAME_CLOCK:
		return strcpy(out, "One kernel saw both sides: their clock is the same.");
	case PAIRING_WALL_CLOCK:
		return print(out, REPORT_SENTENCE_BYTES,
			     "The destination's clock is put %s %s, give or take %s: by the wall "
			     "clocks, whose difference is taken to be right within %s, and as no "
			     "byte arrives before it is read.",
			     shift, way, uncertainty, error);
	case PAIRING_CAUSALITY:
		return print(out, REPORT_SENTENCE_BYTES,
			     "The destination's clock is put %s %s, the least with which no byte "
			     "arrives before it is read, and the blackout is longer by what the "
			     "last byte took: the wall clocks are wrong by %s at least.",
			     shift, way, format_duration(off_ns, off));
	case PAIRING_METHOD_COUNT_:
		break;
	}
	return strcpy(out, "");
}

const char *report_gate_text(const struct session *session, char out[static REPORT_LABEL_BYTES])
{
	const struct session_gate *gate = &session->gate;
	char basis[64] = "by the policy's defaults";
	const char *error = errno_name(gate->error);

	if (!gate->answer)
		return strcpy(out, "no gate was asked");
	if (gate->basis == MW_BASIS_ADMISSION)
		snprintf(basis, sizeof(basis), "by admission %" PRIu64, gate->admission);
	return print(out, REPORT_LABEL_BYTES, "%s %s: %s%s%s (generation %u)",
		     gate_answer_name(gate->answer), basis,
		     mw_reason_name((enum mw_reason)gate->reason), error ? ", " : "",
		     error ? error : "", gate->generation);
}

const char *report_end_text(const struct session *session, char out[static REPORT_LABEL_BYTES])
{
	const char *why = NULL;

	switch ((enum session_cause)session->cause) {
	case SESSION_CAUSE_NONE:
		break;
	case SESSION_CAUSE_REFUSED:
		why = "refused by the gate";
		break;
	case SESSION_CAUSE_RESET:
		why = "the device was reset";
		break;
	case SESSION_CAUSE_CLOSED:
		why = "the device was closed";
		break;
	case SESSION_CAUSE_REMOVED:
		why = "the device was removed";
		break;
	case SESSION_CAUSE_MISSED:
		why = "how it went on was not seen";
		break;
	case SESSION_CAUSE_EVICTED:
		why = "no room to follow it further";
		break;
	case SESSION_CAUSE_STOPPED:
		why = "watching ended";
		break;
	case SESSION_CAUSE_COUNT_:
		break;
	}
	return print(out, REPORT_LABEL_BYTES, "%s%s%s%s", session_end_name(session->end),
		     why ? " (" : "", why ? why : "", why ? ")" : "");
}

const char *report_failure_text(const struct session *session, char out[static REPORT_LABEL_BYTES])
{
	const struct session_failure *failure = &session->failure;
	const char *error = error_text(failure->error), *state = mig_state_name(failure->state);
	bool is_read = failure->kind == SESSION_FAILURE_READ;

	switch ((enum session_failure_kind)failure->kind) {
	case SESSION_FAILURE_READ:
	case SESSION_FAILURE_WRITE:
		return print(out, REPORT_LABEL_BYTES, "%s in %s gave %s after %" PRIu64 " bytes",
			     is_read ? "read" : "write", state, error, failure->offset);
	case SESSION_FAILURE_ARC:
		return print(out, REPORT_LABEL_BYTES, "the arc %s → %s gave %s", state,
			     mig_state_name(failure->to), error);
	case SESSION_FAILURE_NONE:
	case SESSION_FAILURE_COUNT_:
		break;
	}
	return strcpy(out, "");
}

const char *report_estimate_text(const struct session *session, char out[static REPORT_LABEL_BYTES])
{
	char said[UNITS_TEXT_BYTES], came[UNITS_TEXT_BYTES];
	double ratio;

	if (session->side != SESSION_SOURCE)
		return strcpy(out, "the source's affair");
	format_bytes(session->final_bytes, came);
	if (session->estimate_bytes == UINT64_MAX)
		return print(out, REPORT_LABEL_BYTES,
			     "MIG_DATA_SIZE never answered, %s came in STOP_COPY", came);
	format_bytes(session->estimate_bytes, said);
	if (!session->estimate_bytes || !session->final_bytes)
		return print(out, REPORT_LABEL_BYTES, "%s were left, %s came in STOP_COPY", said,
			     came);
	ratio = (double)session->final_bytes / (double)session->estimate_bytes;
	return print(out, REPORT_LABEL_BYTES, "%s were left, %s came in STOP_COPY (%.2f times)",
		     said, came, ratio);
}

const char *report_missing_text(const struct session *session, char out[static REPORT_LABEL_BYTES])
{
	uint64_t lost = 0;

	out[0] = '\0';
	for (size_t i = 0; i < MW_EVENT_KINDS; i++)
		lost += session->lost[i];
	if (session->is_joined)
		strcat(out, "it had begun before watching; ");
	if (session->is_incomplete)
		strcat(out, "records of it are missing; ");
	if (lost)
		snprintf(out + strlen(out), REPORT_LABEL_BYTES - strlen(out),
			 "%" PRIu64 " records of any device were lost meanwhile; ", lost);
	if (session->arcs_dropped || session->phases_dropped || session->alarms_dropped)
		snprintf(out + strlen(out), REPORT_LABEL_BYTES - strlen(out),
			 "not kept: %u arcs, %u phases, %u alarms; ", session->arcs_dropped,
			 session->phases_dropped, session->alarms_dropped);
	if (*out)
		out[strlen(out) - 2] = '\0';
	return out;
}

bool report_row_has(const struct report_row *row, const struct stretch *stretch)
{
	bool is_arc = row->first->kind == STRETCH_ARC;

	return row->first->item == stretch->item && is_arc == (stretch->kind == STRETCH_ARC) &&
	       row->first->state == stretch->state && (!is_arc || row->first->to == stretch->to);
}

size_t report_rows(const struct anatomy *anatomy, uint32_t item,
		   struct report_row rows[static REPORT_ROWS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < anatomy->stretch_count; i++) {
		const struct stretch *stretch = &anatomy->stretches[i];
		size_t row = 0;

		if (stretch->item != item)
			continue;
		while (row < count && !report_row_has(&rows[row], stretch))
			row++;
		if (row == count) {
			if (count == REPORT_ROWS_MAX)
				continue;
			rows[count++] = (struct report_row){.first = stretch};
		}
		rows[row].ns += stretch->end_ns - stretch->begin_ns;
	}
	return count;
}
