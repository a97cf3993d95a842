/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What crosses the boundary between our BPF programs and user space: ring records, map keys and
 * values. The only header that both sides read; it compiles alone with gcc and with
 * `clang -target bpf`.
 *
 * Every field has a fixed width, every hole a name, every record its size asserted. A reader checks
 * size, then version, then kind, and only then copies. A change of layout raises MW_WIRE_VERSION.
 *
 * A place in the ring holds one record, or several of one task one behind the other: an ioctl comes
 * with the arcs that it walked, which stand before it.
 */
#ifndef MIGWARDEN_WIRE_H
#define MIGWARDEN_WIRE_H

#include <linux/types.h>

#define MW_WIRE_VERSION 1

/* With their NUL. A mdev's name is its UUID (36), a PCI function's its address (12). */
#define MW_COMM_BYTES 16
#define MW_DEVICE_BYTES 40
#define MW_TYPE_BYTES 64
#define MW_ATTRIBUTE_BYTES 32
#define MW_VALUE_BYTES 128
#define MW_MODULE_BYTES 56
#define MW_PAYLOAD_BYTES 48
#define MW_FUNCTION_BYTES 96 /* "function [module]" */
#define MW_FILE_NAME_BYTES 16

/*
 * The VFIO uAPI as we read it (linux/vfio.h); repeated because the installed header may be older
 * than the running kernel. Numbers, not _IO(), so that BPF needs no further header.
 */
#define MW_VFIO_DEVICE_GET_INFO 0x3b6b
#define MW_VFIO_DEVICE_GET_REGION_INFO 0x3b6c
#define MW_VFIO_DEVICE_GET_IRQ_INFO 0x3b6d
#define MW_VFIO_DEVICE_SET_IRQS 0x3b6e
#define MW_VFIO_DEVICE_RESET 0x3b6f
#define MW_VFIO_DEVICE_GET_PCI_HOT_RESET_INFO 0x3b70
#define MW_VFIO_DEVICE_PCI_HOT_RESET 0x3b71
#define MW_VFIO_DEVICE_QUERY_GFX_PLANE 0x3b72
#define MW_VFIO_DEVICE_GET_GFX_DMABUF 0x3b73
#define MW_VFIO_DEVICE_IOEVENTFD 0x3b74
#define MW_VFIO_DEVICE_FEATURE 0x3b75
#define MW_VFIO_DEVICE_BIND_IOMMUFD 0x3b76
#define MW_VFIO_DEVICE_ATTACH_IOMMUFD_PT 0x3b77
#define MW_VFIO_DEVICE_DETACH_IOMMUFD_PT 0x3b78
#define MW_VFIO_MIG_GET_PRECOPY_INFO 0x3b79 /* on a data file */

#define MW_FEATURE_MASK 0xffffu
#define MW_FEATURE_GET (1u << 16)
#define MW_FEATURE_SET (1u << 17)
#define MW_FEATURE_PROBE (1u << 18)

#define MW_FEATURE_MIGRATION 1u
#define MW_FEATURE_MIG_DEVICE_STATE 2u
#define MW_FEATURE_DMA_LOGGING_START 6u
#define MW_FEATURE_DMA_LOGGING_STOP 7u
#define MW_FEATURE_DMA_LOGGING_REPORT 8u
#define MW_FEATURE_MIG_DATA_SIZE 9u

#define MW_MIGRATION_STOP_COPY 1u
#define MW_MIGRATION_P2P 2u
#define MW_MIGRATION_PRE_COPY 4u

#define MW_STATE_ERROR 0u
#define MW_STATE_STOP 1u
#define MW_STATE_RUNNING 2u
#define MW_STATE_STOP_COPY 3u
#define MW_STATE_RESUMING 4u
#define MW_STATE_RUNNING_P2P 5u
#define MW_STATE_PRE_COPY 6u
#define MW_STATE_PRE_COPY_P2P 7u
/* No state: where a record has a field for one and there is none. */
#define MW_STATE_NONE 0xffffffffu
#define MW_STATES 8

/*
 * The first step from [row] towards [column] on a device that has every state, as in
 * vfio_from_fsm_table of vfio_main.c. What is not named is ERROR: refused.
 */
