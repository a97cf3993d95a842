/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stamp: what a host says, under its signature, of one device of one libvirt domain. The domain
 * carries it in its metadata to the host that it migrates to (docs/libvirt.md). Pure data and the
 * judgement over it; the signature itself is checked by who holds the keys.
 */
#ifndef CORE_STAMP_H
#define CORE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"

#define STAMP_SCHEMA "migwarden.stamp/1"
/* Of the JSON text, which is what is signed. Real ones have one to four KiB. */
#define STAMP_TEXT_MAX (24u << 10)
/* VFIO devices of one domain that are stamped and judged. */
#define STAMP_DEVICES_MAX 32

struct stamp {
	/* Its arena owns the text below too. */
	struct descriptor *descriptor;
	const char *host;
	const char *boot_id; /* of that host, when it was stamped */
	const char *domain;  /* UUID, lower case */
	const char *device;  /* as the host names it */
	const char *slot;    /* where the guest sees it, "0000:00:01.0"; NULL: not known */
	const char *key;     /* id of the key that signs it; NULL: unsigned */
	int64_t time_s;      /* since the epoch */
};

/* stamp_free - with its descriptor; NULL is fine. */
void stamp_free(struct stamp *stamp);

#define AUTO_STAMP __attribute__((cleanup(stamp_free_ptr)))
static inline void stamp_free_ptr(struct stamp **stamp)
{
	stamp_free(*stamp);
}

enum stamp_form {
	STAMP_ABSENT,
	STAMP_TOO_LARGE,
	STAMP_MALFORMED,
	STAMP_WHOLE,
};

enum stamp_signature {
	SIGNATURE_NONE,
	SIGNATURE_UNTRUSTED, /* by a key that the policy does not name */
	SIGNATURE_INVALID,   /* not what that key signed */
	SIGNATURE_VALID,
};

/* What was found of the stamp of one device. */
struct stamp_evidence {
	enum stamp_form form;
	const char *complaint;     /* of STAMP_MALFORMED: what was expected where */
	const struct stamp *stamp; /* with STAMP_WHOLE */
	enum stamp_signature signature;
	const char *key; /* that the stamp says it is signed by; NULL: none */
};

/* Against what it is judged. */
struct stamp_context {
	int64_t now_s;
	const char *domain; /* UUID of the domain that comes */
	const char *device; /* as its XML names it */
	const char *slot;   /* NULL: not known */
	/* The last boot of the stamp's host that a stamp it signed told of, and when; NULL: none.
	 */
	const char *boot_id;
	int64_t boot_time_s;
	/* This host, and its boot; NULL: a stamp of its own is as good as another. */
	const char *own_host;
	const char *own_boot_id;
	bool has_age; /* whether the age counts: not of one in a saved image */
};

/*
 * stamp_judge - whether the descriptor in the stamp may be believed. Gives true, with *out an
 * allowing verdict, or one that audits (`unsigned: audit`) and passes; false with a verdict that
 * names the reason: descriptor-absent, descriptor-too-large, descriptor-malformed,
 * descriptor-unsigned, key-untrusted, signature-invalid, descriptor-stale. What stands behind a
 * false in mode audit has MW_ACTION_AUDIT. *out borrows from the policy.
 */
bool stamp_judge(const struct policy *policy, const struct stamp_evidence *evidence,
		 const struct stamp_context *context, struct verdict *out);

#endif
