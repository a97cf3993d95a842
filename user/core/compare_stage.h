/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stages of compare() share; for the core's own files. */
#ifndef CORE_COMPARE_STAGE_H
#define CORE_COMPARE_STAGE_H

#include "base/text.h"
#include "core/compare.h"
#include "core/ranges.h"

struct comparison {
	const struct policy *policy;
	const struct rule *rule;
	const struct descriptor *source;
	const struct descriptor *dest;
	const struct compare_context *context;
	struct verdict *verdict;
	/* The stage that runs has warned. */
	bool warned;
};

/*
 * The stages, in the order of SEMANTICS 1. Each gives how it went and, when it failed, has called
 * stage_fail; a stage that only warned gives STAGE_PASSED and leaves the rest to compare().
 */
enum stage_result stage_protocol(struct comparison *c);
enum stage_result stage_device_api(struct comparison *c);
enum stage_result stage_vendor(struct comparison *c);
enum stage_result stage_device(struct comparison *c);
enum stage_result stage_mdev_type(struct comparison *c);
enum stage_result stage_version(struct comparison *c);
enum stage_result stage_attributes(struct comparison *c);
enum stage_result stage_template(struct comparison *c);
enum stage_result stage_capabilities(struct comparison *c);
enum stage_result stage_limits(struct comparison *c);

/*
 * stage_fail - records the reason, the field (static text), where in the policy it is asked for
 * (line 0: the rule's own place) and the hint. Gives STAGE_FAILED.
 */
enum stage_result stage_fail(struct comparison *c, enum mw_reason reason, const char *field,
			     struct position position, const char *hint, ...)
	__attribute__((format(printf, 5, 6)));

/* stage_warn - adds a warning; over VERDICT_WARNINGS it is counted only. */
void stage_warn(struct comparison *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* stage_values - what was compared, and how; "" and has_…_value false for what is not known. */
void stage_values(struct comparison *c, const char *comparator, const struct fact *source,
		  const struct fact *dest);

/* stage_source_value, stage_dest_value - the same for text that is no fact; NULL text: none. */
void stage_source_value(struct comparison *c, struct slice value);
void stage_dest_value(struct comparison *c, struct slice value);

/* stage_forget_values - what was compared is of no interest, because it fitted. */
void stage_forget_values(struct comparison *c);

/* stage_unreadable - fails with `unreadable` when one of the two could not be read. */
bool stage_unreadable(struct comparison *c, const char *comparator, const char *field,
		      struct position position, const struct fact *source, const struct fact *dest);

/* fact_text - the text when known, else "". */
static inline const char *fact_text(const struct fact *fact)
{
	return fact->state == FACT_KNOWN ? fact->text : "";
}

static inline bool fact_known(const struct fact *fact)
{
	return fact->state == FACT_KNOWN;
}

/* fact_line - the text without the one newline that sysfs ends a file with. */
static inline struct slice fact_line(const struct fact *fact)
{
	return slice_chomp(slice_of(fact_text(fact)));
}

/* device_api_of - the name of the API; `pci` is read as vfio-pci (SEMANTICS 2.8). */
const char *device_api_of(const struct descriptor *descriptor);

/* What came of comparing two versions, or two attributes like versions. */
struct version_answer {
	enum mw_reason reason;
	/* The comparator that decided: what `auto` and a missing list came down to. */
	enum comparator comparator;
	/* A list was read: the fact that holds it; NULL without. */
	const struct fact *list;
	/* The source's list was read, not the destination's. */
	bool list_of_source;
	/* range-malformed: what is wrong with it. */
	struct range_error fault;
};

/* Two versions and, where there are any, the lists beside them (SEMANTICS 2.4, 2.5). */
struct version_pair {
	const struct fact *source;
	const struct fact *dest;
	const struct fact *source_list;
	const struct fact *dest_list;
	enum direction direction;
	/* Whose lists descriptor_prepare has parsed; NULL when they are no interface versions. */
	const struct descriptor *source_owner;
	const struct descriptor *dest_owner;
};

/* versions_by_ranges - SEMANTICS 2.4 and 2.5, with its way out where there is no list. */
struct version_answer versions_by_ranges(const struct version_pair *pair);

/* version_hint - what an operator could do about a reason that versions_by… gave. Static. */
const char *version_hint(enum mw_reason reason);

/* versions_by - any of equal, numeric, at-least, xyz, opaque, namespaced over two known facts. */
enum mw_reason versions_by(enum comparator comparator, const struct fact *source,
			   const struct fact *dest);

#endif