#define MW_FIRST_STEPS                                                           \
	{                                                                        \
		[MW_STATE_STOP] =                                                \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_STOP,                 \
				[MW_STATE_RUNNING] = MW_STATE_RUNNING_P2P,       \
				[MW_STATE_STOP_COPY] = MW_STATE_STOP_COPY,       \
				[MW_STATE_RESUMING] = MW_STATE_RESUMING,         \
				[MW_STATE_RUNNING_P2P] = MW_STATE_RUNNING_P2P,   \
				[MW_STATE_PRE_COPY] = MW_STATE_RUNNING_P2P,      \
				[MW_STATE_PRE_COPY_P2P] = MW_STATE_RUNNING_P2P,  \
			},                                                       \
		[MW_STATE_RUNNING] =                                             \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_RUNNING_P2P,          \
				[MW_STATE_RUNNING] = MW_STATE_RUNNING,           \
				[MW_STATE_STOP_COPY] = MW_STATE_RUNNING_P2P,     \
				[MW_STATE_RESUMING] = MW_STATE_RUNNING_P2P,      \
				[MW_STATE_RUNNING_P2P] = MW_STATE_RUNNING_P2P,   \
				[MW_STATE_PRE_COPY] = MW_STATE_PRE_COPY,         \
				[MW_STATE_PRE_COPY_P2P] = MW_STATE_RUNNING_P2P,  \
			},                                                       \
		[MW_STATE_STOP_COPY] =                                           \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_STOP,                 \
				[MW_STATE_RUNNING] = MW_STATE_STOP,              \
				[MW_STATE_STOP_COPY] = MW_STATE_STOP_COPY,       \
				[MW_STATE_RESUMING] = MW_STATE_STOP,             \
				[MW_STATE_RUNNING_P2P] = MW_STATE_STOP,          \
			},                                                       \
		[MW_STATE_RESUMING] =                                            \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_STOP,                 \
				[MW_STATE_RUNNING] = MW_STATE_STOP,              \
				[MW_STATE_STOP_COPY] = MW_STATE_STOP,            \
				[MW_STATE_RESUMING] = MW_STATE_RESUMING,         \
				[MW_STATE_RUNNING_P2P] = MW_STATE_STOP,          \
				[MW_STATE_PRE_COPY] = MW_STATE_STOP,             \
				[MW_STATE_PRE_COPY_P2P] = MW_STATE_STOP,         \
			},                                                       \
		[MW_STATE_RUNNING_P2P] =                                         \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_STOP,                 \
				[MW_STATE_RUNNING] = MW_STATE_RUNNING,           \
				[MW_STATE_STOP_COPY] = MW_STATE_STOP,            \
				[MW_STATE_RESUMING] = MW_STATE_STOP,             \
				[MW_STATE_RUNNING_P2P] = MW_STATE_RUNNING_P2P,   \
				[MW_STATE_PRE_COPY] = MW_STATE_RUNNING,          \
				[MW_STATE_PRE_COPY_P2P] = MW_STATE_PRE_COPY_P2P, \
			},                                                       \
		[MW_STATE_PRE_COPY] =                                            \
			{                                                        \
				[MW_STATE_STOP] = MW_STATE_RUNNING,              \
				[MW_STATE_RUNNING] = MW_STATE_RUNNING,           \
				[MW_STATE_STOP_COPY] = MW_STATE_PRE_COPY_P2P,    \
				[MW_STATE_RESUMING] = MW_STATE_RUNNING,          \
				[MW_STATE_RUNNING_P2P] = MW_STATE_RUNNING,       \
				[MW_STATE_PRE_COPY] = MW_STATE_PRE_COPY,         \
				[MW_STATE_PRE_COPY_P2P] = MW_STATE_PRE_COPY_P2P, \
			},                                                       \
		[MW_STATE_PRE_COPY_P2P] = {                                      \
			[MW_STATE_STOP] = MW_STATE_RUNNING_P2P,                  \
			[MW_STATE_RUNNING] = MW_STATE_RUNNING_P2P,               \
			[MW_STATE_STOP_COPY] = MW_STATE_STOP_COPY,               \
			[MW_STATE_RESUMING] = MW_STATE_RUNNING_P2P,              \
			[MW_STATE_RUNNING_P2P] = MW_STATE_RUNNING_P2P,           \
			[MW_STATE_PRE_COPY] = MW_STATE_PRE_COPY,                 \
			[MW_STATE_PRE_COPY_P2P] = MW_STATE_PRE_COPY_P2P,         \
		},                                                               \
	}

/* What a device must be able to do to have a state: MW_MIGRATION_* (state_flags_table of
 * vfio_main.c). No SET gets in or out of ERROR, so nothing makes it a state of the walk. */
