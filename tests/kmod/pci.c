// SPDX-License-Identifier: GPL-2.0-only
/* As much of a PCI function as a VMM asks for: a configuration space, no BAR, no interrupt. */
#include <linux/pci.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "mwtest.h"

#define VENDOR_ID 0x1234
#define DEVICE_ID 0x4d57
#define REGION_SHIFT 40
#define REGION_MASK ((1ULL << REGION_SHIFT) - 1)

/* Of a byte in the configuration space, the bits that the driver in the guest can change. */
static u8 writable_bits(unsigned int offset)
{
	switch (offset) {
	case PCI_COMMAND:
		return PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	case PCI_COMMAND + 1:
		return PCI_COMMAND_INTX_DISABLE >> 8;
	case PCI_CACHE_LINE_SIZE:
	case PCI_INTERRUPT_LINE:
		return 0xff;
	default:
		return 0;
	}
}

static void put_u16(struct mwtest_device *dev, unsigned int offset, u16 value)
{
	dev->config[offset] = value & 0xff;
	dev->config[offset + 1] = value >> 8;
}

void mwtest_pci_reset(struct mwtest_device *dev)
{
	memset(dev->config, 0, sizeof(dev->config));
	put_u16(dev, PCI_VENDOR_ID, VENDOR_ID);
	put_u16(dev, PCI_DEVICE_ID, DEVICE_ID);
	put_u16(dev, PCI_SUBSYSTEM_VENDOR_ID, VENDOR_ID);
	put_u16(dev, PCI_SUBSYSTEM_ID, DEVICE_ID);
	put_u16(dev, PCI_CLASS_DEVICE, PCI_CLASS_OTHERS << 8);
}

/* Whether an access is in the configuration space; @count is cut to its end. */
static bool is_config_access(loff_t position, size_t *count)
{
	u64 offset = position & REGION_MASK;

	if (position < 0 || position >> REGION_SHIFT != VFIO_PCI_CONFIG_REGION_INDEX ||
	    offset >= MWTEST_CONFIG_BYTES)
		return false;
	*count = min_t(u64, *count, MWTEST_CONFIG_BYTES - offset);
	return true;
}

ssize_t mwtest_pci_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	u8 bytes[MWTEST_CONFIG_BYTES];

	if (!is_config_access(*ppos, &count))
		return -EINVAL;
	mutex_lock(&dev->lock);
	memcpy(bytes, dev->config + (*ppos & REGION_MASK), count);
	mutex_unlock(&dev->lock);
	if (copy_to_user(buf, bytes, count))
		return -EFAULT;
	*ppos += count;
	return count;
}

ssize_t mwtest_pci_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	unsigned int offset = *ppos & REGION_MASK;
	u8 bytes[MWTEST_CONFIG_BYTES];

	if (!is_config_access(*ppos, &count))
		return -EINVAL;
	if (copy_from_user(bytes, buf, count))
		return -EFAULT;
	mutex_lock(&dev->lock);
	for (size_t i = 0; i < count; i++) {
		u8 mask = writable_bits(offset + i);

		dev->config[offset + i] = (dev->config[offset + i] & ~mask) | (bytes[i] & mask);
	}
	mutex_unlock(&dev->lock);
	*ppos += count;
	return count;
}

/* Copies in what the kernel and the caller both know of a structure that begins with argsz. */
static int copy_in(void *info, size_t size, unsigned long arg)
{
	if (copy_from_user(info, (void __user *)arg, size))
		return -EFAULT;
	return *(u32 *)info < size ? -EINVAL : 0;
}

static int copy_out(unsigned long arg, const void *info, size_t size)
{
	return copy_to_user((void __user *)arg, info, size) ? -EFAULT : 0;
}

static int get_info(unsigned long arg)
{
	const size_t size = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;
	int r = copy_in(&info, size, arg);

	if (r)
		return r;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_out(arg, &info, size);
}

static int get_region_info(unsigned long arg)
{
	const size_t size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;
	int r = copy_in(&info, size, arg);

	if (r)
		return r;
	if (info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.flags = 0;
	info.size = 0;
	info.cap_offset = 0;
	info.offset = (u64)info.index << REGION_SHIFT;
	if (info.index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		info.size = MWTEST_CONFIG_BYTES;
	}
	return copy_out(arg, &info, size);
}

static int get_irq_info(unsigned long arg)
{
	const size_t size = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;
	int r = copy_in(&info, size, arg);

	if (r)
		return r;
	if (info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.flags = 0;
	info.count = 0;
	return copy_out(arg, &info, size);
}

static int reset(struct mwtest_device *dev)
{
	mutex_lock(&dev->lock);
	mwtest_reset_locked(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

long mwtest_pci_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(arg);
	case VFIO_DEVICE_SET_IRQS:
		return -EINVAL;
	case VFIO_DEVICE_RESET:
		return reset(mwtest_of(vdev));
	default:
		return -ENOTTY;
	}
}
