// SPDX-License-Identifier: GPL-2.0-only
#include "cli/report_choice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/units.h"

/* The sessions of one VM on one side: devices that go together. */
struct group {
	const struct session *sessions[SESSION_GROUP_MAX];
	size_t count;
};

static bool is_together(const struct session *a, const struct session *b)
{
	return a->group == b->group && a->side == b->side && !strcmp(a->boot_id, b->boot_id) &&
	       !strcmp(a->host, b->host);
}

static void gather(const struct report_input *input, const struct session *member,
		   struct group *group)
{
	group->count = 0;
	for (size_t i = 0; i < input->count && group->count < SESSION_GROUP_MAX; i++)
		if (is_together(input->sessions[i], member))
			group->sessions[group->count++] = input->sessions[i];
}

/* Whether no session before it is of the same group. */
static bool is_first(const struct report_input *input, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_together(input->sessions[i], input->sessions[index]))
			return false;
	return true;
}

static bool fits(const struct session *session, const struct report_choice *choice)
{
	if (choice->id && session->id != choice->id)
		return false;
	if (choice->device && strcasecmp(session->device, choice->device) != 0)
		return false;
	return !choice->vm || !strcmp(session->vm_name, choice->vm) ||
	       !strcasecmp(session->vm_uuid, choice->vm);
}

static bool group_fits(const struct group *group, const struct report_choice *choice)
{
	for (size_t i = 0; i < group->count; i++)
		if (fits(group->sessions[i], choice))
			return true;
	return false;
}

static int add_report(const struct report_input *input, const struct anatomy_item *items,
		      size_t count, struct report_set *set)
{
	struct report *grown = reallocarray(set->reports, set->count + 1, sizeof(*grown));
	struct anatomy *anatomy;

	if (!grown)
		return verb_usage(input->verb, "out of memory");
	set->reports = grown;
	if (anatomy_new(items, count, &anatomy))
		return verb_usage(input->verb, "out of memory");
	set->reports[set->count++] = (struct report){.anatomy = anatomy};
	return EXIT_YES;
}

static int add_group(const struct report_input *input, const struct group *group,
		     struct report_set *set)
{
	struct anatomy_item items[SESSION_GROUP_MAX];

	for (size_t i = 0; i < group->count; i++)
		items[i] = (struct anatomy_item){group->sessions[i], 0};
	return add_report(input, items, group->count, set);
}

static int none_fits(const struct report_input *input)
{
	fprintf(stderr, "migwarden %s: %s\n", input->verb->name,
		input->count ? "no migration fits; `migwarden report list` shows what there is"
			     : "no migration was seen");
	return EXIT_NO;
}

/* The ids of two engines are the same numbers: which one is meant? */
static int is_ambiguous(const struct report_input *input, const struct report_choice *choice,
			size_t count)
{
	if (!choice->id || count < 2)
		return EXIT_YES;
	return verb_usage(input->verb,
			  "%zu migrations have the id %" PRIu64
			  ": say which with --vm or --device, or give one file",
			  count, choice->id);
}

static void say_rest(const struct report_input *input, const struct report_choice *choice,
		     size_t count)
{
	if (count > 1 && !choice->is_all)
		fprintf(stderr,
			"migwarden %s: the last of %zu migrations; `migwarden report list` shows "
			"all of them, --all reports all\n",
			input->verb->name, count);
}

int report_choose(const struct report_input *input, const struct report_choice *choice,
		  struct report_set *out)
{
	const struct session *last = NULL;
	struct group group;
	size_t count = 0;

	for (size_t i = 0; i < input->count; i++) {
		if (!is_first(input, i))
			continue;
		gather(input, input->sessions[i], &group);
		if (!group_fits(&group, choice))
			continue;
		last = input->sessions[i];
		count++;
		if (choice->is_all && add_group(input, &group, out))
			return EXIT_BAD;
	}
	if (!last)
		return none_fits(input);
	if (is_ambiguous(input, choice, count))
		return EXIT_BAD;
	say_rest(input, choice, count);
	if (choice->is_all)
		return EXIT_YES;
	gather(input, last, &group);
	return add_group(input, &group, out);
}

static const char *known(const char *text, char *out, size_t size)
{
	return *text ? escape_text(out, size, text) : "an unknown one";
}

