// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/key.h"

/* RFC 8032, 7.1, test 1: the secret key and its public half. */
#define SECRET_LINE \
	"migwarden-ed25519-secret nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A= rfc8032\n"
#define PUBLIC_LINE "migwarden-ed25519 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo= rfc8032"

static char folder[] = "/tmp/key-XXXXXX";
static char path[64];
static struct parse_error error;
static struct key *key;

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/host.key", folder);
}

static void tear_down(void)
{
	char command[128];

	key_close(key);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(key, .init = set_up, .fini = tear_down);

static void put(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
	cr_assert_eq(chmod(path, mode), 0);
}

static void refused(int number, const char *why)
{
	cr_assert_eq(key_open(path, &key, &error), number, "%s", error.text);
	cr_assert_null(key);
	cr_assert_not_null(strstr(error.text, why), "%s", error.text);
	cr_assert_str_eq(error.file, path);
}

Test(key, a_file_that_others_may_read_is_refused)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0601, 0644, 0666};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		put(SECRET_LINE, modes[i]);
		refused(-EINVAL, "nobody else");
	}
}

Test(key, a_file_of_another_user_is_refused)
{
	if (geteuid() != 0)
		cr_skip("only root can give a file away");
	put(SECRET_LINE, 0600);
	cr_assert_eq(chown(path, 65534, 65534), 0);
	refused(-EINVAL, "user 65534");
}

Test(key, what_is_no_regular_file_is_refused_without_waiting)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	refused(-EINVAL, "regular");
}

Test(key, what_is_no_secret_key_is_refused_with_the_form_that_is_expected)
{
	static const char *const texts[] = {
		"",
		"\n",
		PUBLIC_LINE "\n",
		"migwarden-ed25519-secret\n",
		"migwarden-ed25519-secret nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2 a\n",
		"migwarden-ed25519-secret nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AA= a\n",
		"migwarden-ed25519-secret nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=x a\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put(texts[i], 0600);
		refused(-EINVAL, "migwarden-ed25519-secret BASE64 COMMENT");
	}
	put(SECRET_LINE, 0600);
	cr_assert_eq(truncate(path, 1 << 20), 0);
	refused(-EINVAL, "migwarden-ed25519-secret BASE64 COMMENT");
}

Test(key, none_is_told_from_a_bad_one)
{
	refused(-ENOENT, "No such file");
}

Test(key, its_public_half_is_that_of_the_standard)
{
	char line[KEY_LINE_BYTES];

	put(SECRET_LINE, 0600);
	cr_assert_eq(key_open(path, &key, &error), 0, "%s", error.text);
	cr_assert_str_eq(key_public_format(key_public_half(key), line), PUBLIC_LINE);
	/* echo BASE64 | base64 -d | b2sum -l 256 | cut -c1-16 */
	cr_assert_str_eq(key_public_half(key)->id, "7849ac3049680be1");
}

Test(key, a_new_one_is_for_its_owner_alone_and_opens_again)
{
	AUTO_KEY struct key *again = NULL;
	struct stat st;

	umask(0);
	cr_assert_eq(key_create(path, "hv-17", &key, &error), 0, "%s", error.text);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode, S_IFREG | 0600);
	cr_assert_eq(st.st_nlink, 1);
	cr_assert_eq(key_open(path, &again, &error), 0, "%s", error.text);
	cr_assert_str_eq(key_public_half(again)->id, key_public_half(key)->id);
	cr_assert_str_eq(key_public_half(again)->comment, "hv-17");
}

Test(key, one_that_is_there_is_never_replaced)
{
	put(SECRET_LINE, 0600);
	cr_assert_eq(key_create(path, "", &key, &error), -EEXIST);
	cr_assert_null(key);
	cr_assert_eq(key_open_or_create(path, "other", &key, &error), 0, "%s", error.text);
	cr_assert_str_eq(key_public_half(key)->comment, "rfc8032");
}

Test(key, a_bad_one_is_not_replaced_either)
{
	put("garbage\n", 0600);
	cr_assert_eq(key_open_or_create(path, "", &key, &error), -EINVAL);
	cr_assert_null(key);
}

