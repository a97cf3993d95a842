# SPDX-License-Identifier: GPL-2.0-only
"""A service manager's end of sd_notify: notify.py SOCKET prints each message as one JSON line."""
import json
import os
import socket
import sys
import time

PATH = sys.argv[1]
if os.path.exists(PATH):
    os.unlink(PATH)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(PATH)
while True:
    message = listener.recv(65536).decode()
    fields = dict(line.split("=", 1) for line in message.split("\n") if "=" in line)
    print(json.dumps({"time": time.monotonic(), **fields}), flush=True)
