/* SPDX-License-Identifier: GPL-2.0-only */
/* The last signed checkpoint in a file of its own: who cuts off the end of the chain is missed. */
#ifndef SINKS_AUDIT_HEAD_H
#define SINKS_AUDIT_HEAD_H

#include "sinks/audit_chain.h"

struct audit_head {
	char database[AUDIT_DATABASE_BYTES];
	uint64_t seq;
	unsigned char hash[AUDIT_HASH_BYTES];
	char key_id[AUDIT_KEY_ID_BYTES];
	unsigned char signature[AUDIT_SIGNATURE_BYTES];
};

/* Of the file. */
#define AUDIT_HEAD_BYTES 512

/* audit_head_format - the file's text. Gives its length. */
size_t audit_head_format(const struct audit_head *head, char out[static AUDIT_HEAD_BYTES]);

/* audit_head_parse - false for what is no head. */
bool audit_head_parse(const char *text, size_t length, struct audit_head *out);

/* audit_head_read - 0; -ENOENT; -EINVAL when it is no head; else -errno. */
int audit_head_read(const char *path, struct audit_head *out);

/* audit_head_write - whole and on the disk, or as it was. 0 or -errno. */
int audit_head_write(const char *path, const struct audit_head *head);

#endif
