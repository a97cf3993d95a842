/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording of the ring as bytes in a file (docs/recordings.md): a head, then blocks, each a
 * zlib stream of items with its checksum. Records are in it as in wire.h, and beside them what user
 * space knew of processes and devices at the time, so that who reads it needs neither that host nor
 * its kernel.
 *
 * Fields are in the byte order of the host that wrote them; a reader of the other order refuses.
 */
#ifndef CONFIG_RECORDING_H
#define CONFIG_RECORDING_H

#include <stdint.h>

#include "migwarden/wire.h"

/* As of PNG: not text, and a transfer that takes it for text is seen at once. */
#define RECORDING_MAGIC "\x89MWREC\r\n"
#define RECORDING_MAGIC_BYTES 8
#define RECORDING_BYTE_ORDER 0x01020304u
#define RECORDING_FORMAT 1

/* Items of one block before compression. */
#define RECORDING_BLOCK_MAX (256u << 10)
#define RECORDING_BLOCK_MARK 0x4b42574du /* "MWBK" */
#define RECORDING_ITEM_ALIGN 8u
/* A descriptor that is longer as JSON is left out. */
#define RECORDING_DEVICE_MAX (64u << 10)

/* A writer says who a process is before its events, and remembers that much by pid modulo this. */
#define RECORDING_PROCESS_SLOTS 1024u

struct recording_file_head {
	uint8_t magic[RECORDING_MAGIC_BYTES];
	uint32_t byte_order;
	uint16_t format;
	uint16_t wire_version;
};
_Static_assert(sizeof(struct recording_file_head) == 16, "file format");

struct recording_block_head {
	uint32_t mark;
	uint32_t number;       /* from 0 */
	uint32_t stored_bytes; /* that follow */
	uint32_t item_bytes;   /* once inflated */
	uint32_t crc;          /* CRC-32 of the fields above and of the stored bytes */
};
_Static_assert(sizeof(struct recording_block_head) == 20, "file format");

enum recording_item_type {
	RECORDING_START = 1,   /* the first item of the first block, and nowhere else */
	RECORDING_FILTER = 2,  /* only this device was recorded; several may be */
	RECORDING_EVENT = 3,   /* a record of the ring */
	RECORDING_PROCESS = 4, /* before the first event of a process, and when it is another */
	RECORDING_DEVICE = 5,  /* a descriptor (SEMANTICS 3) as JSON, before its device's events */
	RECORDING_LIMITS = 6,  /* of the policy that held */
	RECORDING_COUNTS = 7, /* the last item of each block but the last, the last but one there */
	RECORDING_END = 8,    /* the last item of the last block */
};

struct recording_item_head {
	uint16_t
		type; /* enum recording_item_type; a reader passes over one that it does not know */
	uint16_t zero;
	uint32_t size; /* of what follows, which is filled up to RECORDING_ITEM_ALIGN */
};
_Static_assert(sizeof(struct recording_item_head) == 8, "file format");

struct recording_start {
	uint64_t time_ns;       /* CLOCK_MONOTONIC */
	int64_t wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC, at that time */
	uint64_t ring_bytes;
	char program[32]; /* version of the writer */
	char boot_id[40];
	char kernel[72]; /* uname -r */
	char host[256];
};
_Static_assert(sizeof(struct recording_start) == 24 + 32 + 40 + 72 + 256, "file format");

struct recording_filter {
	char device[MW_DEVICE_BYTES];
};

/* As struct process of host/process.h: "" is not known. */
struct recording_process {
	uint32_t pid;
	uint32_t zero;
	char comm[64];
	char vm_uuid[40];
	char vm_name[256];
	char cgroup[4096];
};
_Static_assert(sizeof(struct recording_process) == 8 + 64 + 40 + 256 + 4096, "file format");

struct recording_limits {
	uint64_t downtime_ns; /* of the policy, limits.downtime; 0: none */
	char policy[256];     /* the file */
};
_Static_assert(sizeof(struct recording_limits) == 8 + 256, "file format");

struct recording_count {
	uint64_t produced;
	uint64_t lost;
	uint64_t delivered;
};

/* So far. What the ring delivered is recorded, filtered, left out or malformed. */
struct recording_counts {
	uint64_t recorded;
	uint64_t filtered;  /* not of a device that was asked for */
	uint64_t left_out;  /* came when the file had its size already */
	uint64_t malformed; /* no record of ours */
	/* By enum mw_event_kind. The item has as many as the writer knew; more are passed over. */
	struct recording_count kind[MW_EVENT_KINDS];
};
_Static_assert(sizeof(struct recording_counts) == 32 + 24 * MW_EVENT_KINDS, "file format");

enum recording_cause {
	RECORDING_ASKED = 1, /* somebody ended it */
	RECORDING_FULL = 2,  /* the file has the size that it may have */
};

struct recording_end {
	uint64_t time_ns; /* as of struct recording_start */
	int64_t wall_offset_ns;
	uint32_t cause; /* enum recording_cause */
	uint32_t zero;
};
_Static_assert(sizeof(struct recording_end) == 24, "file format");

#endif
