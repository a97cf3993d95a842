/* SPDX-License-Identifier: GPL-2.0-only */
/* The JSON Schema of a descriptor file, for editors and validators. */
#ifndef CLI_DESCRIBE_SCHEMA_H
#define CLI_DESCRIBE_SCHEMA_H

/* JSON Schema (draft 2020-12) of `migwarden.descriptor/1` (SEMANTICS 3), ends with a newline. */
extern const char describe_schema[];

#endif
