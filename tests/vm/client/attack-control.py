#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A hostile client of the control socket, and of the loopback port.

usage: attack-control.py SOCKET|127.0.0.1:PORT ATTACK

ATTACK is one of the functions below. Each ends by itself, and says how many connections were made,
and how many of them got which HTTP status ("none": no answer).
"""

import collections
import os
import random
import socket
import sys
import time

SECONDS = 8


def place(path):
    """Family and address of what is attacked."""
    if path.startswith("/"):
        return socket.AF_UNIX, path
    host, port = path.rsplit(":", 1)
    return socket.AF_INET, (host, int(port))


def connect(path, patience=SECONDS):
    family, address = place(path)
    peer = socket.socket(family)
    peer.settimeout(patience)
    peer.connect(address)
    return peer


def status_of(answer):
    words = answer.split(b" ", 2)
    return words[1].decode() if answer.startswith(b"HTTP/1.") and len(words) > 1 else "none"


def ask(path, request, patience=SECONDS):
    """Sends bytes; the status of the answer."""
    try:
        with connect(path, patience) as peer:
            try:
                peer.sendall(request)
            except OSError:
                pass
            return status_of(peer.recv(4096))
    except OSError:
        return "none"


def head(method, target, *fields):
    """As from a caller who means this host."""
    host = "localhost" if sys.argv[1].startswith("/") else sys.argv[1]
    return "\r\n".join((f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", "")).encode()


def garbage(path):
    """Random bytes, of every length."""
    noise = random.Random(7)
    return [ask(path, noise.randbytes(1 << i), 1) for i in range(16)]


def huge_heads(path):
    """Heads that do not end, and a target of a megabyte."""
    return [ask(path, b"GET /v1/status HTTP/1.1\r\n" + b"X-Field: " + b"a" * (1 << 20)),
            ask(path, b"GET /v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 200000),
            ask(path, b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n"),
            ask(path, b"A" * (1 << 20))]


def large_bodies(path):
    """Two megabytes: announced, in chunks, and announced as more than there are."""
    body = b"x" * (2 << 20)
    chunks = b"".join(b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(32)) + b"0\r\n\r\n"
    return [ask(path, head("POST", "/v1/admit?device=a", f"Content-Length: {len(body)}") + body),
            ask(path, head("POST", "/v1/admit?device=a", "Transfer-Encoding: chunked") + chunks),
            ask(path, head("POST", "/v1/admit?device=a", "Content-Length: 99999999999999999999") + body),
            ask(path, head("POST", "/v1/admit?device=a", "Content-Length: -1") + b"x")]


def wrong_methods(path):
    """Methods that a path does not take, and some that are none."""
    return [ask(path, head(method, target, "Content-Length: 0"))
            for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "GIVE", "get")
            for target in ("/v1/status", "/v1/admit", "/v1/reload", "/v1/release", "*")]


def zeros(path):
    """NULs in the target, in its arguments, in a field and in a descriptor."""
    body = b'{"schema": "migwarden.descriptor/1\0"}'
    return [ask(path, b"GET /v1/status\0 HTTP/1.1\r\n\r\n"),
            ask(path, b"GET /v1/sta\0tus HTTP/1.1\r\n\r\n"),
            ask(path, head("POST", "/v1/revoke?device=a%00b&direction=incoming%00", "Content-Length: 0")),
            ask(path, head("POST", "/v1/admit?device=%00", f"Content-Length: {len(body)}") + body),
            ask(path, head("GET", "/v1/status", "X-Field: a\0b")),
            ask(path, b"\0" * 65536)]


def slow(path, seconds=SECONDS):
    """A byte now and then, on more connections than are served at once."""
    peers = []
    for _ in range(64):
        try:
            peers.append(connect(path, 1))
        except OSError:
            pass
    request = head("POST", "/v1/admit?device=a", "Content-Length: 100")
    for byte in request[:seconds * 2]:
        for peer in peers:
            try:
                peer.send(bytes((byte,)))
            except OSError:
                pass
        time.sleep(0.5)
    for peer in peers:
        peer.close()
    return ["none"] * len(peers)


def hold(path):
    """The same, for as long as a head lasts."""
    return slow(path, 60)


def thousand(path):
    """A thousand connections that say nothing."""
    peers, refused = [], 0
    family, address = place(path)
    for _ in range(1000):
        peer = socket.socket(family)
        peer.setblocking(False)
        try:
            peer.connect(address)
            peers.append(peer)
        except OSError:
            refused += 1
            peer.close()
    time.sleep(2)
    for peer in peers:
        peer.close()
    return ["none"] * len(peers) + ["refused"] * refused


def drip(path):
    """A byte a second on more connections than are served at once, anew for each that ends; for ever."""
    request = head("GET", "/", "X-Field: " + "a" * 4096)
    peers = {}
    while True:
        for slot in range(48):
            peer, sent = peers.get(slot, (None, 0))
            try:
                if not peer:
                    peer = connect(path, 1)
                peer.send(request[sent:sent + 1])
                peers[slot] = peer, sent + 1
            except OSError:
                peers[slot] = None, 0
        time.sleep(1)


ATTACKS = (garbage, huge_heads, large_bodies, wrong_methods, zeros, slow, hold, thousand, drip)


def main():
    path, name = sys.argv[1:]
    attack = {a.__name__: a for a in ATTACKS}[name]
    answers = collections.Counter(attack(path))
    print(f"{name}: {sum(answers.values())} connections,",
          ", ".join(f"{count} {status}" for status, count in sorted(answers.items())))
    # libmicrohttpd overlooks a NUL at the end of a target: what it then gives is the status.
    sys.exit(name != "zeros" and any(status.startswith("2") for status in answers))


if __name__ == "__main__":
    os.nice(5)
    main()
