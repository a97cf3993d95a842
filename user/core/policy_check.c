// SPDX-License-Identifier: GPL-2.0-only
#include "core/policy.h"

#include <errno.h>

#include "core/policy_plan.h"

/* A name and where it stands, to find two of a kind by sorting: policies may have 10,000 rules. */
struct named {
	const char *name;
	const char *file;
	struct position position;
};

static int order_named(const struct named *a, const struct named *b)
{
	int order = strcmp(a->name, b->name);

	if (order)
		return order;
	order = a->file && b->file ? strcmp(a->file, b->file) : 0;
	if (order)
		return order;
	if (a->position.line != b->position.line)
		return a->position.line < b->position.line ? -1 : 1;
	return (a->position.column > b->position.column) -
	       (a->position.column < b->position.column);
}

static void sift(struct named *heap, size_t root, size_t count)
{
	for (;;) {
		size_t child = root * 2 + 1;
		struct named swap;

		if (child >= count)
			return;
		if (child + 1 < count && order_named(&heap[child], &heap[child + 1]) < 0)
			child++;
		if (order_named(&heap[root], &heap[child]) >= 0)
			return;
		swap = heap[root];
		heap[root] = heap[child];
		heap[child] = swap;
		root = child;
	}
}

static void sort_named(struct named *names, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(names, i, count);
	while (count > 1) {
		struct named last = names[--count];

		names[count] = names[0];
		names[0] = last;
		sift(names, 0, count);
	}
}

/* What a message adds to a line: nothing, or " of " and the file, where that is another one. */
struct elsewhere {
	const char *of;
	const char *file;
};

static struct elsewhere elsewhere(const char *first, const char *later)
{
	if (!first || !later || text_equal(first, later))
		return (struct elsewhere){"", ""};
	return (struct elsewhere){" of ", first};
}

/* Refuses the later of two equal names. */
static int refuse_twins(const struct policy *policy, struct named *names, size_t count,
			const char *what, struct parse_error *error)
{
	sort_named(names, count);
	for (size_t i = 1; i < count; i++) {
		const struct named *first = &names[i - 1], *later = &names[i];
		struct elsewhere other = elsewhere(first->file, later->file);

		if (!text_equal(first->name, later->name))
			continue;
		return parse_error_set(
			error, later->file ? later->file : policy->file, later->position.line,
			later->position.column,
			"expected %s once, got '%s' a second time (first on line %u%s%s)", what,
			later->name, first->position.line, other.of, other.file);
	}
	return 0;
}

static int check_rule_names(const struct policy *policy, struct arena *scratch,
			    struct parse_error *error)
{
	struct named *names = arena_alloc(scratch, policy->rule_count * sizeof(*names));
	size_t count = 0;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (rule->name)
			names[count++] = (struct named){rule->name, rule->file, rule->position};
	}
	return refuse_twins(policy, names, count, "each rule name", error);
}

static int check_aliases(const struct policy *policy, struct arena *scratch,
			 struct parse_error *error)
{
	struct named *names = arena_alloc(scratch, policy->alias_count * sizeof(*names));
	struct named *drivers;
	size_t driver_count = 0;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < policy->alias_count; i++)
		driver_count += policy->aliases[i].driver_count;
	drivers = arena_alloc(scratch, driver_count * sizeof(*drivers));
	if (!names || !drivers)
		return -ENOMEM;
	driver_count = 0;
	for (size_t i = 0; i < policy->alias_count; i++) {
		const struct alias_group *group = &policy->aliases[i];

		if (group->name)
			names[count++] = (struct named){group->name, group->file, group->position};
		for (size_t j = 0; j < group->driver_count; j++)
			drivers[driver_count++] =
				(struct named){group->drivers[j], group->file, group->position};
	}
	r = refuse_twins(policy, names, count, "each alias name", error);
	if (!r)
		r = refuse_twins(policy, drivers, driver_count, "each driver in one alias group",
				 error);
	return r;
}

/*
 * Whether everything that @later matches, @earlier does. Says yes only where that is certain: a
 * pattern of stars and plain text that matches the other pattern as if it were text also matches
 * whatever that one stands for, as long as no bracket or backslash is in it.
 */
