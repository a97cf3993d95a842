/* SPDX-License-Identifier: GPL-2.0-only */
/* The core's objects behind the opaque types of the public headers. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

#include "base/parse_error.h"
#include "core/descriptor.h"
#include "core/policy.h"
#include "core/verdict.h"
#include "migwarden/verdict.h"

/* The opaque types are never defined: a handle is the address of the core's object. */
#define HANDLE(type)                                                           \
	static inline struct type *type##_of(const struct mw_##type *handle)   \
	{                                                                      \
		return (struct type *)(void *)(uintptr_t)handle;               \
	}                                                                      \
	static inline struct mw_##type *type##_handle(const struct type *type) \
	{                                                                      \
		return (struct mw_##type *)(void *)(uintptr_t)type;            \
	}

HANDLE(descriptor)
HANDLE(policy)
HANDLE(verdict)

/*
 * error_give - hands a copy of @error over when the caller wants one. Gives @r.
 */
int error_give(int r, const struct parse_error *error, struct mw_error **out);

#endif
