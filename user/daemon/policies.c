// SPDX-License-Identifier: GPL-2.0-only
/* The policy in force and the shadow beside it: read at the start, read anew, explained. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "core/engine.h"
#include "daemon/notify.h"
#include "daemon/state.h"
#include "daemon/trust.h"

const char *policy_mode_word(const struct policy *policy)
{
	return policy->mode == POLICY_AUDIT ? "audit" : "enforce";
}

void policy_default_explain(const struct policy *policy, uint32_t direction, uint32_t reason,
			    char *out, size_t size)
{
	struct position position = engine_default_position(policy, direction);
	const char *file = policy->defaults_file ? policy->defaults_file : policy->file;

	if (position.line)
		snprintf(out, size, "%s (%s:%u)", mw_reason_name(reason), file, position.line);
	else
		snprintf(out, size, "%s (the default of %s)", mw_reason_name(reason), policy->file);
}

/* Both or none: a shadow beside another policy than it was meant for would tell of nothing. */
static int read_both(const struct daemon_options *options, struct policy **policy,
		     struct policy **shadow, struct key_list *trust, struct parse_error *error)
{
	AUTO_POLICY struct policy *first = NULL;
	int r = policy_read_path(options->policy, &first, error);

	if (!r)
		r = trust_read(first, trust, error);
	if (!r && options->shadow)
		r = policy_read_path(options->shadow, shadow, error);
	if (!r)
		*policy = TAKE_PTR(first);
	return r;
}

int policies_read(struct daemon *daemon, struct parse_error *error)
{
	return read_both(daemon->options, &daemon->policy, &daemon->shadow, &daemon->trust, error);
}

static int put_in_force(struct daemon *daemon, int pid, struct parse_error *error)
{
	AUTO_POLICY struct policy *fresh = NULL;
	AUTO_POLICY struct policy *shadow = NULL;
	AUTO_KEY_LIST struct key_list trust = {0};
	struct audit_row row = {.kind = AUDIT_RELOAD, .pid = pid};
	struct mw_gate_rules rules;
	uint64_t intent;
	int r = read_both(daemon->options, &fresh, &shadow, &trust, error);

	if (r)
		return r;
	row.policy = fresh->digest;
	r = trail_intend(daemon, &row,
			 json_pack("{s:s, s:s, s:i}", "file", fresh->file, "mode",
				   policy_mode_word(fresh), "rules", (int)fresh->rule_count),
			 &intent);
	if (r)
		return parse_error_set(error, daemon->options->policy, 0, 0,
				       "expected the audit to record it: %s", trail_why(daemon));
	engine_rules(fresh, &rules);
	if (daemon->gate)
		r = gate_set_rules(daemon->gate, &rules);
	if (r)
		trail_answer(daemon, intent, r);
	if (r) {
		parse_error_set(error, daemon->options->policy, 0, 0,
				"expected the gate to take it: %s", strerror(-r));
		return r;
	}
	daemon->rules = rules;
	policy_free(daemon->policy);
	policy_free(daemon->shadow);
	daemon->policy = TAKE_PTR(fresh);
	daemon->shadow = TAKE_PTR(shadow);
	key_list_free(&daemon->trust);
	daemon->trust = trust;
	trust = (struct key_list){0};
	trail_answer(daemon, intent, 0);
	daemon_budget(daemon);
	fprintf(stderr, "migwarden run: generation %u is in force: %s, %s\n", rules.generation,
		daemon->policy->file, policy_mode_word(daemon->policy));
	return 0;
}

int policy_reload(struct daemon *daemon, int pid, struct parse_error *error)
{
	int r;

	notify_reloading();
	r = put_in_force(daemon, pid, error);
	metrics_reloaded(daemon->metrics, r == 0, (uint64_t)time(NULL));
	state_notify_ready(daemon, r ? "not reloaded: " : "");
	return r;
}
