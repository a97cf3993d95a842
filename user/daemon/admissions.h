/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the daemon remembers of the admissions it wrote, so that an event of the gate, which carries
 * an id and a code, can be explained with both values and the rule.
 */
#ifndef DAEMON_ADMISSIONS_H
#define DAEMON_ADMISSIONS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "migwarden/wire.h"

/* Remembered at once; beyond that the oldest is forgotten (what it admits in the kernel stays). */
#define ADMISSIONS_MAX 16384

struct admission {
	uint64_t id;
	enum mw_direction direction;
	char device[MW_DEVICE_BYTES];
	uint64_t expires_ns; /* CLOCK_MONOTONIC */
	char *explanation;   /* "type-mismatch: source mtty-2, destination mtty-1 (site.yaml:14)" */
	json_t *verdict;     /* verdict_to_json() */
	/*
	 * Of the domain that libvirt brings with it, for the trail: domain, uuid, source_host,
	 * dest_host, key, stamp_time. NULL for one that was asked for by hand.
	 */
	json_t *detail;
	/* What the shadow policy would have done with it; 0 and NULL without one. */
	enum mw_gate_answer shadow_answer;
	char *shadow_explanation;
};

/* Ids are given in order, from 1: an admission stands at its id modulo the size. */
struct admissions {
	struct admission *slots[ADMISSIONS_MAX];
	uint64_t last_id;
};

/* admissions_free - frees all. */
void admissions_free(struct admissions *admissions);

/*
 * admissions_add - remembers one under the id after the last; takes @explanation and @verdict over,
 * also on failure. Gives the new one (owned by the memory) or NULL (no memory).
 */
const struct admission *admissions_add(struct admissions *admissions, const char *device,
				       enum mw_direction direction, uint64_t expires_ns,
				       char *explanation, json_t *verdict);

/*
 * admissions_add_shadow - the shadow policy's word on the last one; takes @explanation over. NULL
 * as
 * @explanation (no memory): there is no word.
 */
void admissions_add_shadow(struct admissions *admissions, enum mw_gate_answer answer,
			   char *explanation);

/* admissions_add_detail - which domain the last one is for; takes @detail over, NULL: none. */
void admissions_add_detail(struct admissions *admissions, json_t *detail);

/* admission_domain - the UUID of the domain that it is for; NULL for none. */
const char *admission_domain(const struct admission *admission);

/* admissions_find - by id; NULL when it was forgotten or never was. */
const struct admission *admissions_find(const struct admissions *admissions, uint64_t id);

#endif
