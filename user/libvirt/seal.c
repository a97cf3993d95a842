// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/seal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/stamp_file.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL

_Static_assert(SEAL_TEXT_BYTES >= sodium_base64_ENCODED_LEN(KEY_SIGNATURE_BYTES, BASE64),
	       "room for a signature");

int seal_make(const struct stamp *stamp, const struct key *key, char **text,
	      char signature[static SEAL_TEXT_BYTES])
{
	unsigned char bytes[KEY_SIGNATURE_BYTES];
	struct stamp signed_stamp = *stamp;
	AUTO_FREE char *whole = NULL;
	int r;

	signed_stamp.key = key_public_half(key)->id;
	whole = stamp_to_text(&signed_stamp);
	if (!whole)
		return -ENOMEM;
	if (strlen(whole) > STAMP_TEXT_MAX)
		return -EFBIG;
	r = key_sign(key, SEAL_CONTEXT, whole, strlen(whole), bytes);
	if (r)
		return r;
	sodium_bin2base64(signature, SEAL_TEXT_BYTES, bytes, sizeof(bytes), BASE64);
	*text = TAKE_PTR(whole);
	return 0;
}

static bool decode(const char *signature, unsigned char bytes[static KEY_SIGNATURE_BYTES])
{
	size_t length = 0;
	const char *end;

	return !sodium_base642bin(bytes, KEY_SIGNATURE_BYTES, signature, strlen(signature), NULL,
				  &length, &end, BASE64) &&
	       length == KEY_SIGNATURE_BYTES && !*end;
}

static int check(const char *text, const char *signature, const struct key_list *trust,
		 struct stamp_evidence *evidence)
{
	const struct key_public *key = NULL;
	unsigned char bytes[KEY_SIGNATURE_BYTES];
	int r;

	evidence->key = evidence->stamp->key;
	evidence->signature = SIGNATURE_NONE;
	if (!signature || !*signature || !evidence->key)
		return 0;
	key = key_list_find(trust, evidence->key);
	evidence->signature = SIGNATURE_UNTRUSTED;
	if (!key)
		return 0;
	evidence->signature = SIGNATURE_INVALID;
	if (!decode(signature, bytes))
		return 0;
	r = key_verify(key, SEAL_CONTEXT, text, strlen(text), bytes);
	if (!r)
		evidence->signature = SIGNATURE_VALID;
	return r == -EBADMSG ? 0 : r;
}

int seal_open(const char *text, const char *signature, const struct key_list *trust,
	      struct seal *out)
{
	struct parse_error error = {0};
	int r = stamp_read_text("stamp", text, strlen(text), &out->stamp, &error);

	if (r == -ENOMEM)
		return r;
	if (r) {
		parse_error_format(&error, out->complaint, sizeof(out->complaint));
		out->evidence = (struct stamp_evidence){
			.form = STAMP_MALFORMED,
			.complaint = out->complaint,
		};
		return 0;
	}
	out->evidence = (struct stamp_evidence){.form = STAMP_WHOLE, .stamp = out->stamp};
	return check(text, signature, trust, &out->evidence);
}

void seal_free(struct seal *seal)
{
	stamp_free(seal->stamp);
	*seal = (struct seal){0};
}
