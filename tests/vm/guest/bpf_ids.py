#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tries to get a descriptor of every map and program of the kernel, as an attacker with all
capabilities would. Prints "map N: NAME" or "program N: NAME" for each that it got, "map N: errno" for
each that it did not."""
import ctypes
import errno
import os

BPF_SYSCALL = 321  # x86_64
OBJ_GET_INFO_BY_FD = 15
# name: (next id, descriptor by id, offset of the name in its info)
KINDS = {"map": (12, 14, 24), "program": (11, 13, 64)}

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    result = libc.syscall(BPF_SYSCALL, command, attr, len(attr))
    return result if result >= 0 else -ctypes.get_errno()


def u32(attr, offset, value=None):
    if value is None:
        return int.from_bytes(attr.raw[offset : offset + 4], "little")
    attr[offset : offset + 4] = value.to_bytes(4, "little")


def name_of(descriptor, offset):
    info = ctypes.create_string_buffer(256)
    attr = ctypes.create_string_buffer(16)
    u32(attr, 0, descriptor)
    u32(attr, 4, len(info))
    attr[8:16] = ctypes.addressof(info).to_bytes(8, "little")
    bpf(OBJ_GET_INFO_BY_FD, attr)
    return info.raw[offset : offset + 16].split(b"\0")[0].decode(errors="replace")


for kind, (next_id, by_id, offset) in KINDS.items():
    last = 0
    while True:
        attr = ctypes.create_string_buffer(16)
        u32(attr, 0, last)
        if bpf(next_id, attr) < 0:
            break
        last = u32(attr, 4)
        attr = ctypes.create_string_buffer(16)
        u32(attr, 0, last)
        descriptor = bpf(by_id, attr)
        if descriptor < 0:
            print(f"{kind} {last}: {errno.errorcode[-descriptor]}")
        else:
            print(f"{kind} {last}: {name_of(descriptor, offset)}")
            os.close(descriptor)
