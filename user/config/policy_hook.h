/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a policy that the libvirt hook goes by: `trust`, `unsigned` and those beside them. */
#ifndef CONFIG_POLICY_HOOK_H
#define CONFIG_POLICY_HOOK_H

#include "config/reading.h"
#include "core/policy.h"

#define POLICY_TRUST_MAX 1024

extern const struct choice choices_remap[];
extern const struct choice choices_restore[];

/* policy_hook_key_name - the key as the file has it; static. */
const char *policy_hook_key_name(enum policy_hook_key key);

/* policy_hook_read - a field_reader: the key whose enum policy_hook_key is field->offset. */
int policy_hook_read(const struct reading *reading, const struct node *node,
		     const struct field *field, void *object);

/* policy_trust_read - a field_reader: the list of key files. */
int policy_trust_read(const struct reading *reading, const struct node *node,
		      const struct field *field, void *object);

#endif
