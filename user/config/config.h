/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files to core data and back: descriptors (JSON), policies (YAML), verdicts (JSON). Every reader
 * refuses with file, line and column and what was expected there; on failure *out is untouched.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stddef.h>

#include <jansson.h>

#include "base/parse_error.h"
#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"

#define DESCRIPTOR_FILE_MAX (1u << 20)
#define POLICY_FILE_MAX (16u << 20)

/*
 * descriptor_read_file - reads one descriptor; "-" is standard input.
 * Gives 0 and *out (the caller's); -EINVAL, -errno of open/read, each with @error filled.
 */
int descriptor_read_file(const char *path, struct descriptor **out, struct parse_error *error);

/* descriptor_read_text - the same from memory; @name stands for the file in errors. */
int descriptor_read_text(const char *name, const char *text, size_t length, struct descriptor **out,
			 struct parse_error *error);

/*
 * descriptor_to_json - the descriptor in the form of SEMANTICS 3, keys in its order, `null` for
 * unknown. A new reference, or NULL (no memory). What it gives reads back equal; only a value that
 * is not UTF-8 becomes unreadable (EILSEQ), since repaired it could equal another one.
 */
json_t *descriptor_to_json(const struct descriptor *descriptor);

/* policy_read_file - as descriptor_read_file, for a policy (policy_check included). */
int policy_read_file(const char *path, struct policy **out, struct parse_error *error);

/* policy_read_text - the same from memory. */
int policy_read_text(const char *name, const char *text, size_t length, struct policy **out,
		     struct parse_error *error);

/*
 * policy_read_path - a file, or a folder of which every *.yaml counts, in name order: the rules of
 * each come behind those of the one before it, and so do aliases; `mode` and `defaults` may stand
 * in one of them only. Sets files and digest too. Errors as policy_read_file.
 */
int policy_read_path(const char *path, struct policy **out, struct parse_error *error);

/* policy_to_yaml - normalised; reads back to the same policy. malloc'ed text, or NULL. */
char *policy_to_yaml(const struct policy *policy);

/*
 * verdict_to_json - the object of SEMANTICS 5. A value that is not there is null, and so is `stage`
 * when none failed. Further keys: `field`, `direction`, `rule_name`, `create_type`, and `stages`,
 * each stage's stage_result_name. A new reference, or NULL (no memory).
 */
json_t *verdict_to_json(const struct verdict *verdict);

/* stage_result_name - "passed", "warning", "skipped", "failed", "not-evaluated". Static. */
const char *stage_result_name(enum stage_result result);

/*
 * descriptor_schema_json, policy_schema_json - the JSON Schema (2020-12) of such a file, made from
 * the tables that read it. malloc'ed text that ends without a newline, or NULL (no memory).
 */
char *descriptor_schema_json(void);
char *policy_schema_json(void);

#endif
