#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks for admissions and uses them, while the daemon comes and goes; keeps the account.

usage: attack-load.py SOCKET UUID SOURCE.json JOURNAL

Until SIGTERM: an admission with one use, if the daemon answers, then RESUMING three times. What may
pass is known at every moment, but for an admission whose answer did not come: that one may have
been written or not. JOURNAL gets a JSON object a line for each RESUMING: when it began and ended, its
outcome, and "wrong" where that cannot be. Exit status: 0 nothing was wrong, 1 something was.
"""

import errno
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import threading
import time

GROUP_SET_CONTAINER, GROUP_GET_DEVICE_FD, SET_IOMMU = 0x3B68, 0x3B6A, 0x3B66
RESET, FEATURE, SET_STATE, RESUMING = 0x3B6F, 0x3B75, 1 << 17 | 2, 4
TYPE1V2_IOMMU = 3
TRIES = 3
# What is known of the ticket.
NONE, MAYBE, ONE = "none", "maybe", "one"


def open_device(uuid):
    container = os.open("/dev/vfio/vfio", os.O_RDWR)
    number = os.path.basename(os.readlink(f"/sys/bus/mdev/devices/{uuid}/iommu_group"))
    group = os.open(f"/dev/vfio/{number}", os.O_RDWR)
    fcntl.ioctl(group, GROUP_SET_CONTAINER, struct.pack("i", container))
    fcntl.ioctl(container, SET_IOMMU, TYPE1V2_IOMMU)
    return fcntl.ioctl(group, GROUP_GET_DEVICE_FD, bytearray(uuid.encode() + b"\0"))


def admit(path, uuid, source, ticket):
    """What is known of the ticket after an admission was asked for."""
    request = (f"POST /v1/admit?device={uuid} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               f"Content-Length: {len(source)}\r\n\r\n").encode() + source
    answer = b""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        try:
            peer.connect(path)
        except OSError:
            return ticket
        try:
            peer.sendall(request)
            while more := peer.recv(4096):
                answer += more
        except OSError:
            pass
    if b" 200 " in answer[:16]:
        return ONE
    # Killed on the way, or no gate to write to yet.
    return ticket if answer else (ONE if ticket == ONE else MAYBE)


def resume(device, ticket, journal):
    """One RESUMING; what is known of the ticket after it, and whether its outcome was possible."""
    call = bytearray(struct.pack("IIIi", 16, SET_STATE, RESUMING, -1))
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    try:
        fcntl.ioctl(device, FEATURE, call)
        outcome = "passed"
    except OSError as error:
        outcome = errno.errorcode[error.errno]
    end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    data_fd = struct.unpack("IIIi", call)[3]
    fcntl.ioctl(device, RESET)
    if data_fd >= 0:
        os.close(data_fd)
    expected = {NONE: ("EPERM",), ONE: ("passed",), MAYBE: ("EPERM", "passed")}[ticket]
    entry = {"begin_ns": begin, "end_ns": end, "tid": threading.get_native_id(), "outcome": outcome,
             "ticket": ticket, "wrong": outcome not in expected}
    journal.write(json.dumps(entry) + "\n")
    return not entry["wrong"]


def main():
    path, uuid, source_file, journal_file = sys.argv[1:]
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    with open(source_file, "rb") as file:
        source = file.read()
    device = open_device(uuid)
    ticket, right = NONE, True
    with open(journal_file, "w", encoding="utf-8") as journal:
        while not ended:
            ticket = admit(path, uuid, source, ticket)
            for _ in range(TRIES):
                right = resume(device, ticket, journal) and right
                ticket = NONE
            time.sleep(0.02)
    sys.exit(not right)


if __name__ == "__main__":
    main()
