/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The audit: what was decided and done on this host, one row each, chained by hash and signed
 * (docs/audit.md). SQLite holds it; each append is a transaction that is on the disk when it
 * returns. One process writes, any number may read.
 *
 * The row of an effect is written before the effect, and another one, its answer, after it.
 */
#ifndef SINKS_AUDIT_H
#define SINKS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_FILE_DEFAULT "/var/lib/migwarden/audit.db"
/* The last signed checkpoint, in a file of its own beside the database. */
#define AUDIT_HEAD_SUFFIX ".head"
#define AUDIT_HASH_BYTES 32
#define AUDIT_SIGNATURE_BYTES 64
#define AUDIT_KEY_ID_BYTES 17
#define AUDIT_ERROR_BYTES 512
#define AUDIT_POLICY_BYTES 65 /* BLAKE2b-256 in hex */

/* Rows kept in memory while the database cannot take them; beyond that they are only counted. */
#define AUDIT_PENDING_MAX 1024
/* Every so many rows a checkpoint stays for good, and the head is written. */
#define AUDIT_CHECKPOINT_ROWS 64

/* Kinds of rows. Stable: add, never rename. */
#define AUDIT_BEGIN "begin"         /* the database was made */
#define AUDIT_START "start"         /* of the daemon */
#define AUDIT_STOP "stop"           /* of the daemon, in order */
#define AUDIT_RAISE "raise"         /* the gate is raised or adopted */
#define AUDIT_DECISION "decision"   /* of the gate */
#define AUDIT_ADMISSION "admission" /* a verdict is written into the gate */
#define AUDIT_REVOKE "revoke"       /* and taken back */
#define AUDIT_RELOAD "reload"       /* a policy is put in force */
#define AUDIT_RELEASE "release"     /* the gate is taken down on purpose */
#define AUDIT_ANSWER "answer"       /* how the effect of the row that it refers to went */
#define AUDIT_INCIDENT "incident"   /* somebody tried to get past the gate, or at it, or at this */
#define AUDIT_SESSION "session"     /* a migration has ended */
#define AUDIT_GAP "gap"             /* rows that could not be recorded, counted */
#define AUDIT_RETENTION "retention" /* old rows were removed by rule */
#define AUDIT_TALLY "tally"         /* so many more like rows before it, counted */

/* All of them, to a NULL. */
extern const char *const audit_kinds[];

/* What the host's key signs, so that it is no signature of anything else. */
#define AUDIT_KEY_CONTEXT "migwarden.audit.checkpoint/1"

/* AUDIT_INCIDENT, reason: the store found rows or files that are not as it left them. */
#define AUDIT_TAMPERED "audit-tampered"

/* One row. Texts are borrowed; NULL, and 0 in a number but seq and wall_ns, is "not known". */
struct audit_row {
	uint64_t seq;          /* from 1, without holes; the store gives it */
	int64_t wall_ns;       /* CLOCK_REALTIME of what the row tells, not of its writing */
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC of the same, in that boot */
	const char *boot_id;   /* the store gives it */
	const char *kind;
	uint64_t refers; /* AUDIT_ANSWER: seq of the intent */
	const char *device;
	const char *direction; /* "incoming", "outgoing" */
	const char *vm;
	const char *vm_uuid;
	int64_t pid;
	const char *comm;
	const char *exe;
	const char *verdict; /* "allow", "deny", "audit"; of an answer "done", "failed" */
	const char *reason;
	const char *rule; /* file:line */
	const char *rule_name;
	const char *policy; /* BLAKE2b of the policy in force, hex */
	uint64_t generation;
	uint64_t admission;
	const char *pair;   /* {"source": …, "dest": …}, the two descriptors */
	const char *detail; /* a JSON object; keys by kind */
};

/* Who vouches for it; the layer of this file knows no keys. */
struct audit_signer {
	void *context;
	/* 0 and the id of the key that signed, or -errno. */
	int (*sign)(void *context, const void *data, size_t size,
		    unsigned char signature[AUDIT_SIGNATURE_BYTES],
		    char key_id[AUDIT_KEY_ID_BYTES]);
};

struct audit_verifier {
	void *context;
	/* 0; -EBADMSG when the key of that id did not sign it; -ENOKEY when it is not known;
	 * -errno. */
	int (*verify)(void *context, const char *key_id, const void *data, size_t size,
		      const unsigned char signature[AUDIT_SIGNATURE_BYTES]);
};

/* Events that may come without end, as long as somebody wants: how they are alike. Texts may be
 * NULL. */
struct audit_like {
	const char *kind;
	const char *device;
	const char *direction;
	const char *verdict;
	const char *reason;
	const char *what; /* the state asked for, the piece that was reached for, ... */
	uint64_t generation;
	uint64_t cgroup_id;
};

/* One more of them, or several. */
struct audit_again {
	int64_t wall_ns;
	uint64_t monotonic_ns; /* of the event */
	uint64_t now_ns;       /* CLOCK_MONOTONIC */
	int64_t pid;
	uint64_t admission; /* each try may have a new one: of several none is named */
	uint64_t count;
	uint64_t total; /* replaces the detail's "total"; 0: it has none */
};

/* Rows of their own, before the rest is counted. */
#define AUDIT_LIKE_ROWS 32
/*
 * How long it is counted for one row, at first and at most: each time twice as long. A quarter of
 * it without an event ends it early; and after the longest time without one it is a new matter.
 */
#define AUDIT_WINDOW_MIN_NS (60ull * 1000000000)
#define AUDIT_WINDOW_MAX_NS (3600ull * 1000000000)
/* How many are told apart: in all, and of one device. Beyond, only the device is kept; and beyond
 * that, not even that. */