Test(key, only_the_last_folder_is_made)
{
	char deep[128];

	snprintf(deep, sizeof(deep), "%s/a/b/host.key", folder);
	cr_assert_eq(key_create(deep, "", &key, &error), -ENOENT);
	snprintf(deep, sizeof(deep), "%s/a/host.key", folder);
	cr_assert_eq(key_create(deep, "", &key, &error), 0, "%s", error.text);
}

Test(key, a_comment_cannot_make_a_second_line_nor_an_endless_one)
{
	char comment[400], line[KEY_LINE_BYTES];
	AUTO_KEY struct key *again = NULL;

	memset(comment, '\n', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	cr_assert_eq(key_create(path, comment, &key, &error), 0, "%s", error.text);
	cr_assert_null(strchr(key_public_format(key_public_half(key), line), '\n'));
	cr_assert_eq(key_open(path, &again, &error), 0, "%s", error.text);
}

Test(key, a_signature_holds_for_its_purpose_its_bytes_and_its_key_alone)
{
	unsigned char signature[KEY_SIGNATURE_BYTES];
	const struct key_public *half;
	struct key_public other;

	put(SECRET_LINE, 0600);
	cr_assert_eq(key_open(path, &key, &error), 0, "%s", error.text);
	half = key_public_half(key);
	cr_assert_eq(key_sign(key, "purpose", "bytes", 5, signature), 0);
	cr_assert_eq(key_verify(half, "purpose", "bytes", 5, signature), 0);
	cr_assert_eq(key_verify(half, "another", "bytes", 5, signature), -EBADMSG);
	cr_assert_eq(key_verify(half, "purpose", "bytez", 5, signature), -EBADMSG);
	cr_assert_eq(key_verify(half, "purpose", "bytes", 4, signature), -EBADMSG);
	/* A purpose cannot be stretched into the bytes. */
	cr_assert_eq(key_verify(half, "purpos", "e\0bytes", 7, signature), -EBADMSG);
	for (size_t i = 0; i < 8 * sizeof(signature); i++) {
		signature[i / 8] ^= (unsigned char)(1u << i % 8);
		cr_assert_eq(key_verify(half, "purpose", "bytes", 5, signature), -EBADMSG);
		signature[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	other = *half;
	other.bytes[0] ^= 1;
	cr_assert_eq(key_verify(&other, "purpose", "bytes", 5, signature), -EBADMSG);
}

Test(key, a_list_names_the_line_that_is_no_key)
{
	static const char text[] = "# ours\n\n" PUBLIC_LINE "\nmigwarden-ed25519 zzz\n";
	AUTO_KEY_LIST struct key_list list = {0};

	cr_assert_eq(key_list_parse("keys", text, strlen(text), &list, &error), -EINVAL);
	cr_assert_eq(error.line, 4);
	cr_assert_eq(list.count, 0);
	cr_assert_eq(key_list_parse("keys", SECRET_LINE, strlen(SECRET_LINE), &list, &error),
		     -EINVAL);
}

Test(key, a_list_has_each_key_once_and_finds_it_by_its_id)
{
	static const char text[] =
		PUBLIC_LINE "\n  " PUBLIC_LINE "\n"
			    "migwarden-ed25519 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
	AUTO_KEY_LIST struct key_list list = {0};

	cr_assert_eq(key_list_parse("keys", text, strlen(text), &list, &error), 0, "%s",
		     error.text);
	cr_assert_eq(list.count, 2);
	cr_assert_eq(key_list_find(&list, list.keys[1].id), &list.keys[1]);
	cr_assert_str_eq(list.keys[1].comment, "");
	cr_assert_null(key_list_find(&list, "0000000000000000"));
}

Test(key, a_list_that_others_may_write_is_not_trusted)
{
	AUTO_KEY_LIST struct key_list list = {0};

	put(PUBLIC_LINE "\n", 0664);
	cr_assert_eq(key_list_read(path, &list, &error), -EINVAL);
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(key_list_read(path, &list, &error), 0, "%s", error.text);
	cr_assert_eq(list.count, 1);
	cr_assert_eq(truncate(path, KEY_FILE_MAX + 1), 0);
	key_list_free(&list);
	cr_assert_eq(key_list_read(path, &list, &error), -EINVAL);
}
