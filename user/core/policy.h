/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy as data (SEMANTICS 4): what user/config reads from YAML and what compare judges by.
 * policy_check says what is wrong with it as a whole, policy_compile makes it fast.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/parse_error.h"
#include "migwarden/reason.h"

#define POLICY_SCHEMA "migwarden.policy/1"

/* Where in the policy file something stands; line 0 is the built-in policy. */
struct position {
	unsigned int line;
	unsigned int column;
};

enum policy_mode {
	POLICY_ENFORCE,
	POLICY_AUDIT,
};

/* What becomes of who changes a request while it is judged (`on-bypass`, DESIGN 2). */
enum policy_bypass {
	BYPASS_REFUSE, /* gets no data fd */
	BYPASS_KILL,   /* and is killed */
};

/* How two values are compared (SEMANTICS 2); not every one fits every field. */
enum comparator {
	COMPARE_AUTO, /* version only */
	COMPARE_EQUAL,
	COMPARE_NUMERIC,
	COMPARE_AT_LEAST,
	COMPARE_XYZ, /* version only */
	COMPARE_RANGES,
	COMPARE_TEMPLATE,   /* version only */
	COMPARE_NAMESPACED, /* version only */
	COMPARE_OPAQUE,
	COMPARE_SUPERSET, /* attributes only */
	COMPARE_IGNORE,   /* attributes only */
};

/* SEMANTICS 2.5. */
enum direction {
	DIRECTION_DESTINATION_ACCEPTS,
	DIRECTION_SOURCE_OFFERS,
	DIRECTION_MUTUAL,
};

enum type_rule {
	TYPE_EQUAL,
	TYPE_CROSS,
	TYPE_TRAITS,
};

struct alias_group {
	const char *name;
	const char *vendor; /* canonical hex */
	const char **drivers;
	size_t driver_count;
	const char *file; /* of a policy that came in several; NULL: the policy's */
	struct position position;
};

struct type_pair {
	const char *from;
	const char *to;
	struct position position;
};

struct attribute_rule {
	const char *name;
	enum comparator comparator;
	const char *separator; /* superset; default "+" */
	const char *absent;    /* the value that absent and "" stand for; NULL: absent is absent */
	struct position position;
};

/* fnmatch patterns over the source, or the device itself; NULL matches anything. */
struct rule_match {
	const char *device_api;
	const char *vendor;
	const char *device_id;
	const char *driver;
	const char *mdev_type;
	const char *device; /* its name; of device_default alone */
};

/* What a device has that no admission covers, where it is not what all have (`devices`). */
struct device_default {
	struct rule_match match;
	/* ALLOW or DENY; as all have it where the position's line is 0. */
	enum mw_action incoming;
	enum mw_action outgoing;
	struct position incoming_position;
	struct position outgoing_position;
	struct position position;
};

/* What policy_compile makes of one rule; private to the core. */
struct rule_plan;

struct rule_limits {
	int64_t stop_copy_bytes;  /* -1: no limit */
	int64_t downtime_ns;      /* -1: no limit */
	int64_t descriptor_age_s; /* -1: no limit; key `descriptor-age` */
};

struct rule {
	const char *name;
	struct rule_match match;

	bool parent_ignore;
	enum type_rule type;
	struct type_pair *cross; /* TYPE_CROSS */
	size_t cross_count;
	enum comparator version;
	enum direction direction;
	struct attribute_rule *attributes; /* in file order */
	size_t attribute_count;
	bool unconstrained_warn; /* default: deny in enforce mode, warn in audit mode */
	bool unconstrained_set;  /* the policy names `unconstrained` */
	uint32_t capabilities;   /* enum migration_capability; default STOP_COPY */
	struct rule_limits limits;
	enum mw_action action;

	/* Where each part stands, for "file:line" in a verdict; falls back to the rule's own. */
	const char *file; /* of a policy that came in several; NULL: the policy's */
	struct position position;
	struct position parent_position;
	struct position type_position;
	struct position version_position;
	struct position capabilities_position;
	struct position limits_position;

	const struct rule_plan *plan; /* policy_compile; NULL without it */
};

/* What becomes of a device whose own mdev is not there, or taken (`remap`). */
enum policy_remap {
	REMAP_OFF,    /* the device that the domain names, or none */
	REMAP_UUID,   /* a free mdev of this host */
	REMAP_CREATE, /* the same; one is made where none is free */
};

/* A domain that libvirt restores from a saved image (`restore`). */
enum policy_restore {
	RESTORE_ALLOW, /* admitted unseen: it comes back to where it was */
	RESTORE_JUDGE, /* as one that migrates, but for the age of its stamps */
};

/* What is asked of the domains that libvirt brings here; each is a key of the policy. */
enum policy_hook_key {
	HOOK_UNSIGNED,       /* `unsigned`: enum mw_action */
	HOOK_STAMP_MAX_AGE,  /* `stamp-max-age`: seconds */
	HOOK_REMAP,          /* `remap`: enum policy_remap */
	HOOK_WITHOUT_DAEMON, /* `hook-without-daemon`: MW_ACTION_ALLOW or MW_ACTION_DENY */
	HOOK_RESTORE,        /* `restore`: enum policy_restore */
	HOOK_ADMISSION_TTL,  /* `admission-ttl`: seconds, at most POLICY_ADMISSION_TTL_S_MAX */
	HOOK_KEYS,
};

