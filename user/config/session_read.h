/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions from the JSON that sinks/session_json.h writes. */
#ifndef CONFIG_SESSION_READ_H
#define CONFIG_SESSION_READ_H

#include <stddef.h>

#include "base/parse_error.h"
#include "config/node.h"
#include "core/session.h"

/* A full session takes some 60 KiB of JSON. */
#define SESSION_FILE_MAX (64u << 20)

/*
 * session_read_text - reads one session, or a list of them; @name stands for the file in errors.
 * What is derived from other keys is read past. Gives 0 and *out, *count sessions to be freed
 * together with free(); -EINVAL or -ENOMEM, each with @error filled; *out is untouched then.
 */
int session_read_text(const char *name, const char *text, size_t length, struct session **out,
		      size_t *count, struct parse_error *error);

/* session_from_node - one session of a tree; @file is for messages. 0, -EINVAL with @error. */
int session_from_node(const char *file, const struct node *node, struct session *out,
		      struct parse_error *error);

#endif
