#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Holds trace events against their format ("Trace Event Format", the JSON object form).

usage: trace_events.py FILE...

Prints a line for each offence, and ends with 1 if there is any. Checked is what a viewer needs to show
all of it: Perfetto and chrome://tracing leave out, or put elsewhere, what does not keep to this.
"""

import json
import math
import sys

PHASES = {"M", "X", "C", "i"}
METADATA = {"process_name": ("name", str), "thread_name": ("name", str),
            "process_sort_index": ("sort_index", int), "thread_sort_index": ("sort_index", int)}
SCOPES = {"g", "p", "t"}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def offences_of(event):
    phase = event.get("ph")
    if phase not in PHASES:
        yield f"no phase that we write: {phase!r}"
        return
    if not isinstance(event.get("name"), str) or not event["name"]:
        yield "no name"
    for key in ("pid", "tid"):
        if not isinstance(event.get(key), int):
            yield f"{key} is no whole number"
    args = event.get("args", {})
    if not isinstance(args, dict):
        yield "args is no object"
        return
    if phase == "M":
        key, kind = METADATA.get(event.get("name"), (None, None))
        if key is None or not isinstance(args.get(key), kind):
            yield "no metadata of the format"
        return
    if not is_number(event.get("ts")) or event["ts"] < 0:
        yield "ts is no time in us"
    if phase == "X" and (not is_number(event.get("dur")) or event["dur"] < 0):
        yield "dur is no time in us"
    if phase == "C" and (not args or not all(map(is_number, args.values()))):
        yield "a counter without numbers"
    if phase == "i" and event.get("s") not in SCOPES:
        yield "an instant of no scope"


def offences_of_thread(slices):
    """Slices of a thread are nested or apart."""
    ends = []
    for event in sorted(slices, key=lambda e: (e["ts"], -e["dur"])):
        # A ns: µs are told with three places.
        while ends and ends[-1] <= event["ts"] + 0.001:
            ends.pop()
        if ends and event["ts"] + event["dur"] > ends[-1] + 0.001:
            yield f"{event['name']!r} at {event['ts']} reaches beyond what it is in"
        ends.append(event["ts"] + event["dur"])


def offences(path):
    with open(path, encoding="utf-8") as file:
        trace = json.load(file)
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list) or not trace["traceEvents"]:
        yield "no object with traceEvents"
        return
    if trace.get("displayTimeUnit") not in (None, "ms", "ns"):
        yield "displayTimeUnit is neither ms nor ns"
    bad, threads, named = 0, {}, set()
    for number, event in enumerate(trace["traceEvents"]):
        for why in offences_of(event):
            bad += 1
            yield f"event {number}: {why}"
        if event.get("ph") == "X":
            threads.setdefault((event.get("pid"), event.get("tid")), []).append(event)
        if event.get("name") == "thread_name":
            named.add((event.get("pid"), event.get("tid")))
    if bad:
        return
    for thread, slices in threads.items():
        if thread not in named:
            yield f"thread {thread} has no name"
        yield from (f"thread {thread}: {why}" for why in offences_of_thread(slices))


def main():
    found = [f"{path}: {why}" for path in sys.argv[1:] for why in offences(path)]
    print("\n".join(found[:20]))
    return 1 if found or len(sys.argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
