// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what judging costs. `make bench-judge` runs it; each verb prints one line NAME=VALUE …
 *
 *	judge pairs POLICY FAMILY MILLISECONDS   a compiled policy over pairs of a family
 *	judge pairs POLICY FAMILY 0              every pair once, for callgrind
 *	judge lists MILLISECONDS                 the versions of `ranges` against the parsed lists
 *alone judge export POLICY                      the family `ranges` and its verdicts, as JSON judge
 *inventory COUNT                    that many lines of descriptors judge read FILE the same lines
 *read, and nothing else judge spawn COMMAND...                   a program's time and peak memory
 *
 * Families: `ranges` is decided by names, version lists and attributes, `template` by the vendor's
 * template. POLICY gets 20 rules of other devices before its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/collection.h"
#include "config/config.h"
#include "core/compare.h"
#include "core/match.h"
#include "core/ranges.h"

enum {
	RULES = 20,
	SIDE = 64, /* sources, and destinations */
};

struct set {
	struct descriptor *sources[SIDE];
	struct descriptor *dests[SIDE];
};

static const struct compare_context usual = {.now_s = -1, .device_count = 1, .may_create = true};

static void die(const char *what)
{
	fprintf(stderr, "judge: %s\n", what);
	exit(2);
}

static char *read_whole(const char *path)
{
	AUTO_FILE FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0)
		die(path);
	return text;
}

static void write_rules(FILE *out)
{
	for (int i = 0; i < RULES; i++)
		fprintf(out,
			"  - name: other-%d\n"
			"    match: {device_api: vfio-pci, vendor: \"%04x\", mdev_type: "
			"\"drv%d-*\"}\n"
			"    require:\n"
			"      version: {compare: ranges}\n"
			"      attributes: {aggregator: equal, profile: equal}\n",
			i, 0x1000 + i, i);
}

/* The policy of the file with RULES of our own before its first. */
static struct policy *load_policy(const char *path)
{
	static const char mark[] = "\nrules:\n";
	AUTO_FREE char *text = read_whole(path);
	AUTO_FREE char *whole = NULL;
	struct parse_error error = {0};
	struct policy *policy;
	char *at = strstr(text, mark);
	size_t size;
	FILE *out = open_memstream(&whole, &size);

	if (!at || !out)
		die("no rules in the policy");
	at += strlen(mark);
	fwrite(text, 1, (size_t)(at - text), out);
	write_rules(out);
	fputs(at, out);
	fclose(out);
	if (policy_read_text(path, whole, size, &policy, &error) || policy_compile(policy))
		die(error.text);
	return policy;
}

static const char *pick(const char *const *texts, unsigned int which)
{
	size_t count = 0;

	while (texts[count])
		count++;
	return texts[which % count];
}

static const char *const versions[] = {"2.1.3", "2.0.4", "2.2.0", "3.0.1", NULL};
static const char *const lists[] = {"2.0.2-2.0.4,2.1.0-", "2.1.0-2.1.9", "1.4.0-,2.0.0-2.9.9",
				    NULL};
static const char *const modes[] = {"none+ppgtt+context", "none+ppgtt", "none", NULL};

/* Most are alike, so that all stages get their share of the pairs. */
static void write_ranges(FILE *out, unsigned int i)
{
	fprintf(out,
		"{\"schema\":\"migwarden.descriptor/1\",\"host\":\"hv-%u\",\"device\":"
		"\"%08x-509f-382f-3c1e-e6bfe0fa1001\",\"device_api\":\"vfio-pci\","
		"\"vendor\":\"8086\",\"device_id\":\"%s\",\"driver\":\"i915\","
		"\"mdev_type\":\"i915-GVTg_V4_%s\",\"offered_types\":[{\"type\":"
		"\"i915-GVTg_V4_4\",\"available_instances\":%u}],\"migration\":{\"protocol\":"
		"\"v2\",\"capabilities\":[\"stop-copy\",\"p2p\",\"pre-copy\"]},"
		"\"interface_version\":\"%s\",\"interface_version_compatible\":\"%s\","
		"\"attributes\":{\"aggregator\":\"%u\",\"pv_mode\":\"%s\"}}\n",
		i % 97, i, i % 11 == 7 ? "5916" : "1912", i % 5 == 3 ? "8" : "4", i % 4,
		pick(versions, i / 2), pick(lists, i / 3), i % 13 == 5 ? 2 : 1, pick(modes, i / 5));
}

