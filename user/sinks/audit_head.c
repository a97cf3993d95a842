// SPDX-License-Identifier: GPL-2.0-only
#include "sinks/audit_head.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define FIRST_LINE "migwarden.audit.head/1"
#define BASE64 sodium_base64_VARIANT_ORIGINAL

size_t audit_head_format(const struct audit_head *head, char out[static AUDIT_HEAD_BYTES])
{
	char code[sodium_base64_ENCODED_LEN(AUDIT_SIGNATURE_BYTES, BASE64)];
	char statement[AUDIT_STATEMENT_BYTES];

	audit_statement(head->database, head->seq, head->hash, statement);
	sodium_bin2base64(code, sizeof(code), head->signature, sizeof(head->signature), BASE64);
	return (size_t)snprintf(out, AUDIT_HEAD_BYTES, FIRST_LINE "\n%skey %s\nsignature %s\n",
				statement, head->key_id, code);
}

/* The next line, which must begin with @word and a blank; what follows, terminated. */
static bool take_line(struct slice *rest, const char *word, char *out, size_t size)
{
	size_t length = strlen(word);
	struct slice line;

	if (!slice_cut(rest, "\n", &line) || line.length <= length + 1 ||
	    line.length - length - 1 >= size || memcmp(line.text, word, length) ||
	    line.text[length] != ' ' || memchr(line.text, '\0', line.length))
		return false;
	line = slice_skip(line, length + 1);
	memcpy(out, line.text, line.length);
	out[line.length] = '\0';
	return true;
}

static bool take_signature(struct slice *rest, struct audit_head *out)
{
	char code[128];
	const char *end;
	size_t size;

	return take_line(rest, "signature", code, sizeof(code)) &&
	       !sodium_base642bin(out->signature, sizeof(out->signature), code, strlen(code), NULL,
				  &size, &end, BASE64) &&
	       size == sizeof(out->signature) && !*end;
}

bool audit_head_parse(const char *text, size_t length, struct audit_head *out)
{
	struct slice rest = {text, length}, line;
	char number[24], hash[AUDIT_HASH_HEX_BYTES];

	*out = (struct audit_head){0};
	return slice_cut(&rest, "\n", &line) && slice_is(line, FIRST_LINE) &&
	       take_line(&rest, "database", out->database, sizeof(out->database)) &&
	       take_line(&rest, "row", number, sizeof(number)) &&
	       slice_to_u64(slice_of(number), &out->seq) &&
	       take_line(&rest, "hash", hash, sizeof(hash)) &&
	       audit_hash_from_hex(hash, out->hash) &&
	       take_line(&rest, "key", out->key_id, sizeof(out->key_id)) &&
	       take_signature(&rest, out) && rest.text && !rest.length;
}

int audit_head_read(const char *path, struct audit_head *out)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[AUDIT_HEAD_BYTES];
	size_t length;
	int r;

	if (fd < 0)
		return -errno;
	r = file_read(fd, text, sizeof(text), &length);
	if (r)
		return r;
	return length < sizeof(text) && audit_head_parse(text, length, out) ? 0 : -EINVAL;
}

int audit_head_write(const char *path, const struct audit_head *head)
{
	char text[AUDIT_HEAD_BYTES];
	size_t length = audit_head_format(head, text);

	return file_replace(path, 0600, text, length);
}
