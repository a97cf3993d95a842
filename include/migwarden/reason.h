/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reason codes, stages and actions of a verdict (SEMANTICS 1).
 *
 * The names are the stable contract that scripts, audit rows and metrics depend on: codes are
 * added, never renamed. The numbers are a contract within one binary interface of libmigwarden
 * (version.h): what is added goes last.
 */
#ifndef MIGWARDEN_REASON_H
#define MIGWARDEN_REASON_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MW_REASONS(X)                                                                      \
	X(OK, "ok")                                                                        \
	X(PROTOCOL_V1, "protocol-v1")                                                      \
	X(NOT_MIGRATABLE, "not-migratable")                                                \
	X(CAPABILITY_INVALID, "capability-invalid")                                        \
	X(DEVICE_API_INVALID, "device-api-invalid")                                        \
	X(DEVICE_API_MISMATCH, "device-api-mismatch")                                      \
	X(NAMESPACE_MISMATCH, "namespace-mismatch")                                        \
	X(VENDOR_MISMATCH, "vendor-mismatch")                                              \
	X(DEVICE_MISMATCH, "device-mismatch")                                              \
	X(TYPE_ABSENT, "type-absent")                                                      \
	X(TYPE_MISMATCH, "type-mismatch")                                                  \
	X(CROSS_TYPE_DENIED, "cross-type-denied")                                          \
	X(ALIAS_VENDOR_MISMATCH, "alias-vendor-mismatch")                                  \
	X(NO_CAPACITY, "no-capacity")                                                      \
	X(VERSION_ABSENT, "version-absent")                                                \
	X(VERSION_MALFORMED, "version-malformed")                                          \
	X(VERSION_MISMATCH, "version-mismatch")                                            \
	X(VERSION_MAJOR, "version-major")                                                  \
	X(VERSION_MINOR_OLDER, "version-minor-older")                                      \
	X(VERSION_NOT_LISTED, "version-not-listed")                                        \
	X(RANGE_MALFORMED, "range-malformed")                                              \
	X(TEMPLATE_MALFORMED, "template-malformed")                                        \
	X(TEMPLATE_NO_MATCH, "template-no-match")                                          \
	X(OPAQUE_MISMATCH, "opaque-mismatch")                                              \
	X(FEATURE_MISSING, "feature-missing")                                              \
	X(AGGREGATOR_MISMATCH, "aggregator-mismatch")                                      \
	X(ATTRIBUTE_MISMATCH, "attribute-mismatch")                                        \
	X(ATTRIBUTE_ABSENT, "attribute-absent")                                            \
	X(ATTRIBUTE_UNCONSTRAINED, "attribute-unconstrained")                              \
	X(CAPABILITY_MISSING, "capability-missing")                                        \
	X(P2P_REQUIRED, "p2p-required")                                                    \
	X(LIMIT_EXCEEDED, "limit-exceeded")                                                \
	X(DESCRIPTOR_STALE, "descriptor-stale")                                            \
	X(DESCRIPTOR_UNSIGNED, "descriptor-unsigned")                                      \
	X(SIGNATURE_INVALID, "signature-invalid")                                          \
	X(KEY_UNTRUSTED, "key-untrusted")                                                  \
	X(DESCRIPTOR_MALFORMED, "descriptor-malformed")                                    \
	X(UNREADABLE, "unreadable")                                                        \
	X(POLICY_DENY, "policy-deny")                                                      \
	X(NO_ADMISSION, "no-admission")                                                    \
	/* The caller changed the request between our look and the kernel's (KERNEL 7). */ \
	X(STATE_BYPASS, "state-bypass")                                                    \
	/* A domain came without word of its device, or with more of it than is read. */   \
	X(DESCRIPTOR_ABSENT, "descriptor-absent")                                          \
	X(DESCRIPTOR_TOO_LARGE, "descriptor-too-large")

enum mw_reason {
#define X(id, name) MW_REASON_##id,
	MW_REASONS(X)
#undef X
	MW_REASON_COUNT_
};

/*
 * The fixed order of SEMANTICS 1. DESCRIPTOR runs before the nine (age, signature, form), RULE is
 * the choice of the rule, TEMPLATE stands in for DEVICE to ATTRIBUTES (SEMANTICS 2.6).
 */
#define MW_STAGES(X)                    \
	X(NONE, "none")                 \
	X(DESCRIPTOR, "descriptor")     \
	X(RULE, "rule")                 \
	X(PROTOCOL, "protocol")         \
	X(DEVICE_API, "device_api")     \
	X(VENDOR, "vendor")             \
	X(DEVICE, "device")             \
	X(MDEV_TYPE, "mdev_type")       \
	X(VERSION, "version")           \
	X(ATTRIBUTES, "attributes")     \
	X(TEMPLATE, "template")         \
	X(CAPABILITIES, "capabilities") \
	X(LIMITS, "limits")             \
	X(ADMISSION, "admission")

enum mw_stage {
#define X(id, name) MW_STAGE_##id,
	MW_STAGES(X)
#undef X
	MW_STAGE_COUNT_
};

/* What is done about an attempt: SEMANTICS 4 `action`, SEMANTICS 5 `verdict`. */
enum mw_action {
	MW_ACTION_ALLOW,
	MW_ACTION_DENY,
	/* Lets the attempt pass and records what enforcement would have said. */
	MW_ACTION_AUDIT,
};

/*
 * mw_reason_name - the stable code of a reason, e.g. "type-mismatch" (SEMANTICS 1).
 * Gives a static string, never NULL; "unknown" for a number outside the enum (it may come from a
 * ring record).
 */
const char *mw_reason_name(enum mw_reason reason);

/*
 * mw_reason_from_name - the reason of a stable code.
 * Gives true and writes @out; false for an unknown or NULL name, @out untouched.
 */
bool mw_reason_from_name(const char *name, enum mw_reason *out);

/* mw_stage_name - "device_api" and so on, as in verdict JSON. Static; "unknown" outside the enum.
 */
const char *mw_stage_name(enum mw_stage stage);

/* mw_action_name - "allow", "deny", "audit". Static; "unknown" outside the enum. */
const char *mw_action_name(enum mw_action action);

#ifdef __cplusplus
}
#endif

#endif
