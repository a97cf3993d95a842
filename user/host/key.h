/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's Ed25519 key, and the public keys of others. A file of public keys has a key on each
 * line, as `migwarden key export` prints it; empty lines and lines that begin with # are passed
 * over:
 *
 *	migwarden-ed25519 BASE64 COMMENT
 *
 * The file of the host's own key has one line of that form, with "migwarden-ed25519-secret" and the
 * seed, and is for its owner alone.
 */
#ifndef HOST_KEY_H
#define HOST_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/parse_error.h"

#define KEY_FILE_DEFAULT "/var/lib/migwarden/host.key"
#define KEY_PUBLIC_BYTES 32
#define KEY_SIGNATURE_BYTES 64
#define KEY_ID_BYTES 17 /* 16 hex digits */
#define KEY_COMMENT_BYTES 128
#define KEY_LINE_BYTES 256 /* of the text form, with its NUL */
/* Of a file of public keys. */
#define KEY_FILE_MAX (64u << 10)

/*
 * A public key. Its id is the begin of its BLAKE2b (256 bits) in hex: a name to show and to look
 * up by, no proof of anything.
 */
struct key_public {
	unsigned char bytes[KEY_PUBLIC_BYTES];
	char id[KEY_ID_BYTES];
	char comment[KEY_COMMENT_BYTES]; /* printable ASCII */
};

/* Keys that somebody trusts. */
struct key_list {
	struct key_public *keys;
	size_t count;
};

/* With the secret half; its memory is wiped when it is closed. */
struct key;

/*
 * key_open - the key in @path, a regular file of root's or our own that nobody else may read.
 * Gives 0 and *out, the caller's; -ENOENT when there is none; -EINVAL when it is not as it must be;
 * else -errno. @error is filled on each failure.
 */
int key_open(const char *path, struct key **out, struct parse_error *error);

/*
 * key_create - makes a new key and writes it into @path, mode 0600, whole and on the disk or not at
 * all; the folder is made (0700) where only it is missing. @comment (cut, cleaned) says whose it
 * is. Gives 0 and *out; -EEXIST when @path is there already; else as key_open.
 */
int key_create(const char *path, const char *comment, struct key **out, struct parse_error *error);

/* key_open_or_create - key_open; key_create where there is none yet. */
int key_open_or_create(const char *path, const char *comment, struct key **out,
		       struct parse_error *error);

/* key_close - NULL is fine. */
void key_close(struct key *key);

#define AUTO_KEY __attribute__((cleanup(key_close_ptr)))
static inline void key_close_ptr(struct key **key)
{
	key_close(*key);
}

/* key_public_half - what may be shown; lives as long as @key. */
const struct key_public *key_public_half(const struct key *key);

/*
 * key_sign - signs @context, a NUL, and @data: what was signed for one purpose
 * ("migwarden.ticket/1") proves nothing for another. 0, or -ENOMEM.
 */
int key_sign(const struct key *key, const char *context, const void *data, size_t size,
	     unsigned char signature[static KEY_SIGNATURE_BYTES]);

/* key_verify - whether @key signed that. Gives 0; -EBADMSG when it did not; -ENOMEM. */
int key_verify(const struct key_public *key, const char *context, const void *data, size_t size,
	       const unsigned char signature[static KEY_SIGNATURE_BYTES]);

/* key_public_format - the text form, without a newline. Gives @out. */
const char *key_public_format(const struct key_public *key, char out[static KEY_LINE_BYTES]);

/*
 * key_list_parse - the public keys in @text, which need not be terminated; @name is of the file,
 * for messages. A key that stands there twice is taken once. Gives 0 and @out, freed by
 * key_list_free; -EINVAL with @error; -ENOMEM.
 */
int key_list_parse(const char *name, const char *text, size_t length, struct key_list *out,
		   struct parse_error *error);

/* key_list_read - the same, of the file @path: a regular one of at most KEY_FILE_MAX bytes that
 * only root or we may write. Also -errno of opening or reading it. */
int key_list_read(const char *path, struct key_list *out, struct parse_error *error);

/* key_list_find - by id; NULL when it is not in it. */
const struct key_public *key_list_find(const struct key_list *list, const char *id);

/* key_list_free - leaves an empty list. */
void key_list_free(struct key_list *list);

#define AUTO_KEY_LIST __attribute__((cleanup(key_list_free)))

#endif
