// SPDX-License-Identifier: GPL-2.0-only
/*
 * writer FILE KEY [COUNT]: appends decisions to an audit, COUNT of them or until it is killed, as
 * the daemon does. After each that is on the disk it prints its number, on a line.
 *
 * writer FILE KEY flood FROM: refusals that are all alike, as from a ring of which FROM are given
 * back, until it is killed. After each batch that is on the disk it prints how far it is: that is
 * given back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/key.h"
#include "sinks/audit.h"

#define BOOT_ID "3d6f4b1e-8a53-4d0a-9f4f-0f7e2a5b7c11"

static int sign(void *context, const void *data, size_t size,
		unsigned char signature[AUDIT_SIGNATURE_BYTES], char key_id[AUDIT_KEY_ID_BYTES])
{
	snprintf(key_id, AUDIT_KEY_ID_BYTES, "%s", key_public_half(context)->id);
	return key_sign(context, AUDIT_KEY_CONTEXT, data, size, signature);
}

static int verify(void *context, const char *key_id, const void *data, size_t size,
		  const unsigned char signature[AUDIT_SIGNATURE_BYTES])
{
	const struct key_public *half = key_public_half(context);

	return strcmp(key_id, half->id)
		       ? -ENOKEY
		       : key_verify(half, AUDIT_KEY_CONTEXT, data, size, signature);
}

/* Every sixth is one of another kind, so that filters have something to find. */
static void make(unsigned long number, struct audit_row *row)
{
	*row = (struct audit_row){
		.wall_ns = (int64_t)clock_ns(CLOCK_REALTIME),
		.monotonic_ns = clock_ns(CLOCK_MONOTONIC),
		.kind = number % 6 ? AUDIT_DECISION : AUDIT_ADMISSION,
		.device = number % 2 ? "0000:3b:00.1" : "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
		.direction = "incoming",
		.vm = "=db \"3\",",
		.pid = (int64_t)number,
		.comm = "qemu-system-x86",
		.verdict = number % 3 ? "deny" : "allow",
		.reason = number % 3 ? "type-mismatch" : "ok",
		.rule = "/etc/migwarden/policies.d/site.yaml:14",
		.rule_name = "gvt-g",
		.generation = 3,
		.admission = number / 6 + 1,
		.pair = number % 6 ? NULL
				   : "{\"source\": {\"device\": \"a\", \"mdev_type\": \"mtty-2\"},"
				     " \"dest\": {\"device\": \"b\", \"mdev_type\": \"mtty-1\"}}",
		.detail = "{\"asked\": \"RESUMING\", \"errno\": \"EPERM\","
			  " \"explanation\": \"type-mismatch: source mtty-2, destination mtty-1\"}",
	};
}

static int append(struct audit *audit, unsigned long number)
{
	struct audit_status status;
	struct audit_row row;
	int r;

	make(number, &row);
	r = audit_append(audit, &row);
	audit_get_status(audit, &status);
	if (r) {
		fprintf(stderr, "writer: %s\n", status.error);
		return r;
	}
	/* One call: a line is there whole or not at all, whenever we are killed. */
	printf("%llu %lu\n", (unsigned long long)status.rows, number);
	fflush(stdout);
	return 0;
}

#define FLOOD_BATCH 64

/* One record of the ring: its place there, and its time, are its number. */
static void refuse(struct audit *audit, uint64_t number)
{
	const struct audit_like like = {.kind = AUDIT_DECISION, .device = "0000:3b:00.1"};
	struct audit_again again = {
		.wall_ns = (int64_t)clock_ns(CLOCK_REALTIME),
		.monotonic_ns = number,
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.count = 1,
	};
	struct audit_row row;

	if (audit_is_marked(audit, number, number))
		return;
	audit_mark(audit, number, number);
	if (audit_repeats(audit, &like, &again))
		return;
	make(number * 6 + 1, &row);
	audit_queue_like(audit, &row, &like, again.now_ns);
}

static int flood(struct audit *audit, uint64_t from)
{
	for (uint64_t number = from + 1;; number++) {
		int r;

		refuse(audit, number);
		if (number % FLOOD_BATCH)
			continue;
		r = audit_retry(audit);
		if (r)
			return r;
		printf("%llu\n", (unsigned long long)number);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct parse_error error = {0};
	struct audit_options options = {.boot_id = BOOT_ID, .busy_ms = 1000};
	struct audit *audit;
	struct key *key;
	unsigned long count;
	int r = 0;

	if (argc < 3)
		return 2;
	count = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	if (key_open_or_create(argv[2], "writer", &key, &error)) {
		fprintf(stderr, "writer: %s: %s\n", error.file, error.text);
		return 2;
	}
	options.file = argv[1];
	options.signer.context = options.verifier.context = key;
	options.signer.sign = sign;
	options.verifier.verify = verify;
	if (audit_open(&options, &audit))
		return 2;
	if (argc > 4)
		r = flood(audit, strtoull(argv[4], NULL, 10));
	for (unsigned long i = 1; !r && argc < 5 && (!count || i <= count); i++)
		r = append(audit, i);
	audit_close(audit);
	key_close(key);
	return r ? 1 : 0;
}
