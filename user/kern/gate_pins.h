/* SPDX-License-Identifier: GPL-2.0-only */
/* The gate's pieces in bpffs: a folder of ours that appears whole, or not at all. */
#ifndef KERN_GATE_PINS_H
#define KERN_GATE_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "kern/gate.h"

#define PINS_FOLDER GATE_PIN_ROOT "/" GATE_PIN_NAME
/* Beside the real one (bpffs allows no dot); a crash leaves it, and the next start removes it. */
#define PINS_NEW_FOLDER PINS_FOLDER "_new"
#define PINS_PATH_BYTES 256

/* What a pin is of, in its name: link_hook_ioctl, map_ring. */
#define LINK_KIND "link"
#define MAP_KIND "map"

/*
 * The program of the shield that notes whom it may let in. Whatever else of a shield stands while
 * this one does not lets nobody in any more, so of each shield it is pinned first and goes last.
 */
#define PINS_KEEPER "shield_exec"

/* pins_root_is_bpffs - whether a bpffs is mounted on GATE_PIN_ROOT. */
bool pins_root_is_bpffs(void);

/* pins_exist - whether a gate is pinned. */
bool pins_exist(void);

/* pins_are_begun - whether one was being pinned when its process was killed: it acts as well. */
bool pins_are_begun(void);

/* pins_path - FOLDER/KIND_NAME into @out. Gives @out. */
const char *pins_path(char out[static PINS_PATH_BYTES], const char *folder, const char *kind,
		      const char *name);

/* pins_begin - an empty folder to pin into, mode 0700, its path into @folder. 0 or -errno. */
int pins_begin(char folder[static PINS_PATH_BYTES]);

/* pins_commit - gives the folder its name: from now on the gate is pinned. 0 or -errno. */
int pins_commit(const char *folder);

/*
 * pins_abandon - removes a folder that was begun and never committed, a dead process's too. 0,
 * -ENOENT, or -errno.
 */
int pins_abandon(void);

typedef bool (*pins_choice)(const void *context, const char *name);

/* pins_remove_chosen - removes the pins of one kind whose name, without the kind, is chosen. 0 or
 * -errno. */
int pins_remove_chosen(const char *folder, const char *kind, pins_choice choice,
		       const void *context);

/* pins_remove_kind - removes the pins of one kind, PINS_KEEPER last. 0 or -errno. */
int pins_remove_kind(const char *folder, const char *kind);

/* pins_remove - removes a folder of pins and all in it, PINS_KEEPER last. 0, -ENOENT, or -errno. */
int pins_remove(const char *folder);

#endif
