/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of the running kernel and of its modules, by name, as their BTF has them. libbpf
 * goes through all of it for each program that it loads; here it is read once for all of them.
 */
#ifndef KERN_KERNEL_TYPES_H
#define KERN_KERNEL_TYPES_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program;
struct kernel_types;

/*
 * kernel_types_open - the functions there are now; modules that come later are found too. There is
 * one for the process: as long as it is open, another call gives the same. Programs whose section
 * is fentry, fexit, fmod_ret, lsm or tp_btf can be loaded while it is open, and not without it;
 * objects with such programs are opened after the first call. Gives NULL with errno where the
 * kernel has no BTF, it may not be read, or there is no memory.
 */
struct kernel_types *kernel_types_open(void);

/* kernel_types_close - one close for each open; NULL is fine. */
void kernel_types_close(struct kernel_types *types);

/* kernel_has_function - whether @function can be attached to: the kernel has it, or a module. */
bool kernel_has_function(struct kernel_types *types, const char *function);

/*
 * kernel_function_type - the number of the type of @function among those of the kernel itself; 0
 * where it has none of that name.
 */
uint32_t kernel_function_type(struct kernel_types *types, const char *function);

/*
 * kernel_types_aim - what a program is attached to whose section does not say it. @function stays
 * the caller's, and as it is until the program is loaded. Gives 0, -ENOENT where there is no such
 * function, or -ENOMEM.
 */
int kernel_types_aim(struct kernel_types *types, const struct bpf_program *program,
		     const char *function);

/* For AUTO_TYPES: until the end of the block. */
static inline void kernel_types_close_ptr(struct kernel_types **types)
{
	kernel_types_close(*types);
}
#define AUTO_TYPES __attribute__((cleanup(kernel_types_close_ptr)))

#endif