static void write_template(FILE *out, unsigned int i)
{
	static const char *const types[] = {"4", "8", "2", "1", NULL};
	static const char *const aggregators[] = {"2", "4", "1", NULL};

	fprintf(out,
		"{\"schema\":\"migwarden.descriptor/1\",\"device_api\":\"vfio-pci\","
		"\"vendor\":\"8086\",\"device_id\":\"591d\",\"driver\":\"i915\","
		"\"mdev_type\":\"i915-GVTg_V5_%s\",\"migration\":{\"protocol\":\"v2\","
		"\"capabilities\":[\"stop-copy\",\"p2p\",\"pre-copy\"]},"
		"\"interface_version\":\"%u\",\"attributes\":{\"aggregator\":\"%s\","
		"\"pv_mode\":\"%s\"}}\n",
		pick(types, i), 1 + i / 4 % 3, pick(aggregators, i / 3), pick(modes, i / 7));
}

static struct descriptor *make(void (*write)(FILE *out, unsigned int i), unsigned int i)
{
	AUTO_FREE char *text = NULL;
	struct parse_error error = {0};
	struct descriptor *descriptor;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("no memory");
	write(out, i);
	fclose(out);
	if (descriptor_read_text("bench", text, size, &descriptor, &error))
		die(error.text);
	return descriptor;
}

/* What the sample in the mail thread says of itself. */
static void give_sample(struct descriptor *descriptor, const char *template_text)
{
	const char *const aggregator = "1";

	descriptor->attribute_count = 0;
	if (descriptor_set_fact(descriptor, &descriptor->template_text, template_text) ||
	    descriptor_set_fact(descriptor, &descriptor->mdev_type, "i915-GVTg_V5_2") ||
	    descriptor_set_fact(descriptor, &descriptor->interface_version, "3") ||
	    descriptor_add_attribute(descriptor, "aggregator", aggregator, 0) ||
	    descriptor_add_attribute(descriptor, "pv_mode", modes[0], 0))
		die("no memory");
}

static void fill(struct set *set, const char *family)
{
	bool by_template = strcmp(family, "template") == 0;
	AUTO_FREE char *text = by_template ? read_whole("tests/golden/gvt-g.template") : NULL;

	for (unsigned int i = 0; i < SIDE; i++) {
		set->sources[i] = make(by_template ? write_template : write_ranges, i);
		set->dests[i] = make(by_template ? write_template : write_ranges, i * 7 + 3);
		if (by_template)
			give_sample(set->dests[i], text);
		if (descriptor_prepare(set->sources[i]) || descriptor_prepare(set->dests[i]))
			die("no memory");
	}
}

static void empty(struct set *set)
{
	for (unsigned int i = 0; i < SIDE; i++) {
		descriptor_free(set->sources[i]);
		descriptor_free(set->dests[i]);
	}
}

/* Every pair once. Not inlined: callgrind counts what happens in here. */
__attribute__((noinline)) static void judge_all(const struct policy *policy, const struct set *set,
						struct match_counts *counts)
{
	struct verdict verdict;

	for (unsigned int i = 0; i < SIDE; i++) {
		for (unsigned int j = 0; j < SIDE; j++) {
			compare(policy, set->sources[i], set->dests[j], &usual, &verdict);
			counts->of[verdict.reason]++;
			counts->fitting += match_is_fit(&verdict);
			counts->considered++;
		}
	}
}

static void print_reasons(const struct match_counts *counts)
{
	enum mw_reason reasons[MW_REASON_COUNT_];
	size_t count = match_reasons_sorted(counts, reasons);

	printf(" fit=%.1f%% refused=",
	       100.0 * (double)counts->fitting / (double)counts->considered);
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? "," : "", mw_reason_name(reasons[i]));
	putchar('\n');
}

static int run_pairs(char **argv)
{
	struct policy *policy = load_policy(argv[0]);
	uint64_t least_ns = strtoull(argv[2], NULL, 10) * 1000000u;
	struct match_counts counts = {0};
	struct set set;
	uint64_t start;
	uint64_t spent;

	fill(&set, argv[1]);
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	do {
		judge_all(policy, &set, &counts);
		spent = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	} while (spent < least_ns);
	printf("pairs=%llu seconds=%.3f per_second=%.0f", (unsigned long long)counts.considered,
	       (double)spent / 1e9, (double)counts.considered * 1e9 / (double)spent);
	print_reasons(&counts);
	empty(&set);
	policy_free(policy);
	return 0;
}