static bool glob_covers(const struct glob *earlier, const struct glob *later)
{
	struct slice text;

	if (earlier->kind == GLOB_ANYTHING)
		return true;
	if (later->kind == GLOB_ANYTHING)
		return false;
	/* What stands before the first special character has to be the same; most pairs end here.
	 */
	if (later->length < earlier->length ||
	    memcmp(earlier->pattern, later->pattern, earlier->length))
		return false;
	text = slice_of(later->pattern);
	if (later->kind == GLOB_LITERAL)
		return glob_matches(earlier, text);
	if (earlier->kind == GLOB_LITERAL)
		return false;
	if (text_equal(earlier->pattern, later->pattern))
		return true;
	return !strpbrk(earlier->pattern, "?[\\") && !strpbrk(later->pattern, "[\\") &&
	       glob_matches(earlier, text);
}

static bool covers(const struct rule_plan *earlier, const struct rule_plan *later)
{
	for (unsigned int i = 0; i < MATCH_FIELDS_; i++) {
		if (!glob_covers(&earlier->globs[i], &later->globs[i]))
			return false;
	}
	return true;
}

static int refuse_hidden(const struct policy *policy, const struct rule *earlier,
			 const struct rule *later, struct parse_error *error)
{
	struct elsewhere other = elsewhere(earlier->file, later->file);

	return parse_error_set(error, later->file ? later->file : policy->file,
			       later->position.line, later->position.column,
			       "expected a rule that can be reached, got '%s', which '%s' on line "
			       "%u%s%s always comes before",
			       later->name ? later->name : "", earlier->name ? earlier->name : "",
			       earlier->position.line, other.of, other.file);
}

static void plan_globs(const struct rule_match *match, struct rule_plan *plan)
{
	for (unsigned int i = 0; i < MATCH_FIELDS_; i++)
		plan->globs[i] = glob_of(match_pattern(match, (enum match_field)i));
}

static int check_reachable(const struct policy *policy, struct arena *scratch,
			   struct parse_error *error)
{
	struct rule_plan *plans = arena_alloc(scratch, policy->rule_count * sizeof(*plans));

	if (!plans)
		return -ENOMEM;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *later = &policy->rules[i];

		plan_globs(&later->match, &plans[i]);
		for (size_t j = 0; j < i; j++) {
			if (covers(&plans[j], &plans[i]))
				return refuse_hidden(policy, &policy->rules[j], later, error);
		}
	}
	return 0;
}

static int check_device_default(const struct policy *policy, size_t index,
				const struct rule_plan *plans, struct parse_error *error)
{
	const struct device_default *later = &policy->device_defaults[index];
	const char *file = policy->defaults_file ? policy->defaults_file : policy->file;

	if (!later->incoming_position.line && !later->outgoing_position.line)
		return parse_error_set(error, file, later->position.line, later->position.column,
				       "expected incoming, outgoing or both");
	for (size_t i = 0; i < index; i++)
		if (covers(&plans[i], &plans[index]))
			return parse_error_set(
				error, file, later->position.line, later->position.column,
				"expected a default that can be reached, got one which that on "
				"line %u always comes before",
				policy->device_defaults[i].position.line);
	return 0;
}

static int check_device_defaults(const struct policy *policy, struct arena *scratch,
				 struct parse_error *error)
{
	struct rule_plan *plans;
	int r = 0;

	if (!policy->device_default_count)
		return 0;
	plans = arena_alloc(scratch, policy->device_default_count * sizeof(*plans));
	if (!plans)
		return -ENOMEM;
	for (size_t i = 0; !r && i < policy->device_default_count; i++) {
		plan_globs(&policy->device_defaults[i].match, &plans[i]);
		r = check_device_default(policy, i, plans, error);
	}
	return r;
}

int policy_check(const struct policy *policy, struct parse_error *error)
{
	struct arena *scratch = arena_new();
	int r = -ENOMEM;

	if (scratch) {
		r = check_rule_names(policy, scratch, error);
		if (!r)
			r = check_aliases(policy, scratch, error);
		if (!r)
			r = check_reachable(policy, scratch, error);
		if (!r)
			r = check_device_defaults(policy, scratch, error);
	}
	arena_free(scratch);
	return r;
}