#define STAMP_MAX_AGE_S_DEFAULT 86400
#define POLICY_ADMISSION_TTL_S_DEFAULT 300
#define POLICY_ADMISSION_TTL_S_MAX 86400

struct policy_hook {
	int64_t value;
	struct position position; /* line 0 where the policy does not say */
	const char *file;         /* of a policy that came in several; NULL: the policy's */
};

/* A file of public keys (`trust`). */
struct policy_trust {
	const char *path;
	const char *file; /* as in policy_hook */
	struct position position;
};

/* BLAKE2b-256 in hex, with its NUL. */
#define POLICY_DIGEST_BYTES 65

struct policy {
	struct arena *arena; /* owns every pointer here */
	/* As given on the command line, a folder where it came in several; "built-in" for the
	 * default. */
	const char *file;
	/* What policy_read_path read, in order, and the digest of their bytes one behind the other.
	 */
	const char **files;
	size_t file_count;
	char digest[POLICY_DIGEST_BYTES]; /* "" where nobody took it */
	enum policy_mode mode;
	struct position mode_position; /* line 0 where the policy does not say */
	const char *mode_file;         /* of a policy that came in several; NULL: @file */
	enum policy_bypass on_bypass;
	struct position on_bypass_position; /* as mode_position */
	const char *on_bypass_file;         /* as mode_file */
	enum mw_action incoming;            /* ALLOW or DENY, when no admission covers the device */
	enum mw_action outgoing;
	struct position incoming_position;
	struct position outgoing_position;
	struct device_default *device_defaults; /* the first that fits the device counts */
	size_t device_default_count;
	struct position device_defaults_position;
	const char *defaults_file; /* as mode_file */
	struct policy_hook hook[HOOK_KEYS];
	struct policy_trust *trust; /* whose signatures count; user/host/key.h reads them */
	size_t trust_count;
	struct alias_group *aliases;
	size_t alias_count;
	struct rule *rules;
	size_t rule_count;
};

/* policy_new - an empty policy (enforce, incoming deny, outgoing allow). 0 or -ENOMEM. */
int policy_new(struct policy **out);

/* policy_free - NULL is fine. */
void policy_free(struct policy *policy);

#define AUTO_POLICY __attribute__((cleanup(policy_free_ptr)))
static inline void policy_free_ptr(struct policy **policy)
{
	policy_free(*policy);
}

/*
 * policy_default - the built-in policy of SEMANTICS 5: all defaults, one rule `default` that
 * matches everything, version auto, attributes equal. 0 or -ENOMEM.
 */
int policy_default(struct policy **out);

/*
 * policy_rule_init - a rule with every default of SEMANTICS 4 in it, before a reader fills it.
 *
 * Attributes that an attribute_rule names must be there on both sides, or have an `absent` value,
 * else attribute-absent; so must the facts driver_version and firmware_version, which can be named
 * like attributes. `ranges` reads its list from the attribute NAME_compatible, as SEMANTICS 2.4
 * does for interface_version. aggregator (integer, absent 1, SEMANTICS 2.11) and pv_mode (absent
 * none, 2.7) have their defaults with and without an attribute_rule.
 *
 * Attributes that no attribute_rule names compare `equal` where both sides carry them
 * (attribute-mismatch; a warning under an explicit `unconstrained: warn`). Where one side only
 * carries them they are unconstrained: refused with attribute-unconstrained in enforce mode, a
 * warning in audit mode and under `unconstrained: warn` (SEMANTICS 0 and 2.6: what is missing is
 * never "nothing to compare", whichever side lacks it).
 *
 * A comparator that the policy names for `version` needs a version on both sides (2.1 says so for
 * namespaced): only `auto` passes, with a warning, where neither side has one.
 */
void policy_rule_init(struct rule *rule);

/*
 * policy_check - what can only be seen over the whole policy: duplicate rule or alias names, a
 * driver in two alias groups, a rule or a device's default that an earlier one always shadows.
 * Gives 0, or -EINVAL with
 * @error at the offending place.
 */
int policy_check(const struct policy *policy, struct parse_error *error);

/*
 * policy_compile - prepares what compare() would work out again for each pair (globs, the order of
 * the attribute rules). Optional; to be called last, once nothing in the policy changes any more.
 * Gives 0 or -ENOMEM (the policy works, more slowly).
 */
int policy_compile(struct policy *policy);

/*
 * policy_downtime_ns - the shortest limits.downtime of its rules, for what no rule is known of; 0
 * where none has one.
 */
uint64_t policy_downtime_ns(const struct policy *policy);

/* Names as in the policy file; static; NULL outside the enum. *_from_name: false when unknown. */
const char *comparator_name(enum comparator comparator);
bool comparator_from_name(const char *name, enum comparator *out);
const char *direction_name(enum direction direction);
bool direction_from_name(const char *name, enum direction *out);

#endif
