// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as an audit: verified, listed and told without a fault. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sinks/audit_query.h"
#include "sinks/audit_text.h"
#include "sinks/audit_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The longest that a row may take here: what is looked for are faults, not patience. */
#define ROWS_MAX 64

static FILE *nowhere;

/* Every signature holds, so that the rest is looked at too. */
static int trust(void *context, const char *key_id, const void *data, size_t size,
		 const unsigned char signature[AUDIT_SIGNATURE_BYTES])
{
	(void)context;
	(void)key_id;
	(void)data;
	(void)size;
	(void)signature;
	return 0;
}

static int tell(void *context, const struct audit_record *record)
{
	unsigned int *count = context;
	json_t *json = audit_record_to_json(record);

	if (!json)
		abort();
	json_decref(json);
	audit_line(nowhere, record);
	audit_csv_line(nowhere, record);
	audit_tell_row(nowhere, record, NULL, NULL);
	return ++*count == ROWS_MAX ? 1 : 0;
}

static void read_all(const char *path)
{
	const struct audit_filter filter = {.limit = ROWS_MAX};
	char error[AUDIT_ERROR_BYTES] = "";
	unsigned int count = 0;
	sqlite3 *db;
	int r = audit_read_open(path, &db, error);

	if (r && !*error)
		abort();
	if (r)
		return;
	audit_read(db, &filter, tell, &count, error);
	sqlite3_close(db);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct audit_verifier verifier = {.verify = trust};
	int fd = memfd_create("audit", MFD_CLOEXEC);
	struct audit_report report;
	char path[64];

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (fd < 0 || !nowhere || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!audit_verify(path, "/dev/null", &verifier, &report) && report.soundness == AUDIT_SOUND)
		abort(); /* without a head nothing is */
	read_all(path);
	close(fd);
	return 0;
}
