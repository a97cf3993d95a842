// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/match.h"
#include "pair.h"

static struct pair pair;
static struct match *match;

static void start(size_t limit)
{
	const struct match_request request = {
		.policy = pair.policy,
		.source = pair.source,
		.context = pair.context,
		.limit = limit,
	};

	cr_assert_eq(match_new(&request, &match), 0);
}

static void set_up(void)
{
	pair = pair_new();
	pair.context.may_create = true;
	set(pair.source, &pair.source->host, "here");
	set(pair.source, &pair.source->device, "one");
	match = NULL;
}

static void tear_down(void)
{
	match_free(match);
	pair_free(&pair);
}

TestSuite(match, .init = set_up, .fini = tear_down);

/* A device like the source. */
static struct descriptor *like(const char *host, const char *device)
{
	struct pair other = pair_new();
	struct descriptor *descriptor = other.dest;

	set(descriptor, &descriptor->host, host);
	set(descriptor, &descriptor->device, device);
	other.dest = NULL;
	pair_free(&other);
	return descriptor;
}

static void consider(struct descriptor *descriptor)
{
	cr_assert_eq(match_consider(match, "inventory:1", descriptor), 0);
}

/* Hosts of the candidates, the best first, as "a b c ". */
static const char *order(void)
{
	static char text[256];
	size_t count;
	const struct match_candidate *const *best = match_best(match, &count);

	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, best[i]->descriptor->host.text);
		strcat(text, " ");
	}
	return text;
}

Test(match, names_decide_where_nothing_else_does)
{
	start(10);
	consider(like("c", "1"));
	consider(like("a", "2"));
	consider(like("b", "1"));
	consider(like("a", "1"));
	cr_expect_str_eq(order(), "a a b c ");
}

Test(match, of_two_alike_the_one_read_first_stands_first)
{
	size_t count;
	const struct match_candidate *const *best;

	start(10);
	cr_assert_eq(match_consider(match, "first", like("a", "1")), 0);
	cr_assert_eq(match_consider(match, "second", like("a", "1")), 0);
	best = match_best(match, &count);
	cr_assert_eq(count, 2);
	cr_expect_str_eq(best[0]->place, "first");
	cr_expect_str_eq(best[1]->place, "second");
}

Test(match, the_source_itself_stands_behind_all_others)
{
	struct descriptor *warned = like("z", "9");

	cr_assert_eq(descriptor_warn(warned, "doubtful"), 0);
	start(10);
	consider(like("here", "one"));
	consider(warned);
	cr_expect_str_eq(order(), "z here ");
}

Test(match, a_device_without_a_host_is_never_the_source)
{
	struct descriptor *nameless = like("here", "one");
	size_t count;

	nameless->host.state = FACT_UNKNOWN;
	start(10);
	consider(nameless);
	cr_expect_not(match_best(match, &count)[0]->is_self);
}

Test(match, the_same_device_stands_before_one_with_fewer_warnings)
{
	struct descriptor *other = like("a", "1");
	struct descriptor *warned = like("b", "1");

	pair.rule->parent_ignore = true;
	set(other, &other->device_id, "5916");
	cr_assert_eq(descriptor_warn(warned, "doubtful"), 0);
	start(10);
	consider(other);
	consider(warned);
	cr_expect_str_eq(order(), "b a ");
}

Test(match, fewer_warnings_stand_before_the_same_version)
{
	struct descriptor *newer = like("b", "1");
	struct descriptor *warned = like("a", "1");

	set(pair.source, &pair.source->interface_version, "1.0.0");
	set(newer, &newer->interface_version, "1.1.0");
	set(warned, &warned->interface_version, "1.0.0");
	cr_assert_eq(descriptor_warn(warned, "doubtful"), 0);
	start(10);
	consider(warned);
	consider(newer);
	cr_expect_str_eq(order(), "b a ");
}

Test(match, the_same_version_stands_before_free_instances)
{
	struct descriptor *newer = like("a", "1");
	struct descriptor *same = like("b", "1");

	set(pair.source, &pair.source->interface_version, "1.0.0\n");
	set(newer, &newer->interface_version, "1.1.0");
	set(same, &same->interface_version, "1.0.0");
	cr_assert_eq(descriptor_add_offered_type(newer, pair.source->mdev_type.text, 7), 0);
	start(10);
	consider(newer);
	consider(same);
	cr_expect_str_eq(order(), "b a ");
}

Test(match, more_free_instances_of_the_type_stand_first_and_unknown_last)
{
	struct descriptor *none = like("b", "1");
	struct descriptor *two = like("c", "1");
	struct descriptor *of_another = like("a", "1");

	cr_assert_eq(descriptor_add_offered_type(none, pair.source->mdev_type.text, 0), 0);
	cr_assert_eq(descriptor_add_offered_type(two, pair.source->mdev_type.text, 2), 0);
	cr_assert_eq(descriptor_add_offered_type(of_another, "i915-GVTg_V5_1", 9), 0);
	start(10);
	consider(of_another);
	consider(none);
	consider(two);
	cr_expect_str_eq(order(), "c b a ");
}

