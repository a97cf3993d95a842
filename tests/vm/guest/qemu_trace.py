#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds what `migwarden watch --sessions --json` saw of QEMU's migrations against QEMU's own trace.

usage: qemu_trace.py WATCHED TRACE...
       qemu_trace.py --table WATCHED TRACE...

A TRACE is the log of a QEMU that was run with -trace 'vfio_*' -msg timestamp=on, VM.trace of each VM.
Prints a JSON object a line, or a table for people. All times are CLOCK_REALTIME in ns.

  {"event": "states", "vm", "device", "qemu": [...], "ours": [...]}     the states that were set
  {"event": "set", "vm", "device", "state", "qemu_begin_ns", "qemu_end_ns", "begin_ns", "end_ns", "arcs_ns"}
  {"event": "data", "vm", "device", "state", "multifd", "qemu_bytes", "qemu_calls", "bytes", "calls",
   "ends", "driver_ns", "gap_ns"}                                       qemu_* is null: no event tells
"""

import json
import os
import re
import sys

LINE = re.compile(r"\d+@(\d+)\.(\d+):(vfio_\w+) +\(([^)]*)\) ?(.*)")
STATE = re.compile(r"(?:new )?state (\w+)")
SIZE = re.compile(r"(?:data_)?size (?:0x)?(\w+)")


class Trace:
    """What one QEMU said of its devices."""

    def __init__(self, path):
        self.vm = os.path.basename(path).removesuffix(".trace")
        self.events = {}  # by device: (ns, event, rest)
        with open(path, encoding="utf-8", errors="replace") as file:
            for match in filter(None, map(LINE.match, file)):
                seconds, micros, event, device, rest = match.groups()
                self.events.setdefault(device, []).append((int(seconds) * 10**9 + int(micros) * 1000, event, rest))

    def sets(self, device):
        """(state, begin, end): what was asked, until QEMU noted that the device is in it."""
        asked = None
        for time, event, rest in self.events[device]:
            if event == "vfio_migration_set_state":
                asked = (STATE.match(rest)[1], time)
            elif event == "vfio_migration_set_device_state" and asked and STATE.match(rest)[1] == asked[0]:
                yield (*asked, time)
                asked = None

    def blocks(self, device, name):
        """The sizes of an event by the state that QEMU had noted before it."""
        state, sizes = None, {}
        for _, event, rest in self.events[device]:
            if event == "vfio_migration_set_device_state":
                state = STATE.match(rest)[1]
            elif event == name:
                sizes.setdefault(state, []).append(int(SIZE.search(rest)[1], 0 if "0x" in rest else 10))
        return sizes

    def is_multifd(self, device):
        return any("_thread_" in event or "_device_buffer_" in event for _, event, _ in self.events[device])


def sessions_of(watched, vm, device):
    """The sessions of a device of that VM, each with what its process did with the device."""
    for session in watched:
        if session["event"] == "session" and session["device"] == device and (session["vm"] or {}).get("name") == vm:
            yield session, [e for e in watched if e.get("pid") == session["process"]["pid"] and e.get("device") == device]


def is_set(event):
    return event["event"] == "ioctl" and event.get("feature") == "MIG_DEVICE_STATE" and event.get("op") == "SET"


def walks(events):
    """Each SET with the time of the arcs that were walked in it."""
    arcs = 0
    for event in events:
        if event["event"] == "arc":
            arcs += event["duration_ns"]
        elif is_set(event):
            yield event, arcs
            arcs = 0


def compare_sets(trace, device, events, offset):
    seen, asked = list(walks(events)), list(trace.sets(device))
    yield {"event": "states", "qemu": [s for s, _, _ in asked], "ours": [e["payload"]["state"] for e, _ in seen]}
    for (state, begin, end), (event, arcs) in zip(asked, seen):
        yield {"event": "set", "state": state, "qemu_begin_ns": begin, "qemu_end_ns": end,
               "begin_ns": event["time_ns"] - event["duration_ns"] + offset,
               "end_ns": event["time_ns"] + offset, "arcs_ns": arcs}


def compare_data(trace, device, session):
    name = "vfio_save_block" if session["side"] == "source" else "vfio_load_state_device_data"
    told = trace.blocks(device, name)
    for phase in session["phases"]:
        if not phase["flow"]:
            continue
        state, flow = phase["state"], phase["flow"]
        blocks = told.get(state)
        yield {"event": "data", "state": state, "multifd": trace.is_multifd(device),
               "qemu_bytes": sum(blocks) if blocks else None, "qemu_calls": len(blocks) if blocks else None,
               "bytes": flow["bytes"], "calls": flow["calls"], "ends": flow["ends"] + flow["pauses"],
               "driver_ns": flow["driver_ns"], "gap_ns": flow["gap_ns"]}


def compare(watched, traces):
    for trace in traces:
        for device in sorted(trace.events):
            for session, events in sessions_of(watched, trace.vm, device):
                lines = [*compare_sets(trace, device, events, session["clock_offset_ns"]),
                         *compare_data(trace, device, session)]
                yield from ({"vm": trace.vm, "device": device, **line} for line in lines)


def ms(ns):
    return f"{ns / 1e6:.2f}"


def table(lines):
    print("| VM | device | what | QEMU | migwarden |\n|---|---|---|--:|--:|")
    for line in lines:
        head = f"| {line['vm']} | …{line['device'][-4:]} |"
        if line["event"] == "set":
            print(f"{head} SET {line['state']} | {ms(line['qemu_end_ns'] - line['qemu_begin_ns'])} ms | "
                  f"{ms(line['end_ns'] - line['begin_ns'])} ms, arcs {ms(line['arcs_ns'])} ms |")
        elif line["event"] == "data":
            qemu = "–" if line["qemu_bytes"] is None else f"{line['qemu_bytes']} bytes, {line['qemu_calls']} blocks"
            print(f"{head} data in {line['state']} | {qemu} | {line['bytes']} bytes, {line['calls']} calls "
                  f"({line['ends']} without any), {ms(line['driver_ns'])} ms in the driver, "
                  f"{ms(line['gap_ns'])} ms between |")


def main():
    is_table = sys.argv[1] == "--table"
    watched, *traces = sys.argv[1 + is_table:]
    with open(watched, encoding="utf-8") as file:
        lines = list(compare([json.loads(line) for line in file], [Trace(path) for path in traces]))
    if is_table:
        table(lines)
    else:
        for line in lines:
            print(json.dumps(line))


if __name__ == "__main__":
    main()
