/* SPDX-License-Identifier: GPL-2.0-only */
/* Stamps (core/stamp.h) as the JSON text that is signed, and back. */
#ifndef CONFIG_STAMP_FILE_H
#define CONFIG_STAMP_FILE_H

#include <stddef.h>

#include "base/parse_error.h"
#include "core/stamp.h"

/*
 * stamp_read_text - the stamp in @text; @name stands for the file in errors. Gives 0 and *out, the
 * caller's; -EINVAL (also what is larger than STAMP_TEXT_MAX) with @error filled; -ENOMEM.
 */
int stamp_read_text(const char *name, const char *text, size_t length, struct stamp **out,
		    struct parse_error *error);

/*
 * stamp_to_text - one line of ASCII, the bytes to sign; reads back equal. malloc'ed; NULL: no
 * memory.
 */
char *stamp_to_text(const struct stamp *stamp);

#endif
