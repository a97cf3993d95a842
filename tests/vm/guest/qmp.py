#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Talks QMP with a VM: sends each command and prints each answer, one line of JSON apiece."""

import argparse
import json
import socket
import sys
import time


class QmpError(Exception):
    pass


class Qmp:
    """One QMP session. Every wait ends at the deadline."""

    def __init__(self, path, deadline):
        self.deadline = deadline
        self.socket = self.connect(path)
        self.stream = self.socket.makefile("r", encoding="utf-8")
        self.receive()  # greeting
        self.execute({"execute": "qmp_capabilities"})

    def left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise QmpError("no answer in time")
        return left

    def connect(self, path):
        """The VM may not have made its socket yet."""
        while True:
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                return sock
            except OSError as error:
                sock.close()
                if self.left() < 0.1:
                    raise QmpError(f"{path}: {error.strerror}") from error
                time.sleep(0.1)

    def receive(self):
        self.socket.settimeout(self.left())
        line = self.stream.readline()
        if not line:
            raise QmpError("the VM closed the connection")
        return json.loads(line)

    def execute(self, command):
        self.socket.sendall(json.dumps(command).encode() + b"\n")
        while True:
            message = self.receive()
            if "error" in message:
                raise QmpError(f"{command['execute']}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]

    def execute_until(self, command, key, values):
        while True:
            answer = self.execute(command)
            if answer.get(key) in values:
                return answer
            time.sleep(min(0.1, self.left()))


def parse_command(text):
    return json.loads(text) if text.startswith("{") else {"execute": text}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timeout", type=float, default=10, metavar="SECONDS")
    parser.add_argument("--field", help="print only this field of each answer, as text")
    parser.add_argument("--until", metavar="KEY=VALUE,...",
                        help="repeat each command until its answer has one of these")
    parser.add_argument("socket")
    parser.add_argument("command", nargs="+", help="a name, or a JSON object")
    return parser.parse_args()


def main():
    args = parse_arguments()
    qmp = Qmp(args.socket, time.monotonic() + args.timeout)
    for text in args.command:
        command = parse_command(text)
        if args.until:
            key, values = args.until.split("=", 1)
            answer = qmp.execute_until(command, key, values.split(","))
        else:
            answer = qmp.execute(command)
        print(answer.get(args.field) if args.field else json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (QmpError, OSError, ValueError) as error:
        sys.exit(f"qmp: {error}")
