// SPDX-License-Identifier: GPL-2.0-only
/* The module: parents, types, mdevs, and what VFIO asks of a device besides migration. */
#include <linux/module.h>
#include <linux/slab.h>

#include "mwtest.h"

#define PARENTS_MAX 8
#define TYPES 4

static unsigned int parents = 2;
module_param(parents, uint, 0444);
MODULE_PARM_DESC(parents, "how many parents there are, mwtest0 and so on (1 to 8)");

static unsigned int instances = 16;
module_param(instances, uint, 0444);
MODULE_PARM_DESC(instances, "how many mdevs a parent can have");

static const struct mwtest_type type_presets[TYPES] = {
	{{.sysfs_name = "tiny", .pretty_name = "96 bytes"}, 96, true},
	{{.sysfs_name = "small", .pretty_name = "1 MiB"}, 1 << 20, true},
	{{.sysfs_name = "large", .pretty_name = "64 MiB"}, 64 << 20, true},
	{{.sysfs_name = "basic", .pretty_name = "1 MiB, STOP_COPY only"}, 1 << 20, false},
};

struct mwtest_parent {
	struct device *dev;
	struct mdev_parent parent;
	struct mwtest_type types[TYPES];
	struct mdev_type *type_list[TYPES];
};

static struct class *mwtest_class;
static struct mwtest_parent *mwtest_parents[PARENTS_MAX];

/* --- a device -------------------------------------------------------------------------------- */

static int mwtest_init_device(struct vfio_device *vdev)
{
	struct mwtest_device *dev = mwtest_of(vdev);
	struct mdev_device *mdev = to_mdev_device(vdev->dev);
	int r;

	mutex_init(&dev->lock);
	dev->type = container_of(mdev->type, struct mwtest_type, type);
	r = mwtest_knobs_init(dev);
	if (r) {
		mwtest_knobs_free(dev);
		return r;
	}
	mwtest_reset_locked(dev);
	mwtest_set_capabilities(dev);
	vdev->mig_ops = &mwtest_migration_ops;
	vdev->log_ops = &mwtest_log_ops;
	return 0;
}

static void mwtest_release_device(struct vfio_device *vdev)
{
	struct mwtest_device *dev = mwtest_of(vdev);

	mwtest_knobs_free(dev);
	mutex_destroy(&dev->lock);
}

/* Whoever opens the device finds it as new, as with a PCI function that is reset at that moment. */
static int mwtest_open_device(struct vfio_device *vdev)
{
	struct mwtest_device *dev = mwtest_of(vdev);

	mutex_lock(&dev->lock);
	mwtest_reset_locked(dev);
	dev->is_open = true;
	mutex_unlock(&dev->lock);
	return 0;
}

static void mwtest_close_device(struct vfio_device *vdev)
{
	struct mwtest_device *dev = mwtest_of(vdev);

	mutex_lock(&dev->lock);
	mwtest_reset_locked(dev);
	mwtest_log_stop_locked(dev);
	dev->is_open = false;
	mutex_unlock(&dev->lock);
}

static const struct vfio_device_ops mwtest_device_ops = {
	.name = "vfio-mwtest",
	.init = mwtest_init_device,
	.release = mwtest_release_device,
	.open_device = mwtest_open_device,
	.close_device = mwtest_close_device,
	.read = mwtest_pci_read,
	.write = mwtest_pci_write,
	.ioctl = mwtest_pci_ioctl,
#ifdef HAS_IOMMUFD
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
};

static int mwtest_probe(struct mdev_device *mdev)
{
	struct mwtest_device *dev;
	int r;

	dev = vfio_alloc_device(mwtest_device, vdev, &mdev->dev, &mwtest_device_ops);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&mdev->dev, dev);
	r = vfio_register_emulated_iommu_dev(&dev->vdev);
	if (r)
		vfio_put_device(&dev->vdev);
	return r;
}

static void mwtest_remove(struct mdev_device *mdev)
{
	struct mwtest_device *dev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&dev->vdev);
	vfio_put_device(&dev->vdev);
}

static ssize_t mwtest_show_description(struct mdev_type *mdev_type, char *buf)
{
	const struct mwtest_type *type = container_of(mdev_type, struct mwtest_type, type);

	return sysfs_emit(buf, "state of %llu bytes, %s\n", type->state_bytes,
			  type->migrates_live ? "stop-copy p2p pre-copy" : "stop-copy");
}

static struct mdev_driver mwtest_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = mwtest_probe,
	.remove = mwtest_remove,
	.show_description = mwtest_show_description,
	.driver =
		{
			.name = "mwtest",
			.owner = THIS_MODULE,
			.mod_name = KBUILD_MODNAME,
			.dev_groups = mwtest_groups,
		},
};

/* --- the module ------------------------------------------------------------------------------ */

static void parent_free(struct mwtest_parent *parent)
{
	if (!IS_ERR_OR_NULL(parent->dev))
		device_unregister(parent->dev);
	kfree(parent);
}

static struct mwtest_parent *parent_new(unsigned int number)
{
	struct mwtest_parent *parent = kzalloc(sizeof(*parent), GFP_KERNEL);
	int r;

	if (!parent)
		return ERR_PTR(-ENOMEM);
	memcpy(parent->types, type_presets, sizeof(parent->types));
	for (int i = 0; i < TYPES; i++)
		parent->type_list[i] = &parent->types[i].type;
	parent->dev = device_create(mwtest_class, NULL, MKDEV(0, 0), NULL, "mwtest%u", number);
	r = PTR_ERR_OR_ZERO(parent->dev);
	if (!r)
		r = mdev_register_parent(&parent->parent, parent->dev, &mwtest_driver,
					 parent->type_list, TYPES);
	if (r) {
		parent_free(parent);
		return ERR_PTR(r);
	}
	return parent;
}

static void parents_remove(void)
{
	for (int i = 0; i < PARENTS_MAX; i++) {
		if (!mwtest_parents[i])
			continue;
		mdev_unregister_parent(&mwtest_parents[i]->parent);
		parent_free(mwtest_parents[i]);
		mwtest_parents[i] = NULL;
	}
}

static int parents_make(void)
{
	for (unsigned int i = 0; i < parents; i++) {
		struct mwtest_parent *parent = parent_new(i);

		if (IS_ERR(parent)) {
			parents_remove();
			return PTR_ERR(parent);
		}
		mwtest_parents[i] = parent;
	}
	return 0;
}

static int __init mwtest_init(void)
{
	int r;

	if (parents < 1 || parents > PARENTS_MAX)
		return -EINVAL;
	mwtest_driver.max_instances = instances;
	r = mdev_register_driver(&mwtest_driver);
	if (r)
		return r;
	mwtest_class = make_class("mwtest");
	r = PTR_ERR_OR_ZERO(mwtest_class);
	if (!r) {
		r = parents_make();
		if (r)
			class_destroy(mwtest_class);
	}
	if (r)
		mdev_unregister_driver(&mwtest_driver);
	return r;
}

static void __exit mwtest_exit(void)
{
	parents_remove();
	class_destroy(mwtest_class);
	mdev_unregister_driver(&mwtest_driver);
}

module_init(mwtest_init);
module_exit(mwtest_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A mediated device that migrates as a test wants it to");
MODULE_SOFTDEP("pre: vfio mdev");
