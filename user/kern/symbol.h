/* SPDX-License-Identifier: GPL-2.0-only */
/* A function of the kernel as the kernel itself prints it. */
#ifndef KERN_SYMBOL_H
#define KERN_SYMBOL_H

#include "migwarden/wire.h"

struct symbol {
	char function[MW_FUNCTION_BYTES];
	char module[MW_MODULE_BYTES]; /* "" for the kernel itself */
};

/*
 * symbol_parse - takes "function [module]" or "function" apart.
 * Gives 0; -EINVAL, with *out untouched, for anything else: an address, an offset, an empty part,
 * or a module's name that is too long.
 */
int symbol_parse(const char *text, struct symbol *out);

#endif
