// SPDX-License-Identifier: GPL-2.0-only
/* The migration state machine: one arc after the other, each with the delay or errno that it got.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/ktime.h>

#include "mwtest.h"

static bool is_precopy(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_PRE_COPY || state == VFIO_DEVICE_STATE_PRE_COPY_P2P;
}

static bool is_running(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_RUNNING || state == VFIO_DEVICE_STATE_RUNNING_P2P;
}

void mwtest_delay(u64 us)
{
	if (us >= 10)
		usleep_range(us, us);
	else if (us)
		udelay(us);
}

/* Leaves a state in which data could flow. */
static int leave(struct mwtest_device *dev, enum vfio_device_mig_state next)
{
	int r = 0;

	if (is_precopy(dev->state)) {
		if (next == VFIO_DEVICE_STATE_STOP_COPY)
			mwtest_file_complete_locked(dev);
		else if (!is_precopy(next))
			mwtest_file_drop_locked(dev);
	} else if (dev->state == VFIO_DEVICE_STATE_STOP_COPY) {
		mwtest_file_drop_locked(dev);
	} else if (dev->state == VFIO_DEVICE_STATE_RESUMING) {
		r = mwtest_file_load_locked(dev);
		if (!r) {
			mwtest_file_drop_locked(dev);
			dev->is_resumed = true;
		}
	}
	return r;
}

/* What an arc does besides taking its time. Gives NULL, a data file, or an error. */
static struct file *step(struct mwtest_device *dev, enum vfio_device_mig_state next)
{
	int r = leave(dev, next);

	if (r)
		return ERR_PTR(r);
	if (is_precopy(next) && is_running(dev->state))
		return mwtest_file_open_locked(dev, MWTEST_READ, true);
	if (dev->state != VFIO_DEVICE_STATE_STOP)
		return NULL;

	if (next == VFIO_DEVICE_STATE_STOP_COPY)
		return mwtest_file_open_locked(dev, MWTEST_READ, false);
	if (next == VFIO_DEVICE_STATE_RESUMING)
		return mwtest_file_open_locked(dev, MWTEST_WRITE, false);
	if (is_running(next) && dev->is_resumed && dev->knobs.lost_after_resume) {
		dev->state = VFIO_DEVICE_STATE_ERROR;
		return ERR_PTR(-EIO);
	}
	dev->is_resumed = false;
	return NULL;
}

static struct file *walk(struct mwtest_device *dev, enum vfio_device_mig_state next)
{
	struct mwtest_arc *arc = &dev->arcs[dev->state][next];
	u64 start = ktime_get_ns();
	struct file *file;

	mwtest_delay(arc->delay_us);
	file = arc->error ? ERR_PTR(-(long)arc->error) : step(dev, next);
	arc->last_ns = ktime_get_ns() - start;
	arc->total_ns += arc->last_ns;
	arc->count++;
	return file;
}

static struct file *mwtest_set_state(struct vfio_device *vdev, enum vfio_device_mig_state target)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	struct file *file = NULL;

	mutex_lock(&dev->lock);
	while (dev->state != target && !file) {
		enum vfio_device_mig_state next;
		int r = vfio_mig_get_next_state(vdev, dev->state, target, &next);

		if (!r && next >= MWTEST_STATES)
			r = -EINVAL;
		file = r ? ERR_PTR(r) : walk(dev, next);
		if (!IS_ERR(file))
			dev->state = next;
	}
	/* A data file belongs to the last arc of a SET; one of an arc before could reach nobody. */
	if (!IS_ERR_OR_NULL(file) && dev->state != target) {
		fput(file);
		file = ERR_PTR(-EINVAL);
	}
	mutex_unlock(&dev->lock);
	return file;
}

static int mwtest_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	struct mwtest_device *dev = mwtest_of(vdev);

	mutex_lock(&dev->lock);
	*state = dev->state;
	mutex_unlock(&dev->lock);
	return 0;
}

static int __maybe_unused mwtest_get_data_size(struct vfio_device *vdev,
					       unsigned long *stop_copy_length)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	int r;

	mutex_lock(&dev->lock);
	r = -(int)dev->knobs.data_size_errno;
	if (!r)
		*stop_copy_length =
			mwtest_file_rest_locked(dev) * dev->knobs.data_size_percent / 100;
	mutex_unlock(&dev->lock);
	return r;
}

const struct vfio_migration_ops mwtest_migration_ops = {
	.migration_set_state = mwtest_set_state,
	.migration_get_state = mwtest_get_state,
#ifdef HAS_DATA_SIZE
	.migration_get_data_size = mwtest_get_data_size,
#endif
};

void mwtest_set_capabilities(struct mwtest_device *dev)
{
	dev->vdev.migration_flags = VFIO_MIGRATION_STOP_COPY;
	if (dev->knobs.p2p)
		dev->vdev.migration_flags |= VFIO_MIGRATION_P2P;
	if (HAS_PRE_COPY && dev->knobs.precopy)
		dev->vdev.migration_flags |= VFIO_MIGRATION_PRE_COPY;
}

/* As a function level reset leaves a device: it runs, and whoever held a data file has an error. */
void mwtest_reset_locked(struct mwtest_device *dev)
{
	mwtest_file_drop_locked(dev);
	dev->state = VFIO_DEVICE_STATE_RUNNING;
	dev->is_resumed = false;
	mwtest_pci_reset(dev);
}
