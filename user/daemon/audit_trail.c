// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/audit_trail.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/config.h"
#include "config/json_text.h"
#include "core/decode.h"
#include "core/fsm.h"
#include "core/names.h"
#include "daemon/state.h"
#include "daemon/trail_like.h"
#include "host/key.h"
#include "sinks/errno_name.h"
#include "sinks/journal.h"
#include "sinks/session_json.h"
#include "sinks/session_text.h"

/* What an audit that is held by somebody else may cost the loop. */
#define BUSY_MS 50
/* After the last row, until its head is written; and between two tries. */
#define SETTLE_US 1000000
#define TRAIL_BOOT_BYTES 37
#define NS_PER_S 1000000000
#define NS_PER_US 1000

struct trail {
	struct audit *audit;
	const char *key_file;
	struct key *key; /* NULL: not usable yet */
	bool key_is_told;
	sd_event_source *timer;
	bool armed;
	sd_event_source *tally_timer; /* only while something is being counted */
	bool ring_may_lose;
	bool was_failing;
	char boot_id[TRAIL_BOOT_BYTES];
	uint64_t counted_ns;        /* when losses were looked for */
	uint64_t ring_lost;         /* that rows tell of */
	uint64_t policy_generation; /* of the last that was looked up */
	char policy[AUDIT_POLICY_BYTES];
};

/* The key may be put right while we run. Until then nothing is recorded, and all else goes on. */
static int need_key(struct trail *trail)
{
	char host[HOST_NAME_MAX + 1] = "", text[1024];
	struct parse_error error = {0};
	int r;

	if (trail->key)
		return 0;
	gethostname(host, sizeof(host) - 1);
	r = key_open_or_create(trail->key_file, host, &trail->key, &error);
	if (!r || trail->key_is_told)
		return r;
	trail->key_is_told = true;
	parse_error_format(&error, text, sizeof(text));
	fprintf(stderr, "migwarden run: no audit without a key: %s\n", text);
	return r;
}

static int sign(void *context, const void *data, size_t size,
		unsigned char signature[AUDIT_SIGNATURE_BYTES], char key_id[AUDIT_KEY_ID_BYTES])
{
	struct trail *trail = context;
	int r = need_key(trail);

	if (r)
		return r;
	snprintf(key_id, AUDIT_KEY_ID_BYTES, "%s", key_public_half(trail->key)->id);
	return key_sign(trail->key, AUDIT_KEY_CONTEXT, data, size, signature);
}

static int verify(void *context, const char *key_id, const void *data, size_t size,
		  const unsigned char signature[AUDIT_SIGNATURE_BYTES])
{
	struct trail *trail = context;
	const struct key_public *half;
	int r = need_key(trail);

	if (r)
		return r;
	half = key_public_half(trail->key);
	if (strcmp(key_id, half->id))
		return -ENOKEY;
	return key_verify(half, AUDIT_KEY_CONTEXT, data, size, signature);
}

static void read_boot_id(const struct host *host, char out[static TRAIL_BOOT_BYTES])
{
	struct host_text text;

	if (!host_read_line(host, &text, HOST_BOOT_ID_PATH))
		snprintf(out, TRAIL_BOOT_BYTES, "%.36s", text.text);
}

/* Said once when it begins to fail, and once when it records again. */
static void say_state(struct trail *trail)
{
	struct audit_status status;
	bool failing;

	audit_get_status(trail->audit, &status);
	failing = status.state == AUDIT_FAILING;
	if (failing == trail->was_failing)
		return;
	trail->was_failing = failing;
	if (failing)
		fprintf(stderr,
			"migwarden run: the audit does not record: %s: %s; it is tried on\n",
			status.file, status.error);
	else
		fprintf(stderr, "migwarden run: the audit records again, %llu rows were lost\n",
			(unsigned long long)status.lost);
}

