/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The firmware version that a driver reports through devlink, the kernel's generic-netlink family
 * of that name (linux/devlink.h, DEVLINK_CMD_INFO_GET). Nothing is written, and no privilege is
 * needed.
 *
 * A device reports several running versions, each with a name. Of these the firmware version is
 * "fw" (all of it), else "fw.version" (its counterpart in some drivers), else "fw.mgmt" (what
 * controls the device), else the first one. Versions that are stored in flash but not running, or
 * fixed in hardware, do not count; neither do empty ones.
 */
#ifndef HOST_DEVLINK_H
#define HOST_DEVLINK_H

#include <stddef.h>

/* With the final NUL; what is longer is refused. */
#define DEVLINK_VERSION_BYTES 256

/*
 * devlink_firmware - asks the kernel about the device @name on @bus, both as sysfs spells them
 * ("pci", "0000:3b:00.0").
 *
 * Each answer is waited for one second at most. The driver composes it while the request is being
 * sent, as it does for a file of sysfs: what blocks there blocks here.
 *
 * Gives 0 and @out, any bytes but NUL; -ENODATA when it is not known: the kernel has no devlink or
 * does not let us ask, the device has no instance in this network namespace, or reports no running
 * version; -ETIMEDOUT; any other -errno of the sockets, the driver (-EIO) or devlink_parse_info.
 * On failure @out is "".
 */
int devlink_firmware(const char *bus, const char *name, char out[static DEVLINK_VERSION_BYTES]);

/*
 * devlink_parse_info - the firmware version in one answer to DEVLINK_CMD_INFO_GET: @size bytes, at
 * an address that is a multiple of four, with the netlink header first. They need not be
 * well-formed.
 *
 * Gives 0 and @out; -ENODATA when the device reports no running version; -EBADMSG when the bytes
 * are no such answer, or not about this device; -EMSGSIZE when the version is too long. On failure
 * @out is "".
 */
int devlink_parse_info(const void *message, size_t size, const char *bus, const char *name,
		       char out[static DEVLINK_VERSION_BYTES]);

#endif
