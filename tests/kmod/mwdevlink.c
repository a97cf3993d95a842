// SPDX-License-Identifier: GPL-2.0-only
/*
 * A platform device, mwdevlink, with a devlink instance that reports versions, or fails as a test
 * wants it to. Debian's kernel has no netdevsim.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <net/devlink.h>

static int error;
module_param(error, int, 0644);
MODULE_PARM_DESC(error, "the errno that asking for versions fails with; 0: none");

static bool silent;
module_param(silent, bool, 0644);
MODULE_PARM_DESC(silent, "no version is running");

static struct platform_device *device;
static struct devlink *instance;

/* The one to take is neither the first one, nor the first that runs, nor the newest. */
static int mwdevlink_info_get(struct devlink *devlink, struct devlink_info_req *request,
			      struct netlink_ext_ack *extack)
{
	int r;

	if (error)
		return -error;
	r = devlink_info_version_fixed_put(request, "board.id", "7");
	if (!r)
		r = devlink_info_version_stored_put(request, "fw", "99.0");
	if (r || silent)
		return r;
	r = devlink_info_version_running_put(request, "fw.undi", "1.2");
	return r ?: devlink_info_version_running_put(request, "fw.mgmt", "10.20.30");
}

static const struct devlink_ops mwdevlink_ops = {
	.info_get = mwdevlink_info_get,
};

static int __init mwdevlink_init(void)
{
	device = platform_device_register_simple("mwdevlink", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	instance = devlink_alloc(&mwdevlink_ops, 0, &device->dev);
	if (!instance) {
		platform_device_unregister(device);
		return -ENOMEM;
	}
	devlink_register(instance);
	return 0;
}

static void __exit mwdevlink_exit(void)
{
	devlink_unregister(instance);
	devlink_free(instance);
	platform_device_unregister(device);
}

module_init(mwdevlink_init);
module_exit(mwdevlink_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A device that answers devlink as a test wants it to");
