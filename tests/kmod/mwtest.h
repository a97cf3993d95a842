/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mwtest: a mediated device that does nothing but migrate, in every way that a test asks for. It
 * has no hardware; its state is a stream of bytes made from a seed when it is read and checked
 * against that seed when it is written.
 *
 * One mutex per device guards everything of it, data files included. A data file keeps the memory
 * of its device alive, so that user space may close things in any order.
 */
#ifndef MWTEST_H
#define MWTEST_H

#include <linux/device.h>
#include <linux/kref.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>

#include "compat.h"

#define MWTEST_STATES 8 /* enum vfio_device_mig_state, as far as this driver knows it */
#define MWTEST_CONFIG_BYTES 256
#define MWTEST_STATE_BYTES_MIN 96
#define MWTEST_STATE_BYTES_MAX (8ULL << 30)
#define MWTEST_DELAY_US_MAX 60000000ULL

/*
 * What a test can set: in knobs/ of the mdev and, for all mdevs made later, as module parameters.
 * X(name, default, lowest, highest); sizes of 0 are those of the type. The last two are
 * capabilities and change only while the device is not open.
 */
#define MWTEST_KNOBS(X)                                                                          \
	X(state_bytes, 0, 0, MWTEST_STATE_BYTES_MAX)                                             \
	X(seed, 1, 0, U64_MAX)                                                                   \
	X(precopy_bytes, 0, 0, MWTEST_STATE_BYTES_MAX) /* before the first round; 0: half */     \
	X(precopy_rounds, 0, 0, U64_MAX)                                                         \
	X(precopy_round_us, 0, 0, MWTEST_DELAY_US_MAX) /* from a reader's ENOMSG to new bytes */ \
	X(precopy_dirty_bytes, 0, 0, MWTEST_STATE_BYTES_MAX) /* of a round */                    \
	X(read_delay_us, 0, 0, MWTEST_DELAY_US_MAX)          /* of each call */                  \
	X(read_chunk, 0, 0, U64_MAX)    /* at most in a call; 0: as much as is asked for */      \
	X(read_error_at, 0, 0, U64_MAX) /* byte of the stream; counts with read_errno */         \
	X(read_errno, 0, 0, 4095)                                                                \
	X(write_delay_us, 0, 0, MWTEST_DELAY_US_MAX)                                             \
	X(write_chunk, 0, 0, U64_MAX)                                                            \
	X(write_error_at, 0, 0, U64_MAX)                                                         \
	X(write_errno, 0, 0, 4095)                                                               \
	X(data_size_percent, 100, 0, 1000000) /* MIG_DATA_SIZE, of the truth */                  \
	X(data_size_errno, 0, 0, 4095)                                                           \
	X(log_dirty_every, 16, 0, U64_MAX) /* one page of so many is dirty; 0: none */           \
	X(lost_after_resume, 0, 0, 1)      /* fails on its way from RESUMING to RUNNING */       \
	X(p2p, 1, 0, 1)                                                                          \
	X(precopy, 1, 0, 1)

struct mwtest_knobs {
#define MWTEST_KNOB_FIELD(name, value, lowest, highest) u64 name;
	MWTEST_KNOBS(MWTEST_KNOB_FIELD)
#undef MWTEST_KNOB_FIELD
};

struct mwtest_type {
	struct mdev_type type;
	u64 state_bytes;
	bool migrates_live; /* P2P and PRE_COPY, besides STOP_COPY */
};

/* One arc of the state machine: what a test wants of it, and what it took by our own clock. */
struct mwtest_arc {
	u64 delay_us;
	u64 error;
	u64 count;
	u64 total_ns;
	u64 last_ns;
};

enum mwtest_direction {
	MWTEST_READ,
	MWTEST_WRITE,
};

struct mwtest_io {
	u64 calls;
	u64 bytes;
	u64 total_ns;
	u64 first_ns; /* ktime of the first call's begin */
	u64 last_ns;  /* and of the last call's end */
};

struct mwtest_range {
	u64 first;
	u64 last;
};

struct mwtest_log {
	struct mwtest_range *ranges; /* not NULL: logging is on */
	u32 range_count;
	u64 page_size;
	u64 starts;
	u64 stops;
	u64 reports;
	u64 dirty_pages;
};

#define MWTEST_VENDOR_TEXTS(X)          \
	X(version)                      \
	X(interface_version)            \
	X(interface_version_compatible) \
	X(migration_compatible)         \
	X(compatible_type)              \
	X(aggregator)                   \
	X(pv_mode)

enum mwtest_vendor_text {
#define MWTEST_TEXT_INDEX(name) MWTEST_TEXT_##name,
	MWTEST_VENDOR_TEXTS(MWTEST_TEXT_INDEX)
#undef MWTEST_TEXT_INDEX
	MWTEST_TEXT_COUNT,
};

struct mwtest_file;

struct mwtest_device {
	struct vfio_device vdev;
	struct mutex lock;
	const struct mwtest_type *type;
	bool is_open;
	enum vfio_device_mig_state state;
	bool is_resumed;          /* STOP was reached from RESUMING */
	struct mwtest_file *file; /* of the transfer that goes on, or NULL */
	struct mwtest_knobs knobs;
	struct mwtest_arc arcs[MWTEST_STATES][MWTEST_STATES];
	struct mwtest_io io[2]; /* by enum mwtest_direction */
	u64 bad_offset;         /* where the stream last written was wrong, plus one */
	struct mwtest_log log;
	char *texts[MWTEST_TEXT_COUNT];
	u8 config[MWTEST_CONFIG_BYTES];
};

static inline struct mwtest_device *mwtest_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct mwtest_device, vdev);
}

/* knobs.c */
extern const struct attribute_group *mwtest_groups[];
extern const char *const mwtest_state_names[MWTEST_STATES];
int mwtest_knobs_init(struct mwtest_device *dev);
void mwtest_knobs_free(struct mwtest_device *dev);
u64 mwtest_state_bytes(const struct mwtest_device *dev);

/* migration.c; the caller holds the lock where a function has _locked in its name. */
extern const struct vfio_migration_ops mwtest_migration_ops;
void mwtest_set_capabilities(struct mwtest_device *dev);
void mwtest_reset_locked(struct mwtest_device *dev);
void mwtest_delay(u64 us);

/* stream.c */
struct file *mwtest_file_open_locked(struct mwtest_device *dev, enum mwtest_direction direction,
				     bool precopy);
void mwtest_file_drop_locked(struct mwtest_device *dev);
void mwtest_file_complete_locked(struct mwtest_device *dev);
int mwtest_file_load_locked(struct mwtest_device *dev);
u64 mwtest_file_rest_locked(struct mwtest_device *dev);

/* log.c */
extern const struct vfio_log_ops mwtest_log_ops;
void mwtest_log_stop_locked(struct mwtest_device *dev);

/* pci.c */
void mwtest_pci_reset(struct mwtest_device *dev);
ssize_t mwtest_pci_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos);
ssize_t mwtest_pci_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			 loff_t *ppos);
long mwtest_pci_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg);

#endif
