/* SPDX-License-Identifier: GPL-2.0-only */
/* What the running kernel offers us, asked without loading a program. */
#ifndef KERN_KERNEL_H
#define KERN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#define KERNEL_TEXT_BYTES 256

/* kernel_has_btf - whether the kernel carries its own type information. */
bool kernel_has_btf(void);

/* kernel_has_module - whether @module is loaded, or built in and visible in /sys/module. */
bool kernel_has_module(const char *module);

/*
 * kernel_can_attach - whether programs can attach to functions of @module now: it is loaded with
 * its own BTF, or built in.
 */
bool kernel_can_attach(const char *module);

/*
 * kernel_active_lsms - the comma list of /sys/kernel/security/lsm into @out.
 * Gives 0, or -errno where securityfs is not there or not readable.
 */
int kernel_active_lsms(char out[static KERNEL_TEXT_BYTES]);

/* kernel_lsm_is_active - whether @lsm is in that list; false when the list cannot be read. */
bool kernel_lsm_is_active(const char *lsm);

/* kernel_release - uname -r into @out. */
void kernel_release(char out[static KERNEL_TEXT_BYTES]);

/*
 * kernel_quiet - keeps libbpf's own messages from stderr, unless MIGWARDEN_DEBUG is in the
 * environment; the first warning since is kept for kernel_message, which is what an error message
 * of ours should quote ("" when there was none).
 */
void kernel_quiet(void);
const char *kernel_message(void);

#endif
