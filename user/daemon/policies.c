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

uint64_t policy_default_number(const struct daemon *daemon, uint32_t generation, uint64_t number)
{
	return number == MW_DEFAULT_UNSEEN || generation == daemon->rules.generation ? number : 0;
}

void policy_default_explain(const struct policy *policy, uint32_t direction, uint64_t number,
			    uint32_t reason, char *out, size_t size)
{
	struct position position = engine_default_position(policy, direction, number);
	const char *file = policy->defaults_file ? policy->defaults_file : policy->file;
	const char *unseen = number == MW_DEFAULT_UNSEEN
				     ? ": the strictest of them, until it is known which is this "
				       "device's"
				     : "";

	if (position.line)
		snprintf(out, size, "%s (%s:%u%s)", mw_reason_name(reason), file, position.line,
			 unseen);
	else
		snprintf(out, size, "%s (the default of %s)", mw_reason_name(reason), policy->file);
}

/* What is in force together. */
struct policies {
	struct policy *policy;
	struct policy *shadow;
	struct key_list trust;
	struct gate_defaults defaults;
	struct gate_defaults shadow_defaults;
};

static void policies_free(struct policies *policies)
{
	policy_free(policies->policy);
	policy_free(policies->shadow);
	key_list_free(&policies->trust);
	device_defaults_free(&policies->defaults);
	device_defaults_free(&policies->shadow_defaults);
}

#define AUTO_POLICIES __attribute__((cleanup(policies_free)))

/* All or none: a shadow beside another policy than it was meant for would tell of nothing. */
static int gather(struct daemon *daemon, struct policies *out, struct parse_error *error)
{
	const struct daemon_options *options = daemon->options;
	int r = policy_read_path(options->policy, &out->policy, error);

	if (!r)
		r = trust_read(out->policy, &out->trust, error);
	if (!r && options->shadow)
		r = policy_read_path(options->shadow, &out->shadow, error);
	if (r)
		return r;
	r = device_defaults_read(daemon, out->policy, &out->defaults);
	if (!r)
		r = device_defaults_read(daemon, out->shadow, &out->shadow_defaults);
	if (r)
		parse_error_set(error, options->policy, 0, 0,
				"expected the devices of this host in sysfs: %s", strerror(-r));
	return r;
}

/* In the place of what the daemon had, which @fresh has then. */
static void exchange(struct daemon *daemon, struct policies *fresh)
{
	const struct policies before = {
		.policy = daemon->policy,
		.shadow = daemon->shadow,
		.trust = daemon->trust,
		.defaults = daemon->defaults,
		.shadow_defaults = daemon->shadow_defaults,
	};

	daemon->policy = fresh->policy;
	daemon->shadow = fresh->shadow;
	daemon->trust = fresh->trust;
	daemon->defaults = fresh->defaults;
	daemon->shadow_defaults = fresh->shadow_defaults;
	*fresh = before;
	daemon->looks_again = 0;
	device_defaults_look_again(daemon);
}

int policies_read(struct daemon *daemon, struct parse_error *error)
{
	AUTO_POLICIES struct policies fresh = {0};
	int r = gather(daemon, &fresh, error);

	if (!r)
		exchange(daemon, &fresh);
	return r;
}

static int put_in_force(struct daemon *daemon, int pid, struct parse_error *error)
{
	AUTO_POLICIES struct policies fresh = {0};
	struct audit_row row = {.kind = AUDIT_RELOAD, .pid = pid};
	struct mw_gate_rules rules;
	uint64_t intent;
	int r = gather(daemon, &fresh, error);

	if (r)
		return r;
	row.policy = fresh.policy->digest;
	r = trail_intend(daemon, &row,
			 json_pack("{s:s, s:s, s:i}", "file", fresh.policy->file, "mode",
				   policy_mode_word(fresh.policy), "rules",
				   (int)fresh.policy->rule_count),
			 &intent);
	if (r)
		return parse_error_set(error, daemon->options->policy, 0, 0,
				       "expected the audit to record it: %s", trail_why(daemon));
	engine_rules(fresh.policy, &rules);
	if (daemon->gate)
		r = gate_set_rules(daemon->gate, &rules, &fresh.defaults);
	trail_answer(daemon, intent, r);
	if (r) {
		parse_error_set(error, daemon->options->policy, 0, 0,
				"expected the gate to take it: %s", strerror(-r));
		return r;
	}
	daemon->rules = rules;
	exchange(daemon, &fresh);
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