/* With the values that differ. */
static void say_refusal(const struct report_input *input, enum pairing_refusal refusal,
			const struct group *source, const struct group *destination)
{
	char one[4 * SESSION_NAME_BYTES], two[4 * SESSION_NAME_BYTES];
	const struct session *a = source->sessions[0], *b = destination->sessions[0];

	fprintf(stderr, "migwarden %s: the two do not belong together: ", input->verb->name);
	switch (refusal) {
	case PAIRING_OK:
	case PAIRING_REFUSAL_COUNT_:
		break;
	case PAIRING_NO_SOURCE:
		fprintf(stderr, "the source's session %" PRIu64 " was not read to its end (%s)\n",
			a->id, session_end_name(a->end));
		break;
	case PAIRING_NO_DESTINATION:
		fprintf(stderr,
			"nothing was written to the destination's session %" PRIu64 " (%s)\n",
			b->id, session_end_name(b->end));
		break;
	case PAIRING_UUID:
		fprintf(stderr, "the source's VM is %s, the destination's %s\n",
			known(a->vm_uuid, one, sizeof(one)), known(b->vm_uuid, two, sizeof(two)));
		break;
	case PAIRING_COUNT:
		fprintf(stderr, "%zu devices left, %zu arrived\n", source->count,
			destination->count);
		break;
	case PAIRING_DRIVER:
		fprintf(stderr, "the source's driver is %s, the destination's %s\n",
			known(a->driver, one, sizeof(one)), known(b->driver, two, sizeof(two)));
		break;
	case PAIRING_BYTES:
		fprintf(stderr, "%" PRIu64 " bytes were read, %" PRIu64 " written\n", a->bytes,
			b->bytes);
		break;
	case PAIRING_TIME:
		fprintf(stderr, "by their clocks they were %s apart, or in the wrong order\n",
			format_duration(pairing_apart_ns(source->sessions, source->count,
							 destination->sessions, destination->count),
					one));
		break;
	}
}

/* The best of what was tried so far: a pair, or how far one came. */
struct attempt {
	enum pairing_refusal refusal;
	uint64_t apart_ns;
	struct group source, destination;
	struct anatomy_item items[ANATOMY_ITEMS_MAX];
	struct pairing pairing;
};

static bool is_better(const struct attempt *new, const struct attempt *old)
{
	if ((new->refusal == PAIRING_OK) != (old->refusal == PAIRING_OK))
		return new->refusal == PAIRING_OK;
	if (new->refusal != old->refusal)
		return new->refusal > old->refusal;
	return new->apart_ns < old->apart_ns;
}

static void try(struct attempt *attempt, uint64_t wall_error_ns)
{
	const struct group *source = &attempt->source, *destination = &attempt->destination;

	attempt->apart_ns = pairing_apart_ns(source->sessions, source->count, destination->sessions,
					     destination->count);
	attempt->refusal =
		pairing_judge(source->sessions, source->count, destination->sessions,
			      destination->count, wall_error_ns, attempt->items, &attempt->pairing);
}

static bool is_side(const struct report_input *input, size_t index, enum session_side side)
{
	return input->sessions[index]->side == (uint32_t)side && is_first(input, index);
}

/* Every group of the one side with every group of the other. Gives how many were tried. */
static size_t try_all(const struct report_input *source, const struct report_input *destination,
		      const struct report_choice *choice, uint64_t wall_error_ns,
		      struct attempt *attempt, struct attempt *best)
{
	size_t count = 0;

	for (size_t i = 0; i < source->count; i++) {
		if (!is_side(source, i, SESSION_SOURCE))
			continue;
		gather(source, source->sessions[i], &attempt->source);
		if (!group_fits(&attempt->source, choice))
			continue;
		for (size_t k = 0; k < destination->count; k++) {
			if (!is_side(destination, k, SESSION_DESTINATION))
				continue;
			gather(destination, destination->sessions[k], &attempt->destination);
			try(attempt, wall_error_ns);
			if (!count++ || is_better(attempt, best))
				*best = *attempt;
		}
	}
	return count;
}

int report_merge(const struct report_input *source, const struct report_input *destination,
		 const struct report_choice *choice, uint64_t wall_error_ns, struct report_set *out)
{
	AUTO_FREE struct attempt *attempt = malloc(sizeof(*attempt));
	AUTO_FREE struct attempt *best = malloc(sizeof(*best));

	if (!attempt || !best)
		return verb_usage(source->verb, "out of memory");
	if (!try_all(source, destination, choice, wall_error_ns, attempt, best)) {
		fprintf(stderr,
			"migwarden %s: --source needs a migration that leaves, --dest one that "
			"arrives\n",
			source->verb->name);
		return EXIT_NO;
	}
	if (best->refusal != PAIRING_OK) {
		say_refusal(source, best->refusal, &best->source, &best->destination);
		return EXIT_NO;
	}
	if (add_report(source, best->items, best->source.count + best->destination.count, out))
		return EXIT_BAD;
	out->pairing = best->pairing;
	out->reports[0].pairing = &out->pairing;
	return EXIT_YES;
}

void report_set_free(struct report_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		anatomy_free((struct anatomy *)set->reports[i].anatomy);
	free(set->reports);
	set->reports = NULL;
	set->count = 0;
}
