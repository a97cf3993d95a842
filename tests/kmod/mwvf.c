// SPDX-License-Identifier: GPL-2.0-only
/*
 * mwvf: a variant driver of vfio-pci for the virtual functions of the lab's (emulated) network
 * card, the kind of driver that a vendor writes for a card whose functions can migrate. All that
 * vfio-pci does is vfio-pci-core's here too: BARs, interrupts, DMA, reset. Its state is the head of
 * the configuration space, which is checked where it arrives.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "compat.h"

#define VENDOR_ID 0x8086
#define DEVICE_ID 0x10ca /* a virtual function of a 82576 */
#define STATE_BYTES 64

/* One transfer. It outlives its device: what is open belongs to who opened it. */
struct mwvf_file {
	struct file *file;
	struct mutex lock;
	bool is_over;
	size_t position;
	u8 state[STATE_BYTES];
};

struct mwvf {
	struct vfio_pci_core_device core;
	struct mutex lock;
	enum vfio_device_mig_state state;
	struct mwvf_file *transfer;
};

static struct mwvf *mwvf_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct mwvf, core.vdev);
}

/* --- the transfer ---------------------------------------------------------------------------- */

static ssize_t mwvf_save_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct mwvf_file *transfer = file->private_data;
	ssize_t r;

	mutex_lock(&transfer->lock);
	r = min(count, sizeof(transfer->state) - transfer->position);
	if (transfer->is_over)
		r = -ENODEV;
	else if (copy_to_user(buf, transfer->state + transfer->position, r))
		r = -EFAULT;
	else
		transfer->position += r;
	mutex_unlock(&transfer->lock);
	return r;
}

static ssize_t mwvf_resume_write(struct file *file, const char __user *buf, size_t count,
				 loff_t *ppos)
{
	struct mwvf_file *transfer = file->private_data;
	ssize_t r = count;

	mutex_lock(&transfer->lock);
	if (transfer->is_over)
		r = -ENODEV;
	else if (count > sizeof(transfer->state) - transfer->position)
		r = -ENOSPC;
	else if (copy_from_user(transfer->state + transfer->position, buf, count))
		r = -EFAULT;
	else
		transfer->position += count;
	mutex_unlock(&transfer->lock);
	return r;
}

static int mwvf_file_release(struct inode *inode, struct file *file)
{
	struct mwvf_file *transfer = file->private_data;

	mutex_destroy(&transfer->lock);
	kfree(transfer);
	return 0;
}

static const struct file_operations mwvf_save_operations = {
	.owner = THIS_MODULE,
	.read = mwvf_save_read,
	.release = mwvf_file_release,
};

static const struct file_operations mwvf_resume_operations = {
	.owner = THIS_MODULE,
	.write = mwvf_resume_write,
	.release = mwvf_file_release,
};

static struct file *transfer_begin(struct mwvf *mwvf, const struct file_operations *operations)
{
	bool saves = operations == &mwvf_save_operations;
	struct mwvf_file *transfer = kzalloc(sizeof(*transfer), GFP_KERNEL);
	struct file *file;

	if (!transfer)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_getfile("mwvf", operations, transfer, saves ? O_RDONLY : O_WRONLY);
	if (IS_ERR(file)) {
		kfree(transfer);
		return file;
	}
	stream_open(file->f_inode, file);
	mutex_init(&transfer->lock);
	transfer->file = file;
	for (int i = 0; saves && i < STATE_BYTES; i++)
		pci_read_config_byte(mwvf->core.pdev, i, &transfer->state[i]);
	mwvf->transfer = transfer;
	get_file(file);
	return file;
}

static void transfer_end(struct mwvf *mwvf)
{
	struct mwvf_file *transfer = mwvf->transfer;

	if (!transfer)
		return;
	mutex_lock(&transfer->lock);
	transfer->is_over = true;
	mutex_unlock(&transfer->lock);
	mwvf->transfer = NULL;
	fput(transfer->file);
}

/* Whole, and of a device of this kind. What a function's BARs are is the host's own business. */
static int transfer_check(struct mwvf *mwvf)
{
	struct mwvf_file *transfer = mwvf->transfer;
	u16 id;

	pci_read_config_word(mwvf->core.pdev, PCI_SUBSYSTEM_ID, &id);
	if (transfer->position != STATE_BYTES ||
	    memcmp(transfer->state + PCI_SUBSYSTEM_ID, &id, sizeof(id)))
		return -EINVAL;
	return 0;
}

/* --- the state machine ----------------------------------------------------------------------- */

static struct file *step(struct mwvf *mwvf, enum vfio_device_mig_state next)
{
	int r = 0;

