// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/settings.h"

#define HEAD "schema: migwarden.config/1\n"

static char path[] = "/tmp/settings-XXXXXX";
static struct settings *settings;
static struct parse_error error;

static void set_up(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void tear_down(void)
{
	settings_free(settings);
	unlink(path);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static int read_back(const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
	return settings_read_file(path, &settings, &error);
}

static void refused(const char *text, unsigned int line, unsigned int column, const char *why)
{
	cr_assert_neq(read_back(text), 0, "it was read: %s", text);
	cr_assert_null(settings);
	cr_assert_str_eq(error.file, path);
	cr_assert_eq(error.line, line, "%u: %s", error.line, error.text);
	cr_assert_eq(error.column, column, "%u: %s", error.column, error.text);
	cr_assert_not_null(strstr(error.text, why), "%s", error.text);
}

Test(settings, a_schema_alone_gives_the_defaults)
{
	cr_assert_eq(read_back(HEAD), 0, "%s", error.text);
	cr_assert_str_eq(settings->policies, SETTINGS_POLICIES_DEFAULT);
	cr_assert_null(settings->socket);
	cr_assert_null(settings->shadow);
	cr_assert_eq(settings->gate_ring_bytes, 0);
	cr_assert_eq(settings->log, LOG_TEXT);
	cr_assert_eq(settings->audit, AUDIT_REQUIRED);
	cr_assert_null(settings->audit_file);
	cr_assert_null(settings->key);
	cr_assert_eq(settings->audit_age_s, 400 * 86400);
	cr_assert_eq(settings->audit_bytes, 1 << 30);
	cr_assert_eq(settings->metrics.port, 0);
}

Test(settings, every_key_is_taken)
{
	cr_assert_eq(read_back(HEAD
			       "socket: /run/a.sock\npolicies: /srv/p\nshadow: /srv/next.yaml\n"
			       "rings: {gate: 64KiB, observe: 8MiB}\nlog: json\n"
			       "audit:\n  mode: best-effort\n  file: /srv/a.db\n"
			       "  keep: {age: 90d, size: 64MiB}\nkey: /srv/k\n"
			       "metrics: {listen: \"[::1]:9750\"}\n"),
		     0, "%s", error.text);
	cr_assert_str_eq(settings->socket, "/run/a.sock");
	cr_assert_str_eq(settings->policies, "/srv/p");
	cr_assert_str_eq(settings->shadow, "/srv/next.yaml");
	cr_assert_eq(settings->gate_ring_bytes, 65536);
	cr_assert_eq(settings->observe_ring_bytes, 8 << 20);
	cr_assert_eq(settings->log, LOG_JSON);
	cr_assert_eq(settings->audit, AUDIT_BEST_EFFORT);
	cr_assert_str_eq(settings->audit_file, "/srv/a.db");
	cr_assert_str_eq(settings->key, "/srv/k");
	cr_assert_eq(settings->audit_age_s, 90 * 86400);
	cr_assert_eq(settings->audit_bytes, 64 << 20);
	cr_assert(settings->metrics.is_ipv6);
	cr_assert_eq(settings->metrics.port, 9750);
}

Test(settings, what_is_wrong_is_named_at_its_place)
{
	refused("log: text\n", 1, 1, "expected a configuration with a key \"schema\"");
	refused("schema: migwarden.policy/1\n", 1, 9, "migwarden.config/1");
	refused(HEAD "sockets: /run/a\n", 2, 1,
		"expected a key of a configuration (schema, socket,");
	refused(HEAD "socket: run/a\n", 2, 9, "expected a path from / on");
	refused(HEAD "log: xml\n", 2, 6, "expected one of text, json");
	refused(HEAD "rings: {gate: 3MiB}\n", 2, 15, "expected a power of two from 4KiB to 256MiB");
	refused(HEAD "rings: {gate: 2KiB}\n", 2, 15, "expected a power of two");
	refused(HEAD "rings: {gate: 512MiB}\n", 2, 15, "expected a power of two");
	refused(HEAD "rings: {gate: many}\n", 2, 15, "expected a size");
	refused(HEAD "audit: off\n", 2, 8, "expected audit");
	refused(HEAD "audit: {mode: maybe}\n", 2, 15, "expected one of required, best-effort, off");
	refused(HEAD "audit: {keep: {age: 0s}}\n", 2, 21, "expected a time up to 36500d");
	refused(HEAD "audit: {keep: {age: 36501d}}\n", 2, 21, "expected a time up to 36500d");
	refused(HEAD "audit: {keep: {size: 1KiB}}\n", 2, 22, "expected a size of 1MiB or more");
	refused(HEAD "audit: {file: a.db}\n", 2, 15, "expected a path from / on");
	refused(HEAD "log: text\nlog: json\n", 3, 1, "expected each key once");
	refused(HEAD "metrics: {listen: 0.0.0.0:9750}\n", 2, 19, "expected 127.0.0.1:PORT or");
	refused(HEAD "metrics: {listen: localhost:9750}\n", 2, 19, "expected 127.0.0.1:PORT or");
	refused(HEAD "metrics: {}\n", 2, 10, "expected metrics with a key \"listen\"");
	refused(HEAD "metrics: 127.0.0.1:9750\n", 2, 10, "expected metrics");
	refused("", 1, 1, "expected a configuration, got an empty file");
}

Test(settings, what_concerns_libvirt_has_its_defaults)
{
	cr_assert_eq(read_back(HEAD), 0);
	cr_assert_null(settings->libvirt_uri);
	cr_assert_not(settings->libvirt_stamp);
	cr_assert_eq(settings->libvirt_refresh_s, 21600);
	cr_assert_eq(settings->hook_timeout_ns, 900000000);
}

Test(settings, what_concerns_libvirt_is_read)
{
	cr_assert_eq(read_back(HEAD "libvirt: {connect: 'qemu:///session', stamp: true, "
				    "refresh: 1h, hook-timeout: 2s}\n"),
		     0, "%s", error.text);
	cr_assert_str_eq(settings->libvirt_uri, "qemu:///session");
	cr_assert(settings->libvirt_stamp);
	cr_assert_eq(settings->libvirt_refresh_s, 3600);
	cr_assert_eq(settings->hook_timeout_ns, 2000000000);
}

Test(settings, what_is_wrong_with_libvirt_is_named_at_its_place)
{
	refused(HEAD "libvirt: {stamp: 1}\n", 2, 18, "expected true or false");
	refused(HEAD "libvirt: {refresh: 0s}\n", 2, 20, "expected more than no time at all");
	refused(HEAD "libvirt: {hook-timeout: soon}\n", 2, 25, "expected a duration");
	refused(HEAD "libvirt: {uri: a}\n", 2, 11,
		"expected a key of libvirt (connect, stamp, refresh, hook-timeout)");
}

Test(settings, a_file_that_is_not_there_is_named)
{
	cr_assert_eq(settings_read_file("/nonexistent/migwarden.yaml", &settings, &error), -ENOENT);
	cr_assert_str_eq(error.file, "/nonexistent/migwarden.yaml");
}