#define AUDIT_TALLIES_MAX 128
#define AUDIT_DEVICE_TALLIES_MAX 8
/*
 * One that has rows left, counted nothing and was quiet that long makes room for another, which
 * gets what is left of its rows: however many take turns, a place never gives more than
 * AUDIT_LIKE_ROWS before it was quiet for AUDIT_WINDOW_MAX_NS.
 */
#define AUDIT_QUIET_NS 1000000000ull

struct audit_options {
	const char *file;
	const char *boot_id;
	struct audit_signer signer;
	struct audit_verifier verifier; /* of what an earlier process has signed */
	int64_t age_max_ns;             /* older rows are removed; 0: never */
	uint64_t bytes_max;             /* of the rows in the database; 0: no end */
	int busy_ms; /* how long another process may hold the database before we go on */
	/* Hears of each row that closes a tally, when it is queued; may be NULL. Borrowed. */
	void (*on_tally)(const struct audit_row *row);
};

enum audit_state {
	AUDIT_RECORDING,
	AUDIT_FAILING, /* they could not be written last time: they wait, or are lost and counted */
};

struct audit_status {
	enum audit_state state;
	const char *file;
	const char *key_id; /* that has signed; "" */
	uint64_t rows;      /* number of the last one */
	uint64_t head;      /* the last that the head vouches for */
	size_t pending;
	uint64_t lost;     /* since the start */
	uint64_t tallied;  /* events that were counted and have no row of their own, since then */
	size_t tallies;    /* that are open: not told by a row yet */
	const char *error; /* the last one; "" */
};

struct audit;

/*
 * audit_open - opens the store, makes it where there is none (its folder must exist), brings an
 * older schema up to date. One that is damaged is set aside under another name, and that is the
 * first thing the new one tells. Gives 0 and *out, the caller's, also where the file cannot be used
 * now: then the state is AUDIT_FAILING and audit_retry tries again. -ENOMEM.
 */
int audit_open(const struct audit_options *options, struct audit **out);

/* audit_close - writes the head, and what waits if it can be written now. NULL is fine. */
void audit_close(struct audit *audit);

/*
 * audit_intend - a row that must be on the disk before the effect it tells of. Gives 0 and *seq, or
 * -errno: nothing was recorded, and nothing will be.
 */
int audit_intend(struct audit *audit, const struct audit_row *row, uint64_t *seq);

/*
 * audit_append - a row that tells of what has happened anyway. Gives 0 when it is on the disk; else
 * -errno, and it waits in memory, or is counted as lost.
 */
int audit_append(struct audit *audit, const struct audit_row *row);

/*
 * audit_queue - as audit_append, but it waits for the next audit_retry, which writes all that wait
 * in one transaction.
 */
void audit_queue(struct audit *audit, const struct audit_row *row);

/*
 * audit_repeats - whether an event is one of so many alike that it gets no row: then it is counted,
 * and the count is on the disk after the next audit_retry. False: it gets one, by audit_queue_like.
 */
bool audit_repeats(struct audit *audit, const struct audit_like *like,
		   const struct audit_again *again);

/* audit_queue_like - as audit_queue, and remembers that such a one was, now. */
void audit_queue_like(struct audit *audit, const struct audit_row *row,
		      const struct audit_like *like, uint64_t now_ns);

/*
 * audit_tallies_close - queues the row of each tally that is over at @now_ns, or of @all. Not while
 * rows cannot be written: what is counted loses nothing by going on.
 */
void audit_tallies_close(struct audit *audit, uint64_t now_ns, bool all);

/* audit_tallies_next_ns - CLOCK_MONOTONIC when the next one is over; 0: none is open. */
uint64_t audit_tallies_next_ns(const struct audit *audit);

/*
 * audit_mark - what was queued and counted so far tells of all that a ring held before @position,
 * and of @monotonic_ns at the latest; kept in the same transaction. audit_is_marked - whether an
 * earlier process of this boot has told of that place of the ring already.
 */
void audit_mark(struct audit *audit, uint64_t position, uint64_t monotonic_ns);
bool audit_is_marked(const struct audit *audit, uint64_t position, uint64_t monotonic_ns);

/* audit_needs_retry - whether rows wait, or a loss is not recorded yet. */
bool audit_needs_retry(const struct audit *audit);

/* audit_retry - tries to write what waits. 0 when nothing waits any more, or -errno. */
int audit_retry(struct audit *audit);

/*
 * audit_settle - writes the head when rows have come since, so that a tail that is cut off is
 * missed. 0 or -errno.
 */
int audit_settle(struct audit *audit);

/* audit_get_status - borrowed texts, until the next call. */
void audit_get_status(const struct audit *audit, struct audit_status *out);

/* What the row of an admission says of it. All malloc'ed; NULL is "not known". */
struct audit_admission {
	char *pair;
	char *rule;
	char *rule_name;
	char *explanation;
};

/*
 * audit_admission_find - the newest admission of that id and device, by whichever daemon of this
 * boot. Gives whether there is one; @out is to be freed by audit_admission_free either way.
 */
bool audit_admission_find(struct audit *audit, uint64_t admission, const char *device,
			  struct audit_admission *out);

/* audit_admission_free - leaves an empty one. */
void audit_admission_free(struct audit_admission *admission);

/*
 * audit_policy_find - the policy (its BLAKE2b) that was that generation in this boot. False when no
 * recent row says so.
 */
bool audit_policy_find(struct audit *audit, uint64_t generation,
		       char out[static AUDIT_POLICY_BYTES]);

/*
 * audit_ring_lost_find - how many losses in the gate's ring this boot's rows tell of: "total" of
 * the newest AUDIT_GAP, or tally of such, with "where": "ring". 0 when none does.
 */
uint64_t audit_ring_lost_find(struct audit *audit);

#endif
