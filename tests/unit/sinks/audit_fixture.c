// SPDX-License-Identifier: GPL-2.0-only
#include "audit_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

struct audit_fixture fixture;

static unsigned char public_half[crypto_sign_PUBLICKEYBYTES];
static unsigned char secret_half[crypto_sign_SECRETKEYBYTES];

static int sign(void *context, const void *data, size_t size,
		unsigned char signature[AUDIT_SIGNATURE_BYTES], char key_id[AUDIT_KEY_ID_BYTES])
{
	(void)context;
	if (fixture.key_is_missing)
		return -ENOENT;
	if (fixture.dies_at_signature && !--fixture.dies_at_signature)
		raise(SIGKILL);
	strcpy(key_id, "unit");
	return crypto_sign_detached(signature, NULL, data, size, secret_half);
}

static int verify(void *context, const char *key_id, const void *data, size_t size,
		  const unsigned char signature[AUDIT_SIGNATURE_BYTES])
{
	(void)context;
	if (strcmp(key_id, "unit"))
		return -ENOKEY;
	return crypto_sign_verify_detached(signature, data, size, public_half) ? -EBADMSG : 0;
}

void audit_fixture_init(void)
{
	/* Memory, where there is some: what a disk costs is not the matter here. */
	snprintf(fixture.folder, sizeof(fixture.folder), "%s/audit-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	cr_assert_not_null(mkdtemp(fixture.folder));
	snprintf(fixture.file, sizeof(fixture.file), "%s/audit.db", fixture.folder);
	snprintf(fixture.head, sizeof(fixture.head), "%s" AUDIT_HEAD_SUFFIX, fixture.file);
	cr_assert_geq(sodium_init(), 0);
	crypto_sign_keypair(public_half, secret_half);
	fixture.options = (struct audit_options){
		.file = fixture.file,
		.boot_id = "3d6f4b1e-8a53-4d0a-9f4f-0f7e2a5b7c11",
		.signer = {.sign = sign},
		.verifier = {.verify = verify},
		.busy_ms = 10,
	};
}

void audit_fixture_fini(void)
{
	char command[64];

	audit_close(fixture.audit);
	snprintf(command, sizeof(command), "rm -r %s", fixture.folder);
	cr_assert_eq(system(command), 0);
}

void audit_fixture_open(void)
{
	struct audit_status status;

	cr_assert_eq(audit_open(&fixture.options, &fixture.audit), 0);
	audit_get_status(fixture.audit, &status);
	cr_assert_eq(status.state, AUDIT_RECORDING, "%s", status.error);
}

void audit_fixture_close(void)
{
	audit_close(fixture.audit);
	fixture.audit = NULL;
}

void audit_fixture_fill(unsigned int count)
{
	static const char *const verdicts[] = {"allow", "deny", "audit"};
	static const char *const devices[] = {"0000:3b:00.1",
					      "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", NULL};

	for (unsigned int i = 0; i < count; i++) {
		const struct audit_row row = {
			.wall_ns = 1700000000000000000 + i,
			.monotonic_ns = i,
			.kind = i % 3 ? AUDIT_DECISION : AUDIT_ADMISSION,
			.device = devices[i % ARRAY_SIZE(devices)],
			.direction = i % 2 ? "incoming" : "outgoing",
			.vm = i % 5 ? "db-3" : NULL,
			.pid = i % 7,
			.verdict = verdicts[i % ARRAY_SIZE(verdicts)],
			.reason = i % 4 ? "type-mismatch" : "ok",
			.rule = i % 6 ? "/etc/migwarden/policies.d/site.yaml:14" : "",
			.rule_name = "gvt-g",
			.generation = i / 10,
			.admission = i % 3 ? 0 : i,
			.detail = "{\"n\": 1}",
		};

		cr_assert_eq(audit_append(fixture.audit, &row), 0);
	}
}

static sqlite3 *connect_as_enemy(void)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(fixture.file, &db), SQLITE_OK);
	return db;
}

void audit_fixture_sql(const char *format, ...)
{
	sqlite3 *db = connect_as_enemy();
	va_list args;
	char *sql;

	va_start(args, format);
	sql = sqlite3_vmprintf(format, args);
	va_end(args);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
		     sqlite3_errmsg(db));
	sqlite3_free(sql);
	sqlite3_close(db);
}

int64_t audit_fixture_number(const char *sql)
{
	sqlite3 *db = connect_as_enemy();
	sqlite3_stmt *statement;
	int64_t number;

	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
		     sqlite3_errmsg(db));
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

struct audit_report audit_fixture_verify(void)
{
	struct audit_report report;

	cr_assert_eq(audit_verify(fixture.file, NULL, &fixture.options.verifier, &report), 0, "%s",
		     report.why);
	return report;
}