#define MW_STATE_NEEDS                                                                     \
	{                                                                                  \
		[MW_STATE_ERROR] = 0xff, [MW_STATE_STOP] = MW_MIGRATION_STOP_COPY,         \
		[MW_STATE_RUNNING] = MW_MIGRATION_STOP_COPY,                               \
		[MW_STATE_STOP_COPY] = MW_MIGRATION_STOP_COPY,                             \
		[MW_STATE_RESUMING] = MW_MIGRATION_STOP_COPY,                              \
		[MW_STATE_RUNNING_P2P] = MW_MIGRATION_STOP_COPY | MW_MIGRATION_P2P,        \
		[MW_STATE_PRE_COPY] = MW_MIGRATION_STOP_COPY | MW_MIGRATION_PRE_COPY,      \
		[MW_STATE_PRE_COPY_P2P] =                                                  \
			MW_MIGRATION_STOP_COPY | MW_MIGRATION_P2P | MW_MIGRATION_PRE_COPY, \
	}

enum mw_event_kind {
	MW_EVENT_IOCTL = 1,     /* an ioctl on a VFIO device fd has returned */
	MW_EVENT_ARC = 2,       /* the driver has walked one arc of the migration state machine */
	MW_EVENT_CLOSE = 3,     /* the last reference to a VFIO device fd is gone */
	MW_EVENT_ATTRIBUTE = 4, /* a sysfs attribute of a mdev type or device was read or written */
	MW_EVENT_MDEV = 5,      /* a mdev was created or removed */
	MW_EVENT_GATE = 6,      /* the gate has decided */
	MW_EVENT_MODULE = 7,    /* a kernel module that matters to us has come or gone */
	MW_EVENT_SHIELD = 8,    /* somebody tried to reach a piece of the gate */
	MW_EVENT_DATA_FILE =
		9, /* the file for a device's state: made by a driver inside an arc, or closed */
	MW_EVENT_PRECOPY = 10, /* VFIO_MIG_GET_PRECOPY_INFO on a data file has a new answer */
	MW_EVENT_FLOW = 11,    /* a data file is done with: the sums of one of its phases */
	MW_EVENT_KIND_END_ = 12,
};

/* Kinds are slots of the counter map, slot 0 is not used. */
#define MW_EVENT_KINDS 12

struct mw_event_head {
	__u32 size;    /* of the whole record, in bytes */
	__u16 version; /* MW_WIRE_VERSION */
	__u16 kind;    /* enum mw_event_kind */
	__u64 time_ns; /* CLOCK_MONOTONIC, when the record was made */
	__u32 pid;
	__u32 tid;
	char comm[MW_COMM_BYTES];
	__u64 cgroup_id;
	char device[MW_DEVICE_BYTES]; /* dev_name() of the device behind the VFIO one; "" if none */
};
_Static_assert(sizeof(struct mw_event_head) == 88, "wire size");

struct mw_event_ioctl {
	struct mw_event_head head;
	__u64 duration_ns; /* from entry to exit of vfio_device_fops_unl_ioctl */
	__u32 cmd;
	__s32 result; /* what the caller gets */
	/* From here on of FEATURE alone, as the kernel left the argument; else 0. */
	__u32 argsz;
	__u32 flags;         /* index and GET, SET, PROBE */
	__u32 payload_size;  /* valid bytes of payload */
	__s32 payload_error; /* 0, or why user memory could not be read: -errno */
	/* Follows argsz and flags in the argument. */
	__u8 payload[MW_PAYLOAD_BYTES];
};
_Static_assert(sizeof(struct mw_event_ioctl) == 88 + 80, "wire size");

struct mw_event_arc {
	struct mw_event_head head; /* time_ns is the end of the arc */
	__u64 duration_ns;
	__u32 from; /* enum vfio_device_mig_state */
	__u32 to;
	__u32 target; /* where the SET that walks this arc wants to arrive */
	__s32 result; /* 0, or the -errno of the SET that ended here */
};
_Static_assert(sizeof(struct mw_event_arc) == 88 + 24, "wire size");

struct mw_event_close {
	struct mw_event_head head;
};
_Static_assert(sizeof(struct mw_event_close) == 88, "wire size");

enum mw_attribute_op {
	MW_ATTRIBUTE_READ = 1,
	MW_ATTRIBUTE_WRITE = 2,
};

enum mw_attribute_scope {
	MW_SCOPE_TYPE = 1,
	MW_SCOPE_DEVICE = 2,
};