static void arm(struct trail *trail)
{
	if (trail->armed || !trail->timer)
		return;
	trail->armed = sd_event_source_set_time_relative(trail->timer, SETTLE_US) >= 0 &&
		       sd_event_source_set_enabled(trail->timer, SD_EVENT_ONESHOT) >= 0;
}

/* When the next tally is over; a little later where it could not be closed. */
static void arm_tallies(struct trail *trail)
{
	uint64_t next_ns = audit_tallies_next_ns(trail->audit);
	uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);

	if (!trail->tally_timer)
		return;
	if (next_ns <= now_ns)
		next_ns = next_ns ? now_ns + NS_PER_S : 0;
	if (next_ns)
		sd_event_source_set_time(trail->tally_timer, next_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(trail->tally_timer, next_ns ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

/* After each row, and each try. */
static void look_after(struct trail *trail)
{
	say_state(trail);
	arm(trail);
	arm_tallies(trail);
}

static int on_tallies(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct trail *trail = userdata;

	(void)source;
	(void)usec;
	audit_tallies_close(trail->audit, clock_ns(CLOCK_MONOTONIC), false);
	if (audit_needs_retry(trail->audit))
		audit_retry(trail->audit);
	look_after(trail);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	struct trail *trail = daemon->trail;

	(void)source;
	(void)usec;
	trail->armed = false;
	if (trail->ring_may_lose && daemon->gate)
		trail_ring_lost(daemon, true);
	if (audit_needs_retry(trail->audit))
		audit_retry(trail->audit);
	audit_settle(trail->audit);
	say_state(trail);
	arm_tallies(trail);
	if (audit_needs_retry(trail->audit))
		arm(trail);
	return 0;
}

/* What every row has that the daemon writes of itself. */
static void fill(struct daemon *daemon, struct audit_row *row)
{
	if (!row->wall_ns) {
		row->wall_ns = (int64_t)clock_ns(CLOCK_REALTIME);
		row->monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	}
	if (!row->pid) {
		row->pid = getpid();
		row->comm = "migwarden";
	}
	if (!row->policy && daemon->policy) {
		row->policy = daemon->policy->digest;
		row->generation = daemon->gate ? daemon->rules.generation : 0;
	}
}

static char *text_of(json_t *detail)
{
	char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL;

	json_decref(detail);
	return text;
}

static void append(struct daemon *daemon, struct audit_row *row, json_t *detail)
{
	AUTO_FREE char *text = text_of(detail);

	row->detail = text;
	fill(daemon, row);
	if (daemon->trail) {
		audit_append(daemon->trail->audit, row);
		look_after(daemon->trail);
	}
	journal_send(row);
}

/* Of one event among many: written with all others of its batch. @like: NULL where it is none of
 * those that may come without end. */
static void queue(struct daemon *daemon, struct audit_row *row, json_t *detail,
		  const struct audit_like *like)
{
	AUTO_FREE char *text = text_of(detail);

	row->detail = text;
	fill(daemon, row);
	if (daemon->trail && like)
		audit_queue_like(daemon->trail->audit, row, like, clock_ns(CLOCK_MONOTONIC));
	else if (daemon->trail)
		audit_queue(daemon->trail->audit, row);
	journal_send(row);
}

static void tell_start(struct daemon *daemon)
{
	struct audit_row row = {.kind = AUDIT_START};

	append(daemon, &row,
	       json_pack("{s:s, s:s, s:s, s:b}", "version", MW_VERSION, "file",
			 daemon->policy->file, "mode", policy_mode_word(daemon->policy),
			 "transient", (int)daemon->options->transient));
}

static int open_audit(struct daemon *daemon, struct trail *trail)
{
	const struct daemon_options *options = daemon->options;
	struct audit_options audit = {
		.file = options->audit,
		.boot_id = trail->boot_id,
		.signer = {.context = trail, .sign = sign},
		.verifier = {.context = trail, .verify = verify},
		.age_max_ns = options->audit_age_s * NS_PER_S,
		.bytes_max = options->audit_bytes,
		.busy_ms = BUSY_MS,
		.on_tally = journal_send,
	};
	int r;

	r = audit_open(&audit, &trail->audit);
	if (!r && daemon->loop)
		r = sd_event_add_time_relative(daemon->loop, &trail->timer, CLOCK_MONOTONIC,
					       SETTLE_US, 0, on_timer, daemon);
	if (r >= 0 && daemon->loop)
		r = sd_event_add_time(daemon->loop, &trail->tally_timer, CLOCK_MONOTONIC, 0, 0,
				      on_tallies, trail);
	if (r >= 0 && daemon->loop)
		r = sd_event_source_set_enabled(trail->tally_timer, SD_EVENT_OFF);
	trail->armed = trail->timer != NULL;
	return r < 0 ? r : 0;
}

void trail_free(struct trail *trail)
{
	if (!trail)
		return;
	sd_event_source_disable_unref(trail->timer);
	sd_event_source_disable_unref(trail->tally_timer);
	audit_close(trail->audit);
	key_close(trail->key);
	free(trail);
}

int trail_make(struct daemon *daemon)
{
	struct trail *trail;
	int r;

	if (!daemon->options->audit)
		return 0;
	trail = calloc(1, sizeof(*trail));
	if (!trail)
		return -ENOMEM;
	trail->key_file = daemon->options->key;
	read_boot_id(daemon->host, trail->boot_id);
	r = open_audit(daemon, trail);
	if (r) {
		trail_free(trail);
		return r;
	}
	daemon->trail = trail;
	return 0;
}

int trail_open(struct daemon *daemon)
{
	int r = trail_make(daemon);

	if (!r)
		tell_start(daemon);
	return r;
}

void trail_close(struct daemon *daemon)
{
	struct audit_row row = {.kind = AUDIT_STOP};

	/* Nothing was told yet. */
	if (daemon->lock < 0)
		return;
	if (daemon->gate)
		trail_ring_lost(daemon, true);
	if (daemon->trail)
		audit_tallies_close(daemon->trail->audit, 0, true);
	append(daemon, &row,
	       json_pack("{s:b, s:b, s:i}", "released", (int)(daemon->released.time_ns != 0),
			 "stands",
			 daemon->gate && !daemon->released.time_ns && !daemon->options->transient,
			 "failure", daemon->failure));
	trail_free(daemon->trail);
	daemon->trail = NULL;
}

/* Who asked for it, as far as he is still there. */
static int intend(struct daemon *daemon, const struct audit_row *told, json_t *detail, bool must,
		  uint64_t *intent)
{
	AUTO_FREE char *text = text_of(detail);
	struct audit_row full = *told, *row = &full;
	struct process process = {0};
	int r = 0;

	*intent = 0;
	if (row->pid && !process_read(daemon->host, (pid_t)row->pid, &process)) {
		row->comm = process.comm;
		row->exe = *process.exe ? process.exe : NULL;
	}
	row->detail = text;
	fill(daemon, row);
	if (daemon->trail) {
		r = audit_intend(daemon->trail->audit, row, intent);
		if (r && !must)
			audit_append(daemon->trail->audit, row);
		look_after(daemon->trail);
	}
	if (r && must)
		return r;
	journal_send(row);
	return 0;
}

int trail_intend(struct daemon *daemon, struct audit_row *row, json_t *detail, uint64_t *intent)
{
	return intend(daemon, row, detail, daemon->options->audit_required, intent);
}

void trail_intend_anyway(struct daemon *daemon, struct audit_row *row, json_t *detail,
			 uint64_t *intent)
{
	intend(daemon, row, detail, false, intent);
}

void trail_answer(struct daemon *daemon, uint64_t intent, int result)
{
	struct audit_row row = {
		.kind = AUDIT_ANSWER,
		.refers = intent,
		.verdict = result ? "failed" : "done",
	};
	const char *name = errno_name(result);

	append(daemon, &row,
	       result ? json_pack("{s:i, s:s?, s:s}", "result", result, "errno", name, "error",
				  strerror(-result))
		      : NULL);
}

/* "site.yaml:14", or NULL where no line decided. */
static char *place_of(const char *file, unsigned int line)
{
	char *place = NULL;

	if (file && line && asprintf(&place, "%s:%u", file, line) < 0)
		return NULL;
	return place;
}

static json_t *descriptor_or_null(const struct descriptor *descriptor)
{
	return descriptor ? descriptor_to_json(descriptor) : json_null();
}

static char *pair_of(const struct trail_admission *admission)
{
	return text_of(json_pack("{s:o, s:o}", "source", descriptor_or_null(admission->source),
				 "dest", descriptor_or_null(admission->dest)));
}

static json_t *admission_detail(const struct trail_admission *admission, bool is_written)
{
	const struct engine_request *request = admission->request;
	json_t *detail =
		json_pack("{s:b, s:b, s:o, s:I, s:I, s:i, s:o}", "admitted",
			  (int)admission->made->admission.allow, "written", (int)is_written,
			  "explanation", json_text(admission->explanation), "ttl_s",
			  (json_int_t)(request->ttl_ns / NS_PER_S), "uses",
			  (json_int_t)request->uses, "devices", (int)request->context.device_count,
			  "verdict", verdict_to_json(&admission->made->verdict));

	if (admission->domain)
		json_object_set(detail, "domain", (json_t *)admission->domain);
	return detail;
}

static void fill_admission(const struct trail_admission *admission, const char *rule,
			   const char *pair, struct audit_row *out)
{
	const struct verdict *verdict = &admission->made->verdict;
	const json_t *domain = admission->domain;

	*out = (struct audit_row){
		.kind = AUDIT_ADMISSION,
		.device = admission->device,
		.direction = direction_label(admission->request->direction),
		.vm = json_string_value(json_object_get(domain, "domain")),
		.vm_uuid = json_string_value(json_object_get(domain, "uuid")),
		.pid = admission->pid,
		.verdict = mw_action_name(verdict->action),
		.reason = mw_reason_name(verdict->reason),
		.rule = rule,
		.rule_name = verdict->rule ? verdict->rule->name : NULL,
		.admission = admission->made->admission.id,
		.pair = pair,
	};
}

int trail_admit(struct daemon *daemon, const struct trail_admission *admission, uint64_t *intent)
{
	const struct verdict *verdict = &admission->made->verdict;
	AUTO_FREE char *rule = place_of(verdict->policy_file, verdict->position.line);
	AUTO_FREE char *pair = pair_of(admission);
	struct audit_row row;

	fill_admission(admission, rule, pair, &row);
	return trail_intend(daemon, &row, admission_detail(admission, true), intent);
}

void trail_refuse(struct daemon *daemon, const struct trail_admission *admission)
{
	const struct verdict *verdict = &admission->made->verdict;
	AUTO_FREE char *rule = place_of(verdict->policy_file, verdict->position.line);
	AUTO_FREE char *pair = pair_of(admission);
	struct audit_row row;
	uint64_t seq;

	fill_admission(admission, rule, pair, &row);
	row.admission = 0;
	trail_intend_anyway(daemon, &row, admission_detail(admission, false), &seq);
}

void trail_earlier(struct daemon *daemon, const struct mw_event_gate *event,
		   struct audit_admission *out)
{
	*out = (struct audit_admission){0};
	if (daemon->trail && event->basis == MW_BASIS_ADMISSION)
		audit_admission_find(daemon->trail->audit, event->admission, event->head.device,
				     out);
}

/* Which policy that generation was: the one in force, or what an earlier row says. */
static const char *policy_of(struct daemon *daemon, uint64_t generation)
{
	struct trail *trail = daemon->trail;

	if (daemon->gate && generation == daemon->rules.generation)
		return daemon->policy->digest;
	if (!trail)
		return NULL;
	if (generation != trail->policy_generation) {
		trail->policy_generation = generation;
		if (!audit_policy_find(trail->audit, generation, trail->policy))
			trail->policy[0] = '\0';
	}
	return trail->policy;
}

static char *default_rule(const struct daemon *daemon, uint32_t direction, uint32_t generation,
			  uint64_t number)
{
	const struct policy *policy = daemon->policy;

	number = policy_default_number(daemon, generation, number);
	return place_of(policy->defaults_file ? policy->defaults_file : policy->file,
			engine_default_position(policy, direction, number).line);
}

/* Where the rule stands: with the admission that was used, or with the policy's defaults. */
static char *rule_of(const struct daemon *daemon, const struct trail_decision *decision,
		     const char **name)
{
	const json_t *verdict = decision->admission ? decision->admission->verdict : NULL;
	const char *rule = json_string_value(json_object_get(verdict, "rule"));

	*name = json_string_value(json_object_get(verdict, "rule_name"));
	if (!verdict && decision->event->gate.basis == MW_BASIS_ADMISSION) {
		rule = decision->earlier->rule;
		*name = decision->earlier->rule_name;
	}
	if (decision->event->gate.basis == MW_BASIS_DEFAULT)
		return default_rule(daemon, decision->event->gate.direction,
				    decision->event->gate.generation,
				    decision->event->gate.admission);
	return rule ? strdup(rule) : NULL;
}

static json_t *decision_detail(const struct trail_decision *decision)
{
	const struct mw_event_gate *event = &decision->event->gate;
	const char *asked = trail_asked_for(event);

	return json_pack(
		"{s:s?, s:s, s:o, s:s?, s:I, s:I, s:b, s:s?, s:b}", "asked", asked, "basis",
		event->basis == MW_BASIS_ADMISSION ? "admission" : "default", "explanation",
		json_text(decision->explanation), "errno", errno_name(event->error), "tid",
		(json_int_t)event->head.tid, "cgroup_id", (json_int_t)event->head.cgroup_id,
		"exe_is_claimed", (int)decision->process->exe_is_claimed, "seen",
		event->reason == MW_REASON_STATE_BYPASS ? mig_state_name(event->seen) : NULL,
		"killed", (int)event->killed);
}

enum trail_told trail_take(struct daemon *daemon, const union mw_event *event)
{
	struct trail *trail = daemon->trail;
	struct audit_again again = {
		.wall_ns = (int64_t)event->head.time_ns + clock_wall_offset_ns(),
		.monotonic_ns = event->head.time_ns,
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.pid = event->head.pid,
		.count = 1,
	};
	struct audit_like like;

	if (event->head.kind == MW_EVENT_GATE)
		again.admission = gate_event_admission(&event->gate);
	if (!trail)
		return TRAIL_NEW;
	if (audit_is_marked(trail->audit, daemon->gate_position, event->head.time_ns))
		return TRAIL_KNOWN;
	audit_mark(trail->audit, daemon->gate_position, event->head.time_ns);
	return trail_like_event(event, &like) && audit_repeats(trail->audit, &like, &again)
		       ? TRAIL_COUNTED
		       : TRAIL_NEW;
}

uint64_t trail_tallied(const struct daemon *daemon)
{
	struct audit_status status = {0};

	if (daemon->trail)
		audit_get_status(daemon->trail->audit, &status);
	return status.tallied;
}

void trail_decision(struct daemon *daemon, const struct trail_decision *decision)
{
	const struct mw_event_gate *event = &decision->event->gate;
	const struct process *process = decision->process;
	bool bypass = event->reason == MW_REASON_STATE_BYPASS;
	AUTO_FREE char *rule = NULL;
	struct audit_like like;
	struct audit_row row = {
		/* The clock may have been set since we began: the offset is that of now. */
		.wall_ns = (int64_t)event->head.time_ns + clock_wall_offset_ns(),
		.monotonic_ns = event->head.time_ns,
		.kind = bypass ? AUDIT_INCIDENT : AUDIT_DECISION,
		.device = event->head.device,
		.direction = direction_label(event->direction),
		.vm = *process->vm_name ? process->vm_name : NULL,
		.vm_uuid = *process->vm_uuid ? process->vm_uuid : NULL,
		.pid = event->head.pid,
		.comm = event->head.comm,
		.exe = *process->exe ? process->exe : NULL,
		.verdict = trail_verdict_word(event->answer),
		.reason = mw_reason_name(event->reason),
		.generation = event->generation,
		.admission = gate_event_admission(event),
		.pair = decision->earlier->pair,
	};

	row.policy = policy_of(daemon, event->generation);
	rule = rule_of(daemon, decision, &row.rule_name);
	row.rule = rule;
	queue(daemon, &row, decision_detail(decision),
	      trail_like_decision(event, &like) ? &like : NULL);
}

void trail_settle(struct daemon *daemon)
{
	if (!daemon->trail || !audit_needs_retry(daemon->trail->audit))
		return;
	audit_retry(daemon->trail->audit);
	look_after(daemon->trail);
}

void trail_shield(struct daemon *daemon, const union mw_event *event)
{
	const struct mw_event_shield *shield = &event->shield;
	struct audit_row row = {
		.wall_ns = (int64_t)event->head.time_ns + clock_wall_offset_ns(),
		.monotonic_ns = event->head.time_ns,
		.kind = AUDIT_INCIDENT,
		.pid = event->head.pid,
		.comm = event->head.comm,
		.verdict = mw_action_name(MW_ACTION_DENY),
		.reason = "shield",
	};
	struct audit_like like;

	if (trail_take(daemon, event) != TRAIL_NEW)
		return;
	queue(daemon, &row,
	      json_pack("{s:s, s:I, s:o, s:I, s:s?}", "piece", shield_piece_name(shield->piece),
			"id", (json_int_t)shield->id, "name", json_text(shield->name), "uid",
			(json_int_t)shield->uid, "errno", errno_name(shield->error)),
	      trail_like_shield(shield, &like) ? &like : NULL);
}

/* What the gate let it begin by, or refused it by: the descriptors that were compared, the rule. */
static void fill_session(struct daemon *daemon, const struct session *session,
			 struct audit_admission *basis, struct audit_row *row)
{
	const struct session_gate *gate = &session->gate;

	if (!gate->answer)
		return;
	row->generation = gate->generation;
	row->policy = policy_of(daemon, gate->generation);
	if (gate->basis == MW_BASIS_DEFAULT)
		basis->rule = default_rule(daemon, trail_direction(session), gate->generation,
					   gate->admission);
	else if (daemon->trail)
		audit_admission_find(daemon->trail->audit, gate->admission, session->device, basis);
	row->admission = gate->basis == MW_BASIS_ADMISSION ? gate->admission : 0;
	row->pair = basis->pair;
	row->rule = basis->rule;
	row->rule_name = basis->rule_name;
}

static bool session_repeats(struct trail *trail, const struct session *session,
			    const struct audit_like *like)
{
	const struct audit_again again = {
		.wall_ns = (int64_t)session->end_ns + session->clock_offset_ns,
		.monotonic_ns = session->end_ns,
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.pid = session->pid,
		.admission =
			session->gate.basis == MW_BASIS_ADMISSION ? session->gate.admission : 0,
		.count = 1,
	};

	return audit_repeats(trail->audit, like, &again);
}

bool trail_session(struct daemon *daemon, const struct session *session)
{
	struct audit_admission basis = {0};
	struct audit_like like;
	bool is_refused = trail_like_session(session, &like);
	struct audit_row row = {
		.wall_ns = (int64_t)session->end_ns + session->clock_offset_ns,
		.monotonic_ns = session->end_ns,
		.kind = AUDIT_SESSION,
		.device = session->device,
		.direction = like.direction,
		.vm = *session->vm_name ? session->vm_name : NULL,
		.vm_uuid = *session->vm_uuid ? session->vm_uuid : NULL,
		.pid = session->pid,
		.comm = session->comm,
		.reason = is_refused ? like.reason : NULL,
	};
	char line[SESSION_LINE_BYTES];
	json_t *detail;

	/* Time may have ended it, and no record comes. */
	if (daemon->trail)
		arm(daemon->trail);
	if (daemon->trail && is_refused && session_repeats(daemon->trail, session, &like))
		return false;
	fill_session(daemon, session, &basis, &row);
	detail = session_to_json_brief(session);
	json_object_set_new(detail, "text", json_text(session_line(session, line, sizeof(line))));
	queue(daemon, &row, detail, is_refused ? &like : NULL);
	audit_admission_free(&basis);
	return true;
}

/* Whoever keeps the ring full would else write a row each second. */
static void tell_ring_lost(struct daemon *daemon, uint64_t lost, uint64_t total)
{
	const struct audit_like like = {.kind = AUDIT_GAP, .what = "ring"};
	const struct audit_again again = {
		.wall_ns = (int64_t)clock_ns(CLOCK_REALTIME),
		.monotonic_ns = clock_ns(CLOCK_MONOTONIC),
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.pid = getpid(),
		.count = lost,
		.total = total,
	};
	struct audit_row row = {.kind = AUDIT_GAP};

	if (!audit_repeats(daemon->trail->audit, &like, &again))
		queue(daemon, &row,
		      json_pack("{s:I, s:I, s:s, s:s}", "lost", (json_int_t)lost, "total",
				(json_int_t)total, "where", "ring", "why", "the ring was full"),
		      &like);
	trail_settle(daemon);
}

void trail_ring_lost(struct daemon *daemon, bool now)
{
	struct trail *trail = daemon->trail;
	struct ring_counts counts;
	uint64_t total = 0;

	if (!trail)
		return;
	trail->ring_may_lose = !now;
	if (!now && clock_ns(CLOCK_MONOTONIC) - trail->counted_ns < NS_PER_S) {
		arm(trail);
		return;
	}
	trail->counted_ns = clock_ns(CLOCK_MONOTONIC);
	if (ring_counts(gate_ring(daemon->gate), &counts))
		return;
	for (size_t kind = 0; kind < MW_EVENT_KINDS; kind++)
		total += counts.kind[kind].lost;
	/* A gate that was raised anew counts anew. */
	if (!trail->ring_lost && gate_was_adopted(daemon->gate))
		trail->ring_lost = audit_ring_lost_find(trail->audit);
	if (trail->ring_lost > total)
		trail->ring_lost = 0;
	if (total == trail->ring_lost)
		return;
	tell_ring_lost(daemon, total - trail->ring_lost, total);
	trail->ring_lost = total;
}

const char *trail_why(const struct daemon *daemon)
{
	struct audit_status status;

	audit_get_status(daemon->trail->audit, &status);
	return status.error;
}

void trail_measure(const struct daemon *daemon, struct metrics_audit *out)
{
	struct audit_status status;

	*out = (struct metrics_audit){0};
	if (!daemon->trail)
		return;
	audit_get_status(daemon->trail->audit, &status);
	*out = (struct metrics_audit){
		.is_on = true,
		.records = status.state == AUDIT_RECORDING,
		.rows = status.rows,
		.waiting = status.pending,
		.lost = status.lost,
		.counted = status.tallied,
	};
}

json_t *trail_to_json(const struct daemon *daemon)
{
	struct audit_status status;

	if (!daemon->trail)
		return json_pack("{s:s}", "state", "off");
	audit_get_status(daemon->trail->audit, &status);
	return json_pack("{s:s, s:b, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "state",
			 status.state == AUDIT_RECORDING ? "recording" : "failing", "required",
			 (int)daemon->options->audit_required, "file", status.file, "key",
			 status.key_id, "rows", (json_int_t)status.rows, "head",
			 (json_int_t)status.head, "pending", (json_int_t)status.pending, "lost",
			 (json_int_t)status.lost, "counted", (json_int_t)status.tallied, "counting",
			 (json_int_t)status.tallies, "error", *status.error ? status.error : NULL);
}
