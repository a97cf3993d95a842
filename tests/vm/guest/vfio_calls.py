#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes every call on a mtty device that a VMM may make, and more; prints what came of each.

usage: vfio_calls.py UUID

A line each, "CALL: ok" or "CALL: ERRNO": every VFIO_DEVICE_FEATURE with GET, SET, PROBE and mixtures,
a SET of every state from every state that no migration is needed for, a request that cannot be read,
and every other device ioctl. The device is reset before each.
"""

import ctypes
import errno
import fcntl
import os
import struct
import sys

GROUP_SET_CONTAINER, GROUP_GET_DEVICE_FD, SET_IOMMU = 0x3B68, 0x3B6A, 0x3B66
GET_INFO, RESET, FEATURE, LAST = 0x3B6B, 0x3B6F, 0x3B75, 0x3B78
GET, SET, PROBE = 1 << 16, 1 << 17, 1 << 18
MIG_DEVICE_STATE, DMA_LOGGING_START, FEATURES = 2, 6, 16
TYPE1V2_IOMMU = 3
STATES = ("ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY",
          "PRE_COPY_P2P", "8")
# Reached without the begin of a migration.
STARTS = ("RUNNING", "STOP", "RUNNING_P2P")


def open_device(uuid):
    container = os.open("/dev/vfio/vfio", os.O_RDWR)
    number = os.path.basename(os.readlink(f"/sys/bus/mdev/devices/{uuid}/iommu_group"))
    group = os.open(f"/dev/vfio/{number}", os.O_RDWR)
    fcntl.ioctl(group, GROUP_SET_CONTAINER, struct.pack("i", container))
    fcntl.ioctl(container, SET_IOMMU, TYPE1V2_IOMMU)
    return fcntl.ioctl(group, GROUP_GET_DEVICE_FD, bytearray(uuid.encode() + b"\0"))


def outcome(device, cmd, argument):
    try:
        fcntl.ioctl(device, cmd, argument)
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]


def set_state(device, state):
    """Gives the outcome; a data fd is closed."""
    buffer = bytearray(struct.pack("IIIi", 16, SET | MIG_DEVICE_STATE, STATES.index(state), -1))
    result = outcome(device, FEATURE, buffer)
    data_fd = struct.unpack("IIIi", buffer)[3]
    if result == "ok" and data_fd >= 0:
        os.close(data_fd)
    return result


def show(name, result):
    print(f"{name}: {result}")


def all_states(device):
    for start in STARTS:
        for state in STATES:
            fcntl.ioctl(device, RESET)
            if start != "RUNNING" and set_state(device, start) != "ok":
                sys.exit(f"cannot reach {start}")
            show(f"SET {state} from {start}", set_state(device, state))


def all_features(device):
    page = ctypes.create_string_buffer(struct.pack("QQ", 0, 4096), 16)
    logging = struct.pack("QIIQ", 4096, 1, 0, ctypes.addressof(page))
    for feature in range(FEATURES):
        for ops in (0, GET, SET, PROBE, PROBE | GET, PROBE | SET, PROBE | GET | SET):
            fcntl.ioctl(device, RESET)
            payload = logging if feature == DMA_LOGGING_START else b""
            argument = bytearray(struct.pack("II", 64, ops | feature) + payload.ljust(56, b"\0"))
            names = [name for bit, name in ((PROBE, "PROBE"), (GET, "GET"), (SET, "SET")) if ops & bit]
            show(f"FEATURE {feature} {' '.join(names)}", outcome(device, FEATURE, argument))


def all_probes_of_states(device):
    fcntl.ioctl(device, RESET)
    for number, state in enumerate(STATES):
        argument = bytearray(struct.pack("IIIi", 16, PROBE | SET | MIG_DEVICE_STATE, number, -1))
        show(f"PROBE SET {state}", outcome(device, FEATURE, argument))


def all_others(device):
    for cmd in range(GET_INFO, LAST + 1):
        if cmd == FEATURE:
            continue
        fcntl.ioctl(device, RESET)
        show(f"ioctl {cmd:#x}", outcome(device, cmd, bytearray(struct.pack("I", 64).ljust(64, b"\0"))))
    show("FEATURE at an address that is none", outcome(device, FEATURE, 8))
    show("ioctl 0xffffffff", outcome(device, 0xFFFFFFFF, 0))


def main():
    device = open_device(sys.argv[1])
    all_states(device)
    all_features(device)
    all_probes_of_states(device)
    all_others(device)
    fcntl.ioctl(device, RESET)


if __name__ == "__main__":
    main()