struct mw_event_attribute {
	struct mw_event_head head; /* device: set for MW_SCOPE_DEVICE */
	__u32 op;                  /* enum mw_attribute_op */
	__u32 scope;               /* enum mw_attribute_scope */
	__s32 result;              /* bytes, or -errno */
	__u32 value_size;          /* valid bytes of value; less than result when it was cut */
	char type[MW_TYPE_BYTES];
	char parent[MW_DEVICE_BYTES];
	char attribute[MW_ATTRIBUTE_BYTES];
	char value[MW_VALUE_BYTES];
};
_Static_assert(sizeof(struct mw_event_attribute) == 88 + 16 + 64 + 40 + 32 + 128, "wire size");

enum mw_mdev_op {
	MW_MDEV_CREATE = 1,
	MW_MDEV_REMOVE = 2,
};

struct mw_event_mdev {
	struct mw_event_head head;
	__u32 op;      /* enum mw_mdev_op */
	__s32 result;  /* create: 0 or -errno */
	__u8 uuid[16]; /* create: guid_t as the kernel keeps it; the device may not exist yet */
	char type[MW_TYPE_BYTES];
	char parent[MW_DEVICE_BYTES];
};
_Static_assert(sizeof(struct mw_event_mdev) == 88 + 24 + 64 + 40, "wire size");

enum mw_direction {
	MW_INCOMING = 1,
	MW_OUTGOING = 2,
};

enum mw_gate_answer {
	MW_GATE_PASSED = 1,
	MW_GATE_REFUSED = 2,
	MW_GATE_AUDITED = 3, /* passed, and enforcement would have refused */
};

enum mw_gate_basis {
	MW_BASIS_DEFAULT = 1, /* no admission covers the device: the policy's `defaults` */
	MW_BASIS_ADMISSION = 2,
};

/* The policy has defaults for some devices, and nobody has said yet which this one has: the
 * strictest of all held. */
#define MW_DEFAULT_UNSEEN (~0ull)

struct mw_event_gate {
	struct mw_event_head head;
	/* mw_admission.id; with MW_BASIS_DEFAULT the number of the device's own default, from 1, 0
	 * for the general one, or MW_DEFAULT_UNSEEN */
	__u64 admission;
	__u32 generation;
	__u32 direction; /* enum mw_direction */
	__u32 answer;    /* enum mw_gate_answer */
	__u32 basis;     /* enum mw_gate_basis */
	__u32 reason;    /* opaque to the kernel: enum mw_reason of the writer's build */
	__u32 feature;   /* MW_FEATURE_MIG_DEVICE_STATE or MW_FEATURE_DMA_LOGGING_START */
	__u32 target;    /* the state asked for, with MW_FEATURE_MIG_DEVICE_STATE */
	__s32 error;     /* what the caller gets: 0 or -errno */
	/* state-bypass: what user memory said a moment before, or MW_STATE_NONE if no SET of a
	 * state */
	__u32 seen;
	__u32 killed; /* 1: a SIGKILL was sent to the caller */
};
_Static_assert(sizeof(struct mw_event_gate) == 88 + 48, "wire size");

enum mw_module_op {
	MW_MODULE_LOAD = 1,
	MW_MODULE_UNLOAD = 2,
};

struct mw_event_module {
	struct mw_event_head head;
	__u32 op; /* enum mw_module_op */
	__u32 zero;
	char module[MW_MODULE_BYTES];
};
_Static_assert(sizeof(struct mw_event_module) == 88 + 64, "wire size");

enum mw_shield_piece {
	MW_SHIELD_MAP = 1,     /* a descriptor of one of our maps was asked for */
	MW_SHIELD_PROGRAM = 2, /* of one of our programs */
	MW_SHIELD_PIN = 3,     /* a pin was to be removed or renamed */
	MW_SHIELD_MOUNT = 4,   /* the file system of the pins was to be unmounted */
	MW_SHIELD_DAEMON = 5,  /* the daemon was to be traced, or its descriptors taken */
};

struct mw_event_shield {
	struct mw_event_head head;
	__u32 piece; /* enum mw_shield_piece */
	__u32 id;    /* of the map or program; else 0 */
	__s32 error; /* what the caller gets: -errno; 0: let in, while no daemon lived */
	__u32 uid;
	char name[MW_COMM_BYTES]; /* of the map, program or pin */
};
_Static_assert(sizeof(struct mw_event_shield) == 88 + 32, "wire size");

