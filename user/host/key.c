// SPDX-License-Identifier: GPL-2.0-only
#include "host/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define PUBLIC_WORD "migwarden-ed25519"
#define SECRET_WORD "migwarden-ed25519-secret"
#define BASE64 sodium_base64_VARIANT_ORIGINAL
#define SEED_BYTES crypto_sign_SEEDBYTES
#define ID_DIGEST_BYTES 32
#define FORM "expected a line \"%s BASE64 COMMENT\""

_Static_assert(KEY_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "a public key of libsodium");
_Static_assert(KEY_SIGNATURE_BYTES == crypto_sign_BYTES, "a signature of libsodium");

struct key {
	struct key_public half;
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
};

static int refuse(struct parse_error *error, const char *path, int number, const char *what)
{
	parse_error_set(error, path, 0, 0, "%s: %s", what, strerror(number));
	return -number;
}

static void set_id(struct key_public *key)
{
	unsigned char digest[ID_DIGEST_BYTES];

	crypto_generichash(digest, sizeof(digest), key->bytes, sizeof(key->bytes), NULL, 0);
	sodium_bin2hex(key->id, sizeof(key->id), digest, (sizeof(key->id) - 1) / 2);
}

/* What is said of a key goes into files and to terminals: one line of printable ASCII. */
static void set_comment(struct key_public *key, struct slice text)
{
	size_t used = 0;

	for (size_t i = 0; i < text.length && used + 1 < sizeof(key->comment); i++)
		key->comment[used++] =
			text.text[i] >= ' ' && text.text[i] < 0x7f ? text.text[i] : '?';
	/* The cut may have left one, which reading it again would not. */
	while (used && key->comment[used - 1] == ' ')
		used--;
	key->comment[used] = '\0';
}

/* Three words: @word, 32 bytes in base64, and the comment, which may be empty and have blanks. */
static bool parse_line(struct slice line, const char *word, unsigned char bytes[static 32],
		       struct slice *comment)
{
	struct slice first, code;
	const char *end;
	size_t size;

	line = slice_trim(line);
	if (!slice_cut(&line, " ", &first) || !slice_is(first, word) ||
	    !slice_cut(&line, " ", &code))
		return false;
	if (sodium_base642bin(bytes, 32, code.text, code.length, NULL, &size, &end, BASE64) ||
	    size != 32 || end != code.text + code.length)
		return false;
	*comment = slice_trim(line);
	return true;
}

static struct key *key_from_seed(const unsigned char seed[static SEED_BYTES], struct slice comment)
{
	struct key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	crypto_sign_seed_keypair(key->half.bytes, key->secret, seed);
	set_id(&key->half);
	set_comment(&key->half, comment);
	return key;
}

void key_close(struct key *key)
{
	if (!key)
		return;
	sodium_memzero(key, sizeof(*key));
	free(key);
}

const struct key_public *key_public_half(const struct key *key)
{
	return &key->half;
}

/* A file whose word counts must not be somebody else's: @forbidden are the mode bits of others. */
static int open_trusted(const char *path, mode_t forbidden, const char *expected,
			struct parse_error *error)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return refuse(error, path, errno, "cannot open it");
	if (!S_ISREG(st.st_mode))
		return parse_error_set(error, path, 0, 0, "expected a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return parse_error_set(error, path, 0, 0,
				       "expected a file of root or of user %u, it is of user %u",
				       geteuid(), st.st_uid);
	if (st.st_mode & forbidden)
		return parse_error_set(error, path, 0, 0, "expected %s, its mode is %04o", expected,
				       st.st_mode & 07777);
	return TAKE_FD(fd);
}

int key_open(const char *path, struct key **out, struct parse_error *error)
{
	AUTO_FD int fd =
		open_trusted(path, 077, "a file that nobody else may read or write", error);
	unsigned char seed[SEED_BYTES];
	char text[KEY_LINE_BYTES];
	struct slice comment;
	size_t length;
	bool good;
	int r;

	if (fd < 0)
		return fd;
	if (sodium_init() < 0)
		return refuse(error, path, EIO, "cannot use libsodium");
	r = file_read(fd, text, sizeof(text), &length);
	if (r)
		return refuse(error, path, -r, "cannot read it");
	good = length < sizeof(text) &&
	       parse_line(slice_chomp((struct slice){text, length}), SECRET_WORD, seed, &comment);
	*out = good ? key_from_seed(seed, comment) : NULL;
	sodium_memzero(text, sizeof(text));
	sodium_memzero(seed, sizeof(seed));
	if (!good)
		return parse_error_set(error, path, 1, 1, FORM, SECRET_WORD);
	return *out ? 0 : refuse(error, path, ENOMEM, "cannot read it");
}

static void format_line(const char *word, const unsigned char bytes[static 32], const char *comment,
			char out[static KEY_LINE_BYTES])
{
	char code[sodium_base64_ENCODED_LEN(32, BASE64)];

	sodium_bin2base64(code, sizeof(code), bytes, 32, BASE64);
	snprintf(out, KEY_LINE_BYTES, "%s %s%s%s", word, code, *comment ? " " : "", comment);
	sodium_memzero(code, sizeof(code));
}

const char *key_public_format(const struct key_public *key, char out[static KEY_LINE_BYTES])
{
	format_line(PUBLIC_WORD, key->bytes, key->comment, out);
	return out;
}