	if (mwvf->state == VFIO_DEVICE_STATE_RESUMING)
		r = transfer_check(mwvf);
	if (r)
		return ERR_PTR(r);
	transfer_end(mwvf);
	if (next == VFIO_DEVICE_STATE_STOP_COPY)
		return transfer_begin(mwvf, &mwvf_save_operations);
	if (next == VFIO_DEVICE_STATE_RESUMING)
		return transfer_begin(mwvf, &mwvf_resume_operations);
	return NULL;
}

static struct file *mwvf_set_state(struct vfio_device *vdev, enum vfio_device_mig_state target)
{
	struct mwvf *mwvf = mwvf_of(vdev);
	struct file *file = NULL;

	mutex_lock(&mwvf->lock);
	while (mwvf->state != target && !file) {
		enum vfio_device_mig_state next;
		int r = vfio_mig_get_next_state(vdev, mwvf->state, target, &next);

		file = r ? ERR_PTR(r) : step(mwvf, next);
		if (!IS_ERR(file))
			mwvf->state = next;
	}
	/* A data file belongs to the last arc of a SET; one of an arc before could reach nobody. */
	if (!IS_ERR_OR_NULL(file) && mwvf->state != target) {
		fput(file);
		file = ERR_PTR(-EINVAL);
	}
	mutex_unlock(&mwvf->lock);
	return file;
}

static int mwvf_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	struct mwvf *mwvf = mwvf_of(vdev);

	mutex_lock(&mwvf->lock);
	*state = mwvf->state;
	mutex_unlock(&mwvf->lock);
	return 0;
}

#ifdef HAS_DATA_SIZE
static int mwvf_get_data_size(struct vfio_device *vdev, unsigned long *length)
{
	*length = STATE_BYTES;
	return 0;
}
#endif

static const struct vfio_migration_ops mwvf_migration_ops = {
	.migration_set_state = mwvf_set_state,
	.migration_get_state = mwvf_get_state,
#ifdef HAS_DATA_SIZE
	.migration_get_data_size = mwvf_get_data_size,
#endif
};

static void start_anew(struct mwvf *mwvf)
{
	mutex_lock(&mwvf->lock);
	transfer_end(mwvf);
	mwvf->state = VFIO_DEVICE_STATE_RUNNING;
	mutex_unlock(&mwvf->lock);
}

/* --- the device ------------------------------------------------------------------------------ */

static int mwvf_init_device(struct vfio_device *vdev)
{
	struct mwvf *mwvf = mwvf_of(vdev);

	mutex_init(&mwvf->lock);
	mwvf->state = VFIO_DEVICE_STATE_RUNNING;
	vdev->migration_flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P;
	vdev->mig_ops = &mwvf_migration_ops;
	return vfio_pci_core_init_dev(vdev);
}

static void mwvf_release_device(struct vfio_device *vdev)
{
	mutex_destroy(&mwvf_of(vdev)->lock);
	vfio_pci_core_release_dev(vdev);
}

static int mwvf_open_device(struct vfio_device *vdev)
{
	struct mwvf *mwvf = mwvf_of(vdev);
	int r = vfio_pci_core_enable(&mwvf->core);

	if (r)
		return r;
	start_anew(mwvf);
	vfio_pci_core_finish_enable(&mwvf->core);
	return 0;
}

static void mwvf_close_device(struct vfio_device *vdev)
{
	start_anew(mwvf_of(vdev));
	vfio_pci_core_close_device(vdev);
}

static const struct vfio_device_ops mwvf_device_ops = {
	.name = "mwvf",
	.init = mwvf_init_device,
	.release = mwvf_release_device,
	.open_device = mwvf_open_device,
	.close_device = mwvf_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#ifdef HAS_IOMMUFD
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

static int mwvf_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct mwvf *mwvf = vfio_alloc_device(mwvf, core.vdev, &pdev->dev, &mwvf_device_ops);
	int r;

	if (IS_ERR(mwvf))
		return PTR_ERR(mwvf);
	dev_set_drvdata(&pdev->dev, &mwvf->core);
	r = vfio_pci_core_register_device(&mwvf->core);
	if (r)
		vfio_put_device(&mwvf->core.vdev);
	return r;
}

static void mwvf_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static void mwvf_reset_done(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	start_anew(mwvf_of(&core->vdev));
}

static const struct pci_error_handlers mwvf_error_handlers = {
	.reset_done = mwvf_reset_done,
	.error_detected = vfio_pci_core_aer_err_detected,
};

static const struct pci_device_id mwvf_ids[] = {
	{PCI_DRIVER_OVERRIDE_DEVICE_VFIO(VENDOR_ID, DEVICE_ID)},
	{},
};
MODULE_DEVICE_TABLE(pci, mwvf_ids);

static struct pci_driver mwvf_driver = {
	.name = "mwvf",
	.id_table = mwvf_ids,
	.probe = mwvf_probe,
	.remove = mwvf_remove,
	.err_handler = &mwvf_error_handlers,
	.driver_managed_dma = true,
};

module_pci_driver(mwvf_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("virtual functions of an emulated network card that can migrate");