/* Whom the shield lets through, and what it holds back. */
struct mw_shield_config {
	/* Told by the shield itself: the path of the daemon's executable is known. */
	__u64 trusted;
	__u64 pin_folder; /* inode */
	/* When the daemon began, told by the shield too: its tgid may be another's later. */
	__u64 daemon_began_ns;
	__u32 pin_device; /* s_dev of the pins' file system */
	__u32 daemon;     /* tgid */
};
_Static_assert(sizeof(struct mw_shield_config) == 32, "wire size");

enum mw_file_function {
	MW_FILE_READ,
	MW_FILE_WRITE,
	MW_FILE_IOCTL,
	MW_FILE_RELEASE,
	MW_FILE_FUNCTIONS,
};

enum mw_data_file_op {
	MW_DATA_FILE_MADE = 0,
	MW_DATA_FILE_CLOSED =
		1, /* the last reference is gone; of a driver that we are attached to */
};

struct mw_event_data_file {
	struct mw_event_head head;
	__u32 state; /* made: where the arc leads that did it; closed: MW_STATE_NONE */
	__u32 op;    /* enum mw_data_file_op */
	/* These two of one that was made; "" when it is closed. */
	char name[MW_FILE_NAME_BYTES]; /* as the driver calls it; may be cut */
	/* By enum mw_file_function, as the kernel names them; "" where the file has none. */
	char function[MW_FILE_FUNCTIONS][MW_FUNCTION_BYTES];
};
_Static_assert(sizeof(struct mw_event_data_file) == 88 + 24 + 4 * 96, "wire size");

struct mw_event_precopy {
	struct mw_event_head head;
	__u64 duration_ns;   /* in the driver */
	__u64 initial_bytes; /* these two with result 0 alone */
	__u64 dirty_bytes;
	__s32 result;
	__u32 flags;
};
_Static_assert(sizeof(struct mw_event_precopy) == 88 + 32, "wire size");

enum mw_flow_direction {
	MW_FLOW_READ = 1, /* the state leaves the device */
	MW_FLOW_WRITE = 2,
};

enum mw_flow_end {
	MW_FLOW_LEFT = 1,   /* the device went on to a state without data */
	MW_FLOW_CLOSED = 2, /* the data file was closed before that */
	MW_FLOW_RESET = 3,
	MW_FLOW_DEVICE_CLOSED = 4,
};

/* Bucket n counts values from 2^n to 2^(n+1) - 1, bucket 0 the value 0 too, the last all above. */
#define MW_SIZE_BUCKETS 32
#define MW_LATENCY_BUCKETS 40

/*
 * The calls of a driver's read or write function for one data file in one phase, which is a state
 * of its device. Times are CLOCK_MONOTONIC.
 */
struct mw_flow {
	__u64 begin_ns;      /* the device came into the state; 0: before we watched */
	__u64 end_ns;        /* and left it */
	__u64 first_byte_ns; /* after begin_ns: the end of the first call that moved a byte; or 0 */
	__u64 last_ns;       /* the end of the last call */
	__u64 bytes;
	__u64 calls;
	__u64 driver_ns;    /* in the driver's function */
	__u64 gap_ns;       /* between the end of one call and the begin of the next */
	__u64 missed_bytes; /* moved through this file before the first call that we saw */
	__u64 error_offset; /* bytes of the file before the first call that failed */
	__u64 infos;        /* VFIO_MIG_GET_PRECOPY_INFO calls */
	__u64 info_ns;      /* in the driver, for these */
	__s32 error;        /* of that call, -errno; 0: none failed */
	__u32 errors;
	__u32 ends;      /* calls that gave 0 */
	__u32 pauses;    /* calls that gave -ENOMSG: no more before the next state */
	__u32 state;     /* the phase; MW_STATE_NONE: the file is older than our watching */
	__u32 direction; /* enum mw_flow_direction */
	__u32 size_log2[MW_SIZE_BUCKETS];       /* bytes of each call that moved some */
	__u32 latency_log2[MW_LATENCY_BUCKETS]; /* ns in the driver, of each call */
};
_Static_assert(sizeof(struct mw_flow) == 120 + 4 * (32 + 40), "wire size");

/* In the order in which a file goes through them; every other state has the last place. */
enum mw_flow_phase {
	MW_PHASE_PRE_COPY,
	MW_PHASE_PRE_COPY_P2P,
	MW_PHASE_LAST, /* STOP_COPY of what is saved, RESUMING of what is loaded, or none known */
	MW_PHASES,
};

