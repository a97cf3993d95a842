/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmigwarden: what is known of one device (SEMANTICS 3, `migwarden.descriptor/1`), as
 * `migwarden describe --json` writes it.
 *
 * The library has no state of its own. One object is used by one thread at a time; objects that
 * nobody changes any more may be read by any number of threads.
 */
#ifndef MIGWARDEN_DESCRIPTOR_H
#define MIGWARDEN_DESCRIPTOR_H

#include <stddef.h>

#include "migwarden/error.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mw_descriptor;

/*
 * mw_descriptor_read_file - reads one descriptor, of 1 MiB at most; "-" is standard input.
 * Gives 0 and *out, owned by the caller; -EINVAL when it is malformed, -EFBIG, -EISDIR or the
 * -errno of reading, each with *error (see error.h) and *out untouched; -ENOMEM.
 */
int mw_descriptor_read_file(const char *path, struct mw_descriptor **out, struct mw_error **error);

/*
 * mw_descriptor_read_text - the same from @length bytes of memory, which need no final NUL and can
 * go once it returns. @name stands for the file in errors.
 */
int mw_descriptor_read_text(const char *name, const char *text, size_t length,
			    struct mw_descriptor **out, struct mw_error **error);

/*
 * mw_descriptor_prepare - parses the device's version list and template once and not for each
 * pair: worth it for a descriptor that meets many others. Changes no verdict. Gives 0, or -ENOMEM
 * (the descriptor is as good as before).
 */
int mw_descriptor_prepare(struct mw_descriptor *descriptor);

/* "Not known" and "could not be read" are different facts (SEMANTICS 0 and 2.12). */
enum mw_fact_state {
	MW_FACT_UNKNOWN,
	MW_FACT_KNOWN,
	MW_FACT_UNREADABLE,
};

struct mw_fact {
	enum mw_fact_state state;
	int error;        /* MW_FACT_UNREADABLE: the positive errno of reading it; else 0 */
	const char *text; /* MW_FACT_KNOWN: borrowed from the descriptor; else NULL */
};

/*
 * mw_descriptor_fact - a fact by its key in the file: any that has a text ("host", "mdev_type",
 * "interface_version", …), or "attributes.NAME". An attribute that is not there is unknown.
 * Gives 0 and *out; -ENOENT for any other key (*out untouched).
 */
int mw_descriptor_fact(const struct mw_descriptor *descriptor, const char *key,
		       struct mw_fact *out);

/*
 * mw_descriptor_to_json - the descriptor as one line of JSON, `null` for what is not known. To be
 * freed with free(3); NULL when memory is out.
 */
char *mw_descriptor_to_json(const struct mw_descriptor *descriptor);

/* mw_descriptor_free - NULL is fine. */
void mw_descriptor_free(struct mw_descriptor *descriptor);

#ifdef __cplusplus
}
#endif

#endif