struct list {
	const struct range *ranges;
	size_t count;
};

static bool list_has(const struct list *list, struct xyz version)
{
	for (size_t i = 0; i < list->count; i++)
		if (range_contains(&list->ranges[i], version))
			return true;
	return false;
}

/* What semver does beside us: versions and lists parsed beforehand, and nothing but the lists. */
static int run_lists(char **argv)
{
	uint64_t least_ns = strtoull(argv[0], NULL, 10) * 1000000u;
	struct arena *arena = arena_new();
	struct xyz asked[SIDE];
	struct list accepted[SIDE];
	struct set set;
	uint64_t pairs = 0;
	uint64_t fits = 0;
	uint64_t start;
	uint64_t spent;

	fill(&set, "ranges");
	for (unsigned int i = 0; i < SIDE; i++) {
		const char *text = set.dests[i]->interface_version_compatible.text;

		if (!arena ||
		    !xyz_parse(slice_of(set.sources[i]->interface_version.text), &asked[i]) ||
		    ranges_parse(arena, slice_of(text), &accepted[i].ranges, &accepted[i].count,
				 NULL))
			die("a version or a list is malformed");
	}
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	do {
		for (unsigned int i = 0; i < SIDE * SIDE; i++)
			fits += list_has(&accepted[i % SIDE], asked[i / SIDE]);
		pairs += SIDE * SIDE;
		spent = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	} while (spent < least_ns);
	printf("pairs=%llu seconds=%.3f per_second=%.0f fit=%.1f%%\n", (unsigned long long)pairs,
	       (double)spent / 1e9, (double)pairs * 1e9 / (double)spent,
	       100.0 * (double)fits / (double)pairs);
	empty(&set);
	arena_free(arena);
	return 0;
}

static json_t *side_to_json(struct descriptor *const *descriptors)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < SIDE; i++)
		json_array_append_new(list, descriptor_to_json(descriptors[i]));
	return list;
}

static int run_export(char **argv)
{
	struct policy *policy = load_policy(argv[0]);
	json_t *fits = json_array();
	struct verdict verdict;
	struct set set;
	json_t *all;

	fill(&set, "ranges");
	for (unsigned int i = 0; i < SIDE; i++) {
		for (unsigned int j = 0; j < SIDE; j++) {
			compare(policy, set.sources[i], set.dests[j], &usual, &verdict);
			json_array_append_new(fits, json_boolean(match_is_fit(&verdict)));
		}
	}
	all = json_pack("{s:i, s:o, s:o, s:o}", "rules", RULES, "sources",
			side_to_json(set.sources), "dests", side_to_json(set.dests), "fits", fits);
	json_dumpf(all, stdout, JSON_COMPACT);
	json_decref(all);
	empty(&set);
	policy_free(policy);
	return 0;
}

static int run_inventory(char **argv)
{
	unsigned long count = strtoul(argv[0], NULL, 10);

	for (unsigned long i = 0; i < count; i++)
		write_ranges(stdout, (unsigned int)i);
	return fflush(stdout) ? 2 : 0;
}

static int drop(const char *place, struct descriptor *descriptor, void *data)
{
	uint64_t *count = data;

	(void)place;
	(*count)++;
	descriptor_free(descriptor);
	return 0;
}

static int run_read(char **argv)
{
	struct parse_error error = {0};
	uint64_t count = 0;

	if (collection_each(argv[0], drop, &count, &error))
		die(error.text);
	return 0;
}

static int run_spawn(char **argv)
{
	struct rusage usage;
	int status;
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(child, &status, 0, &usage) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		die("the program failed");
	printf("seconds=%.3f peak_kib=%ld\n",
	       (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
		       (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6,
	       usage.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} verbs[] = {
		{"pairs", 3, run_pairs},         {"lists", 1, run_lists}, {"export", 1, run_export},
		{"inventory", 1, run_inventory}, {"read", 1, run_read},   {"spawn", 1, run_spawn},
	};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].arguments)
			return verbs[i].run(argv + 2);
	die("pairs POLICY FAMILY MS | lists MS | export POLICY | inventory COUNT | read FILE | "
	    "spawn COMMAND");
	return 2;
}