/* A data file that is open: map value. Free ones, and phases without a call, are all zero. */
struct mw_flow_file {
	__u64 address;  /* struct file; 0: free */
	__u64 vdev;     /* 0: made before we watched */
	__u64 begin_ns; /* of the phase */
	__u64 last_ns;  /* the end of the last call in the phase */
	__u64 offset;   /* bytes moved so far */
	__u32 state;
	__u32 is_seen;     /* a call was */
	__u32 is_done;     /* its sums are told; what still comes is refused by any driver */
	__u32 is_answered; /* an answer about precopy was told: these three */
	__u64 initial_bytes;
	__u64 dirty_bytes;
	__s64 info_result;
	char device[MW_DEVICE_BYTES];
	struct mw_flow flow[MW_PHASES]; /* by enum mw_flow_phase */
};
_Static_assert(sizeof(struct mw_flow_file) == 80 + 40 + 3 * 408, "wire size");

struct mw_event_flow {
	struct mw_event_head head;
	__u32 end; /* enum mw_flow_end */
	__u32 zero;
	struct mw_flow flow;
};
_Static_assert(sizeof(struct mw_event_flow) == 88 + 8 + 120 + 4 * 72, "wire size");

union mw_event {
	struct mw_event_head head;
	struct mw_event_ioctl ioctl;
	struct mw_event_arc arc;
	struct mw_event_close close;
	struct mw_event_attribute attribute;
	struct mw_event_mdev mdev;
	struct mw_event_gate gate;
	struct mw_event_module module;
	struct mw_event_shield shield;
	struct mw_event_data_file data_file;
	struct mw_event_precopy precopy;
	struct mw_event_flow flow;
};

/* By kind: produced = delivered + lost. Per CPU in the gate's map, index enum mw_event_kind. */
struct mw_counter {
	__u64 produced;
	__u64 lost;
};
_Static_assert(sizeof(struct mw_counter) == 16, "wire size");

/*
 * The ring of the observers, in memory that both sides share: the kernel's own costs a traced call
 * more than all the rest of a record. Positions only grow; a place is at its position modulo the
 * ring's size behind this head, begins with its size in 8 bytes and is written in one piece, beyond
 * the end if need be, where there is slack for it.
 *
 * A writer takes room by moving `taken`, writes, and stores the size last: until then it reads 0,
 * for the reader clears what it gives back. A writer that finds that its reader waits wakes it by
 * the other ring (`bell`), which holds nothing else.
 */
#define MW_RECORDS_SLACK 4096
struct mw_records {
	__u64 given_back; /* the reader's; it has read all before */
	__u32 is_awaited; /* the reader sets it before it waits, who wakes it clears it */
	__u32 zero[29];
	__u64 taken; /* the writers', in another line of the cache, as are their sums */
	__u64 none;
	struct mw_counter counts[MW_EVENT_KINDS]; /* by enum mw_event_kind */
};
_Static_assert(sizeof(struct mw_records) == 128 + 16 + 12 * 16, "wire size");

/* The rules of one generation: the value of the inner map that a reload swaps in whole. */
struct mw_gate_rules {
	__u32 generation; /* from 1; 0 is a slot nobody has filled */
	__u32 audit;      /* 1: say what would have been refused, refuse nothing */
	/* 1: what a device has for a default stands among the admissions, under this generation */
	__u32 by_device;
	__u32 deny[2]; /* by enum mw_direction - 1: when nothing covers the device */
	__u32 kill;    /* 1: who changes a request while it is judged is killed */
};
_Static_assert(sizeof(struct mw_gate_rules) == 24, "wire size");

/* Which set of gate programs acts. */
struct mw_gate_control {
	__u64 build; /* of the loader that owns the set */
	__u32 wire_version;
	__u32 self_test_tid; /* 0, or the thread whose calls on any file are judged: it proves the
				gate */
};
_Static_assert(sizeof(struct mw_gate_control) == 16, "wire size");

struct mw_admission_key {
	char device[MW_DEVICE_BYTES]; /* zero-padded */
	__u32 direction;              /* enum mw_direction */
	/* 0: an admission; else the default that the device has in that generation */
	__u32 generation;
};
_Static_assert(sizeof(struct mw_admission_key) == 48, "wire size");

struct mw_admission {
	__u64 id;         /* of a default: mw_event_gate.admission */
	__u64 expires_ns; /* CLOCK_MONOTONIC; never 0 */
	__s64 uses;       /* left; a refused admission is never used up */
	__u32 allow;      /* 1 admitted, 0 refused with `reason` */
	__u32 reason;     /* enum mw_reason */
};
_Static_assert(sizeof(struct mw_admission) == 32, "wire size");

#endif
