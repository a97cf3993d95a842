#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-only
"""Talks QMP with a VM: sends each command and prints each answer, one line of JSON apiece."""

import json
import socket
import sys
import time


USAGE = """usage: qmp.py [OPTION...] SOCKET COMMAND...
A command is a name or a JSON object.
  --timeout SECONDS         for all of it (10)
  --field NAME              print only this field of each answer, as text
  --until FIELD=VALUE,...   repeat each command until its answer has one of these"""


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


def parse_arguments(words):
    """Splits the options off. By hand: argparse takes a third of a second to load in the guest."""
    options = {"--timeout": "10", "--field": None, "--until": None}
    while words and words[0].startswith("--"):
        if words[0] not in options or len(words) < 2:
            sys.exit(USAGE)
        options[words[0]] = words[1]
        words = words[2:]
    if len(words) < 2:
        sys.exit(USAGE)
    return options, words[0], words[1:]


def main():
    options, path, commands = parse_arguments(sys.argv[1:])
    qmp = Qmp(path, time.monotonic() + float(options["--timeout"]))
    for command in map(parse_command, commands):
        if options["--until"]:
            key, values = options["--until"].split("=", 1)
            answer = qmp.execute_until(command, key, values.split(","))
        else:
            answer = qmp.execute(command)
        field = options["--field"]
        print(answer.get(field) if field else json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (QmpError, OSError, ValueError) as error:
        sys.exit(f"qmp: {error}")
