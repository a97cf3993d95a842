/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's own settings (/etc/migwarden/migwarden.yaml): where things are, never what is
 * allowed. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/loopback.h"
#include "base/parse_error.h"

#define SETTINGS_SCHEMA "migwarden.config/1"
#define SETTINGS_FILE_DEFAULT "/etc/migwarden/migwarden.yaml"
#define SETTINGS_FILE_MAX (1u << 20)
#define SETTINGS_POLICIES_DEFAULT "/etc/migwarden/policies.d"

/* Of a ring, in bytes: powers of two. */
#define RING_BYTES_MIN 4096
/* The verifier lets no program reach further than 512 MiB into a map. */
#define RING_BYTES_MAX (INT64_C(1) << 28)

enum log_format {
	LOG_TEXT,
	LOG_JSON, /* one object a line */
};

/* Of the libvirt hook's question to the daemon. */
#define HOOK_TIMEOUT_NS_DEFAULT INT64_C(900000000)
#define LIBVIRT_REFRESH_S_DEFAULT 21600

enum audit_mode {
	AUDIT_REQUIRED,    /* what cannot be recorded is not done, where it can wait */
	AUDIT_BEST_EFFORT, /* it is done, and recorded when that is possible */
	AUDIT_OFF,
};

/* Of the rows that are kept. */
#define AUDIT_BYTES_MIN (INT64_C(1) << 20)
#define AUDIT_BYTES_DEFAULT (INT64_C(1) << 30)
#define AUDIT_AGE_S_DEFAULT (INT64_C(400) * 86400)
/* So that it fits into 64 bits of nanoseconds. */
#define AUDIT_AGE_S_MAX (INT64_C(36500) * 86400)

struct settings {
	struct arena *arena;     /* owns every text here */
	const char *socket;      /* NULL: the daemon's default */
	const char *policies;    /* a folder, or a file */
	const char *shadow;      /* the same; NULL: none */
	int64_t gate_ring_bytes; /* 0: the usual; of a gate that is raised anew */
	int64_t observe_ring_bytes;
	enum log_format log;
	const char *libvirt_uri; /* NULL: libvirt's own default for root */
	bool libvirt_stamp;      /* whether the daemon keeps the stamps of domains fresh */
	int64_t libvirt_refresh_s;
	int64_t hook_timeout_ns;
	enum audit_mode audit;
	const char *audit_file;  /* NULL: the daemon's default */
	const char *key;         /* the same, of the host's key */
	int64_t audit_age_s;     /* older rows are removed */
	int64_t audit_bytes;     /* of all rows, before the oldest are removed */
	struct loopback metrics; /* where metrics and the page are served; port 0: nowhere */
};

/* settings_new - what holds where no file says otherwise. 0 or -ENOMEM. */
int settings_new(struct settings **out);

/*
 * settings_read_file - the same, with what @path says in it. Gives 0 and *out, the caller's;
 * -EINVAL, -errno of open or read, each with @error filled.
 */
int settings_read_file(const char *path, struct settings **out, struct parse_error *error);

/* settings_free - NULL is fine. */
void settings_free(struct settings *settings);

#define AUTO_SETTINGS __attribute__((cleanup(settings_free_ptr)))
static inline void settings_free_ptr(struct settings **settings)
{
	settings_free(*settings);
}

#endif
