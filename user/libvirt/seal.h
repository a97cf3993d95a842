/* SPDX-License-Identifier: GPL-2.0-only */
/* The signature on a stamp: made on the source, checked on the destination. */
#ifndef LIBVIRT_SEAL_H
#define LIBVIRT_SEAL_H

#include "core/stamp.h"
#include "host/key.h"

/* What is signed besides the text, so that it proves nothing for any other purpose. */
#define SEAL_CONTEXT STAMP_SCHEMA
#define SEAL_TEXT_BYTES 96 /* a signature in base64, with its NUL */
#define SEAL_COMPLAINT_BYTES 768

/*
 * seal_make - the text of @stamp, with the id of @key in it, and the signature over it. Gives 0 and
 * *text, the caller's; -EFBIG when it is over STAMP_TEXT_MAX; -ENOMEM.
 */
int seal_make(const struct stamp *stamp, const struct key *key, char **text,
	      char signature[static SEAL_TEXT_BYTES]);

/* What came of a stamp that was looked at. */
struct seal {
	struct stamp *stamp; /* NULL where there is none that can be read */
	struct stamp_evidence evidence;
	char complaint[SEAL_COMPLAINT_BYTES];
};

/*
 * seal_open - reads @text and checks @signature (base64; NULL: none) against @trust. Never fails:
 * what is wrong is in the evidence. Gives 0 and *out, to be freed by seal_free, which the evidence
 * borrows from; or -ENOMEM.
 */
int seal_open(const char *text, const char *signature, const struct key_list *trust,
	      struct seal *out);

/* seal_free - leaves it empty. */
void seal_free(struct seal *seal);

#endif