int key_create(const char *path, const char *comment, struct key **out, struct parse_error *error)
{
	unsigned char seed[SEED_BYTES];
	char text[KEY_LINE_BYTES];
	AUTO_KEY struct key *key = NULL;
	int r = file_make_folder(path, 0700);

	if (r)
		return refuse(error, path, -r, "cannot make its folder");
	if (sodium_init() < 0)
		return refuse(error, path, EIO, "cannot use libsodium");
	randombytes_buf(seed, sizeof(seed));
	key = key_from_seed(seed, slice_of(comment));
	if (key) {
		format_line(SECRET_WORD, seed, key->half.comment, text);
		strcat(text, "\n");
		r = file_create(path, 0600, text, strlen(text));
	}
	sodium_memzero(text, sizeof(text));
	sodium_memzero(seed, sizeof(seed));
	if (!key || r)
		return refuse(error, path, key ? -r : ENOMEM, "cannot make it");
	*out = TAKE_PTR(key);
	return 0;
}

int key_open_or_create(const char *path, const char *comment, struct key **out,
		       struct parse_error *error)
{
	int r = key_open(path, out, error);

	if (r == -ENOENT)
		r = key_create(path, comment, out, error);
	/* Another process made it in between. */
	if (r == -EEXIST)
		r = key_open(path, out, error);
	return r;
}

/* What is signed: the purpose, a NUL, the bytes. malloc'ed. */
static unsigned char *message_of(const char *context, const void *data, size_t size, size_t *length)
{
	size_t head = strlen(context) + 1;
	unsigned char *message = malloc(head + size);

	if (!message)
		return NULL;
	memcpy(message, context, head);
	if (size)
		memcpy(message + head, data, size);
	*length = head + size;
	return message;
}

int key_sign(const struct key *key, const char *context, const void *data, size_t size,
	     unsigned char signature[static KEY_SIGNATURE_BYTES])
{
	size_t length;
	AUTO_FREE unsigned char *message = message_of(context, data, size, &length);

	if (!message)
		return -ENOMEM;
	crypto_sign_detached(signature, NULL, message, length, key->secret);
	return 0;
}

int key_verify(const struct key_public *key, const char *context, const void *data, size_t size,
	       const unsigned char signature[static KEY_SIGNATURE_BYTES])
{
	size_t length;
	AUTO_FREE unsigned char *message = message_of(context, data, size, &length);

	if (!message)
		return -ENOMEM;
	return crypto_sign_verify_detached(signature, message, length, key->bytes) ? -EBADMSG : 0;
}

void key_list_free(struct key_list *list)
{
	free(list->keys);
	*list = (struct key_list){0};
}

const struct key_public *key_list_find(const struct key_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (text_equal(list->keys[i].id, id))
			return &list->keys[i];
	return NULL;
}

/* Another key of the same id would make the id a name for two: it is a collision made on purpose.
 */
static int add_key(struct key_list *list, const struct key_public *key)
{
	const struct key_public *same = key_list_find(list, key->id);
	struct key_public *keys;

	if (same)
		return memcmp(same->bytes, key->bytes, sizeof(key->bytes)) ? -EINVAL : 0;
	keys = reallocarray(list->keys, list->count + 1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	list->keys = keys;
	list->keys[list->count++] = *key;
	return 0;
}

static int parse_public(const char *name, struct slice line, unsigned int number,
			struct key_list *list, struct parse_error *error)
{
	struct key_public key = {0};
	struct slice comment;
	int r;

	if (!parse_line(line, PUBLIC_WORD, key.bytes, &comment))
		return parse_error_set(error, name, number, 1, FORM, PUBLIC_WORD);
	set_id(&key);
	set_comment(&key, comment);
	r = add_key(list, &key);
	if (r == -EINVAL)
		return parse_error_set(error, name, number, 1,
				       "expected one key of the id %s, this is another", key.id);
	return r ? refuse(error, name, -r, "cannot read it") : 0;
}

int key_list_parse(const char *name, const char *text, size_t length, struct key_list *out,
		   struct parse_error *error)
{
	AUTO_KEY_LIST struct key_list list = {0};
	struct slice rest = {text, length}, line;
	int r = 0;

	if (sodium_init() < 0)
		return refuse(error, name, EIO, "cannot use libsodium");
	for (unsigned int number = 1; !r && slice_cut(&rest, "\n", &line); number++) {
		line = slice_trim(line);
		if (line.length && line.text[0] != '#')
			r = parse_public(name, line, number, &list, error);
	}
	if (r)
		return r;
	*out = list;
	list = (struct key_list){0};
	return 0;
}

int key_list_read(const char *path, struct key_list *out, struct parse_error *error)
{
	AUTO_FD int fd = open_trusted(path, 022, "a file that nobody else may write", error);
	AUTO_FREE char *text = malloc(KEY_FILE_MAX + 1);
	size_t length;
	int r;

	if (fd < 0)
		return fd;
	r = text ? file_read(fd, text, KEY_FILE_MAX + 1, &length) : -ENOMEM;
	if (r)
		return refuse(error, path, -r, "cannot read it");
	if (length > KEY_FILE_MAX)
		return parse_error_set(error, path, 0, 0, "expected a file of at most %u KiB",
				       KEY_FILE_MAX >> 10);
	return key_list_parse(path, text, length, out, error);
}
