/* SPDX-License-Identifier: GPL-2.0-only */
/* The uAPI's own words for the numbers in a record. All give static text. */
#ifndef CORE_NAMES_H
#define CORE_NAMES_H

#include <stdint.h>

/* ioctl_name - "RESET" for VFIO_DEVICE_RESET (linux/vfio.h); NULL for a number that is not ours. */
const char *ioctl_name(uint32_t cmd);

/* feature_name - "MIG_DEVICE_STATE" for index 2 (linux/vfio.h); NULL for an unknown index. */
const char *feature_name(uint32_t index);

/* feature_op_name - "GET", "SET", "PROBE GET", "PROBE SET", "PROBE" from the flags; "" for none. */
const char *feature_op_name(uint32_t flags);

/* event_kind_name - "ioctl", "arc", … as in JSON and --events; "unknown" outside the enum. */
const char *event_kind_name(uint32_t kind);

/* event_kind_from_name - the kind, or 0 when there is none of that name. */
uint32_t event_kind_from_name(const char *name);

/* gate_answer_name - "passed", "refused", "audited"; "unknown" outside the enum. */
const char *gate_answer_name(uint32_t answer);

/* gate_basis_name - "default", "admission"; "unknown" outside the enum. */
const char *gate_basis_name(uint32_t basis);

/* direction_label - "incoming", "outgoing"; "unknown" outside the enum. */
const char *direction_label(uint32_t direction);

/* shield_piece_name - "map", "program", "pin", "mount", "daemon"; "unknown" outside the enum. */
const char *shield_piece_name(uint32_t piece);

#endif