Test(match, a_type_to_be_created_is_named_and_stands_behind_one_that_is_there)
{
	struct descriptor *parent = like("a", "1");
	const struct match_candidate *const *best;
	size_t count;

	parent->mdev_type.state = FACT_UNKNOWN;
	cr_assert_eq(descriptor_add_offered_type(parent, pair.source->mdev_type.text, 1), 0);
	start(10);
	consider(parent);
	consider(like("b", "1"));
	best = match_best(match, &count);
	cr_assert_eq(count, 2);
	cr_expect_null(best[0]->create_type);
	cr_expect_str_eq(best[1]->create_type, pair.source->mdev_type.text);
	cr_expect(best[1]->is_same_device);
}

Test(match, the_limit_keeps_the_best_whatever_their_order)
{
	char host[16] = "00";

	start(3);
	/* 37 is prime to 100: every number from 0 to 99 once. */
	for (int i = 0; i < 100; i++) {
		snprintf(host, sizeof(host), "%02d", i * 37 % 100);
		consider(like(host, "1"));
	}
	cr_expect_eq(match_counts(match)->fitting, 100);
	cr_expect_str_eq(order(), "00 01 02 ");
}

Test(match, the_order_of_three_is_transitive_over_all_criteria)
{
	struct match_candidate all[64];
	struct descriptor *named[2] = {like("a", "1"), like("b", "1")};

	for (unsigned int i = 0; i < 64; i++)
		all[i] = (struct match_candidate){
			.descriptor = named[i & 1],
			.is_self = i & 2,
			.is_same_device = i & 4,
			.warning_count = i & 8,
			.is_same_version = i & 16,
			.free_instances = (i & 32) - 1,
			.serial = i,
		};
	for (unsigned int i = 0; i < 64; i++)
		for (unsigned int j = 0; j < 64; j++) {
			cr_assert_eq(match_order(&all[i], &all[j]) < 0,
				     match_order(&all[j], &all[i]) > 0);
			cr_assert_eq(match_order(&all[i], &all[j]) == 0, i == j);
			for (unsigned int k = 0; k < 64; k++)
				cr_assert(match_order(&all[i], &all[j]) >= 0 ||
					  match_order(&all[j], &all[k]) >= 0 ||
					  match_order(&all[i], &all[k]) < 0);
		}
	descriptor_free(named[0]);
	descriptor_free(named[1]);
}

Test(match, reasons_are_counted_the_most_frequent_first_then_by_name)
{
	struct descriptor *wrong_type = like("a", "1");
	enum mw_reason reasons[MW_REASON_COUNT_];

	set(wrong_type, &wrong_type->mdev_type, "i915-GVTg_V5_1");
	start(10);
	consider(wrong_type);
	match_refuse(match, MW_REASON_UNREADABLE);
	match_refuse(match, MW_REASON_DESCRIPTOR_MALFORMED);
	match_refuse(match, MW_REASON_DESCRIPTOR_MALFORMED);
	cr_expect_eq(match_counts(match)->considered, 4);
	cr_expect_eq(match_counts(match)->fitting, 0);
	cr_assert_eq(match_reasons_sorted(match_counts(match), reasons), 3);
	cr_expect_eq(reasons[0], MW_REASON_DESCRIPTOR_MALFORMED);
	cr_expect_eq(reasons[1], MW_REASON_TYPE_MISMATCH);
	cr_expect_eq(reasons[2], MW_REASON_UNREADABLE);
}

Test(match, audit_mode_makes_nothing_fit)
{
	struct descriptor *wrong_type = like("a", "1");

	pair.policy->mode = POLICY_AUDIT;
	set(wrong_type, &wrong_type->mdev_type, "i915-GVTg_V5_1");
	start(10);
	consider(wrong_type);
	cr_expect_eq(match_counts(match)->fitting, 0);
	cr_expect_eq(match_counts(match)->of[MW_REASON_TYPE_MISMATCH], 1);
}

Test(match, warnings_go_with_the_candidate)
{
	struct descriptor *warned = like("a", "1");
	const struct match_candidate *const *best;
	size_t count;

	for (int i = 0; i < VERDICT_WARNINGS + 4; i++)
		cr_assert_eq(descriptor_warn(warned, "number %d", i), 0);
	start(10);
	consider(warned);
	best = match_best(match, &count);
	cr_assert_geq(best[0]->warning_count, VERDICT_WARNINGS + 4);
	cr_expect_str_eq(best[0]->warnings[0], "destination: number 0");
}
