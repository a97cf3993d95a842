#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds what `migwarden report` says of migrations against what their devices were told.

usage: anatomy.py ROUNDS REPORT...

ROUNDS has a line for each migration: what the scenario "anatomy" set, "NAME=VALUE", times in us. A
REPORT is the list that `migwarden report --all --json` prints. Prints a JSON object on each line:
{"event": "time", "round", "side", "what", "told_ns", "seen_ns"}, the same with "device_ns" where the
device measured it by its own clock, and {"event": "bytes", "round", "side", "what", "told", "seen"}.
"""

import json
import sys

ARCS = {
    "source": ("RUNNING-PRE_COPY", "PRE_COPY-PRE_COPY_P2P", "PRE_COPY_P2P-STOP_COPY", "STOP_COPY-STOP"),
    "destination": ("RUNNING-RUNNING_P2P", "RUNNING_P2P-STOP", "STOP-RESUMING", "RESUMING-STOP",
                    "STOP-RUNNING_P2P", "RUNNING_P2P-RUNNING"),
}


class Round:
    """One migration: what was told, and what follows of it."""

    def __init__(self, number, line):
        self.number = number
        self.told = dict(word.split("=") for word in line.split())
        state, first, chunk = (int(self.told[k]) for k in ("state_bytes", "precopy_bytes", "chunk"))
        self.bytes = {"PRE_COPY": first, "STOP_COPY": state - first, "RESUMING": state}
        # How often there is something to read, without the call that says that there is no more.
        self.reads = {s: -(-self.bytes[s] // chunk) for s in ("PRE_COPY", "STOP_COPY")}
        self.read, self.write, self.wait = (self.us(k) for k in ("read_us", "write_us", "wait_us"))

    def us(self, name):
        return int(self.told[name]) * 1000

    def arc(self, name):
        return self.us(name)

    def data(self, state):
        """Time in the driver, and time between its calls."""
        if state == "RESUMING":
            count = sum(self.reads.values())
            stop = self.arc("PRE_COPY-PRE_COPY_P2P") + self.wait + self.arc("PRE_COPY_P2P-STOP_COPY")
            return count * self.write, count * self.read + stop
        return (self.reads[state] + 1) * self.read, self.reads[state] * self.write

    def blackout(self, side):
        parts = {("arc", *name.split("-")): self.arc(name) for name in self.stopped(side)}
        if side == "source":
            calls, gap = self.data("STOP_COPY")
            parts |= {("wait", "PRE_COPY_P2P", None): self.wait, ("calls", "STOP_COPY", None): calls,
                      ("gap", "STOP_COPY", None): gap}
        else:
            parts["wait", "RESUMING", None] = self.read + self.arc("STOP_COPY-STOP")
        return parts

    @staticmethod
    def stopped(side):
        return ARCS[side][1:3] if side == "source" else ARCS[side][3:]

    def phases(self, side):
        if side == "destination":
            last = self.arc("STOP_COPY-STOP")
            return {"RESUMING": self.arc("RUNNING-PRE_COPY") + sum(self.data("PRE_COPY"))
                    + self.arc("PRE_COPY-PRE_COPY_P2P") + self.wait + self.arc("PRE_COPY_P2P-STOP_COPY")
                    + sum(self.data("STOP_COPY")) + last}
        return {"PRE_COPY": sum(self.data("PRE_COPY")), "PRE_COPY_P2P": self.wait,
                "STOP_COPY": sum(self.data("STOP_COPY"))}

    def p2p(self, side):
        into = "PRE_COPY-PRE_COPY_P2P" if side == "source" else "STOP-RUNNING_P2P"
        return {"arc_ns": self.arc(into), "wait_ns": self.wait if side == "source" else None}

    def device(self, side, name):
        """What the device measured of an arc, or of all its reads or writes."""
        return int(self.told[f"{side}:{name}"])


def times(this, report):
    """(what, told, seen, measured by the device or None) of everything that has a time."""
    session = report["items"][0]["session"]
    side = session["side"]
    for arc in session["arcs"]:
        name = f"{arc['from']}-{arc['to']}"
        yield f"arc {name}", this.arc(name), arc["duration_ns"], this.device(side, name)
    wanted = this.phases(side)
    for phase in session["phases"]:
        if phase["state"] not in wanted:
            continue
        yield f"phase {phase['state']}", wanted[phase["state"]], phase["end_ns"] - phase["begin_ns"], None
        if phase["flow"]:
            driver, gap = this.data(phase["state"])
            yield f"driver {phase['state']}", driver, phase["flow"]["driver_ns"], None
            yield f"between {phase['state']}", gap, phase["flow"]["gap_ns"], None
    calls = "read" if side == "source" else "write"
    yield (f"driver {calls}", sum(this.data(s)[0] for s in wanted if s != "PRE_COPY_P2P"),
           sum(p["flow"]["driver_ns"] for p in session["phases"] if p["flow"]), this.device(side, calls))
    for key, told in this.p2p(side).items():
        if told is not None:
            yield f"p2p {key}", told, session["p2p"][key], None
    parts = this.blackout(side)
    yield "blackout", sum(parts.values()), session["blackout"]["duration_ns"], None
    seen = {(p["kind"], p["state"], p["to"]): p["ns"] for p in report["blackout"]["parts"]}
    for key, told in parts.items():
        yield f"part {' '.join(filter(None, key))}", told, seen.get(key, 0), None


def sizes(this, report):
    session = report["items"][0]["session"]
    yield "state", this.bytes["RESUMING"], session["bytes"]
    for phase in session["phases"]:
        if phase["flow"]:
            yield phase["state"], this.bytes[phase["state"]], phase["flow"]["bytes"]


def compare(this, report):
    side = report["items"][0]["session"]["side"]
    for what, told, seen, device in times(this, report):
        line = {"event": "time", "round": this.number, "side": side, "what": what,
                "told_ns": told, "seen_ns": seen}
        print(json.dumps(line if device is None else {**line, "device_ns": device}))
    for what, told, seen in sizes(this, report):
        print(json.dumps({"event": "bytes", "round": this.number, "side": side, "what": what,
                          "told": told, "seen": seen}))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rounds = [Round(number, line) for number, line in enumerate(file)]
    reports = {}
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            for report in json.load(file):
                session = report["items"][0]["session"]
                reports[session["side"], session["begin_ns"]] = report
    for side in ARCS:
        told = [report for (of, _), report in sorted(reports.items()) if of == side]
        assert len(told) == len(rounds), f"{len(told)} reports of a {side}, {len(rounds)} rounds"
        for this, report in zip(rounds, told):
            compare(this, report)


if __name__ == "__main__":
    main()
