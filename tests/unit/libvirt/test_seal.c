// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libvirt/seal.h"

#define DOMAIN "11111111-2222-4333-8444-555555555555"
#define DEVICE "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"

static char folder[] = "/tmp/seal-XXXXXX";
static char path[64];
static struct key *key;
static struct key_public trusted;
static struct key_list trust;
static struct descriptor *descriptor;
static struct seal seal;
static char *text;
static char signature[SEAL_TEXT_BYTES];

static void set_up(void)
{
	struct parse_error error = {0};

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	cr_assert_eq(key_create(path, "hv-17", &key, &error), 0, "%s", error.text);
	trusted = *key_public_half(key);
	trust = (struct key_list){.keys = &trusted, .count = 1};
	cr_assert_eq(descriptor_new(&descriptor), 0);
	descriptor_set_fact(descriptor, &descriptor->mdev_type, "mtty-2");
	descriptor_set_fact(descriptor, &descriptor->driver_version, "\xc3\xa9\n<&>");
}

static void tear_down(void)
{
	seal_free(&seal);
	free(text);
	descriptor_free(descriptor);
	key_close(key);
	unlink(path);
	rmdir(folder);
}

TestSuite(seal, .init = set_up, .fini = tear_down);

static void make(void)
{
	const struct stamp stamp = {
		.descriptor = descriptor,
		.host = "hv-17",
		.boot_id = "b",
		.domain = DOMAIN,
		.device = DEVICE,
		.slot = "0000:00:01.0",
		.time_s = 1795176000,
	};

	cr_assert_eq(seal_make(&stamp, key, &text, signature), 0);
}

static enum stamp_signature look(const char *with)
{
	cr_assert_eq(seal_open(text, with, &trust, &seal), 0);
	cr_assert_eq(seal.evidence.form, STAMP_WHOLE, "%s", seal.complaint);
	return seal.evidence.signature;
}

Test(seal, what_is_sealed_opens_to_the_same)
{
	make();
	cr_assert_eq(look(signature), SIGNATURE_VALID);
	cr_assert_str_eq(seal.stamp->domain, DOMAIN);
	cr_assert_str_eq(seal.stamp->device, DEVICE);
	cr_assert_str_eq(seal.stamp->slot, "0000:00:01.0");
	cr_assert_str_eq(seal.stamp->host, "hv-17");
	cr_assert_str_eq(seal.stamp->boot_id, "b");
	cr_assert_str_eq(seal.stamp->key, trusted.id);
	cr_assert_eq(seal.stamp->time_s, 1795176000);
	cr_assert_str_eq(seal.stamp->descriptor->mdev_type.text, "mtty-2");
	cr_assert_str_eq(seal.stamp->descriptor->driver_version.text, "\xc3\xa9\n<&>");
}

Test(seal, its_text_is_one_line_of_ascii)
{
	make();
	for (const char *at = text; *at; at++)
		cr_assert(*at >= ' ' && *at < 0x7f);
}

Test(seal, a_changed_byte_breaks_it)
{
	make();
	*strstr(text, "mtty-2") = 'n';
	cr_assert_eq(look(signature), SIGNATURE_INVALID);
}

Test(seal, a_changed_signature_breaks_it)
{
	make();
	signature[3] = signature[3] == 'A' ? 'B' : 'A';
	cr_assert_eq(look(signature), SIGNATURE_INVALID);
	seal_free(&seal);
	cr_assert_eq(look("AAAA"), SIGNATURE_INVALID);
	seal_free(&seal);
	cr_assert_eq(look("not base64 at all!"), SIGNATURE_INVALID);
}

Test(seal, without_a_signature_nobody_signed_it)
{
	make();
	cr_assert_eq(look(NULL), SIGNATURE_NONE);
	seal_free(&seal);
	cr_assert_eq(look(""), SIGNATURE_NONE);
}

Test(seal, a_key_that_is_not_in_the_list_is_not_trusted)
{
	make();
	trust.count = 0;
	cr_assert_eq(look(signature), SIGNATURE_UNTRUSTED);
	cr_assert_str_eq(seal.evidence.key, trusted.id);
}

Test(seal, a_signature_for_another_purpose_proves_nothing)
{
	unsigned char bytes[KEY_SIGNATURE_BYTES];
	const unsigned char *valid = bytes;

	make();
	cr_assert_eq(key_sign(key, "migwarden.ticket/1", text, strlen(text), bytes), 0);
	cr_assert_neq(key_verify(&trusted, SEAL_CONTEXT, text, strlen(text), valid), 0);
}

Test(seal, what_is_no_stamp_is_malformed_and_says_why)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"\"x\"",
		"{\"schema\": \"migwarden.stamp/2\"}",
		"{\"schema\": \"migwarden.stamp/1\"}",
		"{\"schema\": \"migwarden.stamp/1\", \"descriptor\": 7}",
		"{\"schema\": \"migwarden.stamp/1\", \"descriptor\": {\"schema\": "
		"\"migwarden.descriptor/1\"}, \"domain\": \"a\", \"device\": \"b\", \"host\": "
		"\"c\", \"boot_id\": \"d\", \"time\": \"yesterday\"}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(seal_open(bad[i], "", &trust, &seal), 0);
		cr_assert_eq(seal.evidence.form, STAMP_MALFORMED, "%s", bad[i]);
		cr_assert_not_null(strstr(seal.complaint, "expected"), "%s", seal.complaint);
		cr_assert_null(seal.stamp);
		seal_free(&seal);
	}
}

Test(seal, a_descriptor_that_is_too_large_is_not_sealed)
{
	const struct stamp stamp = {
		.descriptor = descriptor,
		.host = "h",
		.boot_id = "b",
		.domain = DOMAIN,
		.device = DEVICE,
	};
	char *value = calloc(1, STAMP_TEXT_MAX + 1);

	memset(value, 'x', STAMP_TEXT_MAX);
	descriptor_set_fact(descriptor, &descriptor->template_text, value);
	free(value);
	cr_assert_eq(seal_make(&stamp, key, &text, signature), -EFBIG);
	cr_assert_null(text);
}
