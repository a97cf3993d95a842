// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/measure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "kern/cost.h"

#define PROGRAMS_MAX 16
#define RINGS 2

/* What a struct metrics_view borrows. */
struct measure {
	struct metrics_view view;
	struct metrics_part programs[PROGRAMS_MAX];
	struct metrics_part observers[OBSERVE_GROUP_COUNT_];
	struct metrics_ring rings[RINGS];
	struct cost cost;
	struct metrics_cost bpf_programs[COST_ITEMS_MAX];
	struct metrics_cost bpf_maps[COST_ITEMS_MAX];
};

static void measure_gate(struct measure *measure, const struct daemon *daemon)
{
	struct metrics_view *view = &measure->view;
	const struct gate *gate = daemon->gate;

	view->gate_stands = gate != NULL;
	view->gate_shielded = daemon->shield != NULL;
	view->programs = measure->programs;
	if (!gate)
		return;
	view->gate_pinned = !daemon->options->transient;
	view->gate_adopted = gate_was_adopted(gate);
	view->gate_proven_s = daemon->gate_proven_s;
	for (size_t i = 0; gate_program_name(i) && view->program_count < PROGRAMS_MAX; i++) {
		bool stands = gate_program_stands(gate, i);

		if (stands || gate_program_gap(gate, i))
			measure->programs[view->program_count++] =
				(struct metrics_part){gate_program_name(i), stands};
	}
}

static void measure_observers(struct measure *measure, const struct daemon *daemon)
{
	for (enum observe_group group = 0; group < OBSERVE_GROUP_COUNT_; group++)
		measure->observers[group] = (struct metrics_part){
			observe_group_name(group), observe_has(daemon->observe, group)};
	measure->view.observers = measure->observers;
	measure->view.observer_count = OBSERVE_GROUP_COUNT_;
}

static struct metrics_policy policy_of(const struct policy *policy)
{
	return policy ? (struct metrics_policy){policy_mode_word(policy), policy->digest,
						policy->rule_count}
		      : (struct metrics_policy){0};
}

static void measure_policy(struct metrics_view *view, const struct daemon *daemon)
{
	view->policy = policy_of(daemon->policy);
	view->shadow = policy_of(daemon->shadow);
	view->policy_enforces = daemon->policy->mode == POLICY_ENFORCE;
	view->generation = daemon->rules.generation;
	view->shadow_differences = daemon->shadow_differences;
}

static void measure_ring(struct measure *measure, const char *name, const struct ring *ring)
{
	struct metrics_ring *out = &measure->rings[measure->view.ring_count];
	struct ring_counts counts;

	if (ring_counts(ring, &counts))
		return;
	out->name = name;
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		out->kind[kind].produced = counts.kind[kind].produced;
		out->kind[kind].delivered = counts.kind[kind].delivered;
		out->kind[kind].lost = counts.kind[kind].lost;
	}
	measure->view.ring_count++;
}

static void measure_rings(struct measure *measure, const struct daemon *daemon)
{
	measure_ring(measure, "observed", observe_ring(daemon->observe));
	if (daemon->gate)
		measure_ring(measure, "gate", gate_ring(daemon->gate));
	measure->view.rings = measure->rings;
	measure->view.malformed = daemon->malformed;
}

static void count_admission(void *context, const struct mw_admission_key *key,
			    const struct mw_admission *left)
{
	struct metrics_view *view = context;

	/* One that is used up covers nothing any more. */
	if (key->direction < ARRAY_SIZE(view->admissions) && (!left->allow || left->uses > 0))
		view->admissions[key->direction][left->allow != 0]++;
}

static uint64_t count_fds(void)
{
	AUTO_DIR DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t count = 0;

	while (folder && (entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	/* Without the folder's own. */
	return count ? count - 1 : 0;
}

static void measure_process(struct metrics_view *view, const struct daemon *daemon)
{
	AUTO_FILE FILE *statm = fopen("/proc/self/statm", "re");
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned long long size = 0, resident = 0;
	struct rlimit limit = {0};

	if (statm && fscanf(statm, "%llu %llu", &size, &resident) != 2)
		size = resident = 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	view->virtual_bytes = size * page;
	view->resident_bytes = resident * page;
	view->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	view->open_fds = count_fds();
	view->max_fds = limit.rlim_cur;
	view->start_ms = daemon->start_ms;
}

static void copy_costs(struct metrics_cost *out, const struct cost_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (struct metrics_cost){.name = items[i].name,
					       .runs = items[i].runs,
					       .run_ns = items[i].run_ns,
					       .bytes = items[i].bytes};
}

static void measure_cost(struct measure *measure)
{
	struct metrics_view *view = &measure->view;

	if (cost_read(&measure->cost))
		return;
	view->bpf_stats = measure->cost.has_runs;
	copy_costs(measure->bpf_programs, measure->cost.programs, measure->cost.program_count);
	copy_costs(measure->bpf_maps, measure->cost.maps, measure->cost.map_count);
	view->bpf_programs = measure->bpf_programs;
	view->bpf_program_count = measure->cost.program_count;
	view->bpf_maps = measure->bpf_maps;
	view->bpf_map_count = measure->cost.map_count;
}

char *measure_text(struct daemon *daemon, enum metrics_format format, size_t *size)
{
	AUTO_FREE struct measure *measure = calloc(1, sizeof(*measure));
	char *text = NULL;
	bool failed;
	FILE *out;

	if (!measure)
		return NULL;
	measure->view.version = MW_VERSION;
	measure_gate(measure, daemon);
	measure_observers(measure, daemon);
	measure_policy(&measure->view, daemon);
	trail_measure(daemon, &measure->view.audit);
	measure_rings(measure, daemon);
	tickets_sweep(daemon);
	if (daemon->gate)
		gate_each_admission(daemon->gate, count_admission, &measure->view);
	measure->view.sessions_open = chronicle_open_count(daemon->chronicle);
	measure_process(&measure->view, daemon);
	measure_cost(measure);
	out = open_memstream(&text, size);
	if (!out)
		return NULL;
	metrics_write(daemon->metrics, &measure->view, format, out);
	failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}
