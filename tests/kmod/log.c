// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging. There is no DMA: of the pages in the ranges that were given, one in so many is
 * dirty, another one at each report.
 */
#include <linux/iova_bitmap.h>
#include <linux/interval_tree.h>
#include <linux/log2.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "mwtest.h"

#define LOG_PAGE_SIZE_MIN 4096

static struct mwtest_range *copy_ranges(struct rb_root_cached *root, u32 count)
{
	struct mwtest_range *ranges = kvcalloc(count, sizeof(*ranges), GFP_KERNEL);
	struct rb_node *node = rb_first_cached(root);

	for (u32 i = 0; ranges && node && i < count; i++, node = rb_next(node)) {
		struct interval_tree_node *range = rb_entry(node, struct interval_tree_node, rb);

		ranges[i].first = range->start;
		ranges[i].last = range->last;
	}
	return ranges;
}

static int mwtest_log_start(struct vfio_device *vdev, struct rb_root_cached *root, u32 count,
			    u64 *page_size)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	struct mwtest_range *ranges;
	int r = 0;

	if (!count)
		return -EINVAL;
	ranges = copy_ranges(root, count);
	if (!ranges)
		return -ENOMEM;
	mutex_lock(&dev->lock);
	if (dev->log.ranges) {
		r = -EBUSY;
	} else {
		if (*page_size < LOG_PAGE_SIZE_MIN || !is_power_of_2(*page_size))
			*page_size = LOG_PAGE_SIZE_MIN;
		dev->log.ranges = ranges;
		dev->log.range_count = count;
		dev->log.page_size = *page_size;
		dev->log.starts++;
	}
	mutex_unlock(&dev->lock);
	if (r)
		kvfree(ranges);
	return r;
}

void mwtest_log_stop_locked(struct mwtest_device *dev)
{
	if (!dev->log.ranges)
		return;
	kvfree(dev->log.ranges);
	dev->log.ranges = NULL;
	dev->log.range_count = 0;
	dev->log.stops++;
}

static int mwtest_log_stop(struct vfio_device *vdev)
{
	struct mwtest_device *dev = mwtest_of(vdev);

	mutex_lock(&dev->lock);
	mwtest_log_stop_locked(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

/* Marks the dirty pages of [first, last], which lies in one range. */
static void report_range(struct mwtest_device *dev, u64 first, u64 last, struct iova_bitmap *dirty)
{
	u64 size = dev->log.page_size, every = dev->knobs.log_dirty_every;
	u64 page = first / size;

	if (!every)
		return;
	page = roundup(page + dev->log.reports, every) - dev->log.reports;
	for (; page <= last / size; page += every) {
		iova_bitmap_set(dirty, page * size, size);
		dev->log.dirty_pages++;
	}
}

static int mwtest_log_read_and_clear(struct vfio_device *vdev, unsigned long iova,
				     unsigned long length, struct iova_bitmap *dirty)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	u64 last = iova + length - 1;
	int r = -EINVAL;

	if (!length)
		return 0;
	mutex_lock(&dev->lock);
	for (u32 i = 0; i < dev->log.range_count; i++) {
		const struct mwtest_range *range = &dev->log.ranges[i];

		r = 0;
		if (range->first <= last && range->last >= iova)
			report_range(dev, max_t(u64, range->first, iova), min(range->last, last),
				     dirty);
	}
	dev->log.reports += !r;
	mutex_unlock(&dev->lock);
	return r;
}

const struct vfio_log_ops mwtest_log_ops = {
	.log_start = mwtest_log_start,
	.log_stop = mwtest_log_stop,
	.log_read_and_clear = mwtest_log_read_and_clear,
};
