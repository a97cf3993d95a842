#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Judges what `migwarden watch --json` or `run --json` printed.

usage: events.py FILE [NAME=VALUE...] <CHECKS

FILE has one JSON object a line. CHECKS has a check on each line, "NAME: EXPRESSION", continued on
indented lines; "#" begins a comment line. An expression is Python over the names below and those
given as arguments. Prints "pass NAME" or "fail NAME: why" for each.
"""

import ast
import json
import re
import sys

# The arcs that a driver may walk (linux/vfio.h, enum vfio_device_mig_state).
UAPI_ARCS = {
    ("RUNNING_P2P", "STOP"), ("STOP_COPY", "STOP"), ("RESUMING", "STOP"),
    ("RUNNING", "RUNNING_P2P"), ("STOP", "RUNNING_P2P"), ("PRE_COPY", "RUNNING"),
    ("PRE_COPY_P2P", "RUNNING_P2P"), ("RUNNING_P2P", "RUNNING"), ("STOP", "STOP_COPY"),
    ("STOP", "RESUMING"), ("RUNNING", "PRE_COPY"), ("PRE_COPY_P2P", "PRE_COPY"),
    ("RUNNING_P2P", "PRE_COPY_P2P"), ("PRE_COPY", "PRE_COPY_P2P"), ("PRE_COPY_P2P", "STOP_COPY"),
}

# Differ between two that watched the same.
OF_THE_WATCHER = ("time", "time_ns", "duration_ns", "cgroup_id", "begin_ns", "end_ns", "last_ns",
                  "first_byte_ns", "driver_ns", "gap_ns", "info_ns", "latency_log2")


# What is no record of the ring, though it stands among them.
NO_EVENTS = ("summary", "alarm", "session", "verdict", "verdicts", "recording", "domain")


def objects(path, kind):
    """The objects of one kind in a file: "session", "alarm", ..."""
    with open(path, encoding="utf-8") as file:
        return [e for e in map(json.loads, file) if e.get("event") == kind]


def load(path):
    """The events in a file."""
    with open(path, encoding="utf-8") as file:
        return [e for e in map(json.loads, file) if e.get("event") not in NO_EVENTS]


def load_summary(path):
    found = objects(path, "summary")
    assert len(found) <= 1, f"{len(found)} summaries"
    return found[0] if found else None


def info(path):
    """A file that is one JSON object."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def lines(path):
    """The lines of a text file."""
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def of(events, **wanted):
    """The events whose fields are these."""
    return [e for e in events if all(e.get(k) == v for k, v in wanted.items())]


def sets(events, device):
    """The ioctls that set the migration state of a device."""
    return of(events, event="ioctl", device=device, feature="MIG_DEVICE_STATE", op="SET")


def states(events, device):
    """The states that were set, in order."""
    return " ".join(e["payload"]["state"] for e in sets(events, device))


def path_of(arcs):
    """RUNNING>PRE_COPY>... of arcs that follow on each other."""
    path = [arcs[0]["from"]] if arcs else []
    for arc in arcs:
        assert path[-1] == arc["from"], f"{'>'.join(path)} is followed by {arc}"
        path.append(arc["to"])
    return ">".join(path)


def path(events, device):
    return path_of(of(events, event="arc", device=device))


def walks(events, device):
    """For each SET of a state its event and the arcs that were walked in it."""
    open_arcs, found = {}, []
    for event in of(events, device=device):
        if event["event"] == "arc":
            open_arcs.setdefault(event["tid"], []).append(event)
        elif event["event"] == "ioctl":
            found.append((event, open_arcs.pop(event["tid"], [])))
    assert not open_arcs, f"arcs without an ioctl: {open_arcs}"
    return [walk for walk in found if walk[1] or walk[0] in sets(events, device)]


def is_consistent(walk):
    """A SET that succeeded: its arcs lead to its state, in its time, none longer than it."""
    call, arcs = walk
    begin = call["time_ns"] - call["duration_ns"]
    return (path_of(arcs).endswith(call["payload"]["state"])
            and all(a["target"] == call["payload"]["state"] for a in arcs)
            and all((a["from"], a["to"]) in UAPI_ARCS for a in arcs)
            and all(begin <= a["time_ns"] - a["duration_ns"] for a in arcs)
            and all(a["time_ns"] <= call["time_ns"] for a in arcs)
            and sum(a["duration_ns"] for a in arcs) <= call["duration_ns"])


def in_order(events):
    """Whether each task's events come in the order of their times."""
    last = {}
    for event in events:
        if last.get(event["tid"], 0) > event["time_ns"]:
            return False
        last[event["tid"]] = event["time_ns"]
    return True


def by_task(events):
    """What happened in each task, in order, without what differs between two watchers."""
    tasks = {}
    for event in events:
        rest = {k: v for k, v in event.items() if k not in OF_THE_WATCHER}
        tasks.setdefault(event["tid"], []).append(rest)
    return tasks


def unaccounted(counts):
    """The kinds of which something is missing that was not counted as lost."""
    return {k: c for k, c in counts.items() if c["produced"] != c["delivered"] + c["lost"]}


def lost(counts):
    return sum(c["lost"] for c in counts.values())


def misaligned(text):
    """The lines of `watch` that do not keep to the columns of the heading, its first line."""
    full = [text[0].index(word) for word in ("DEVICE", "PROCESS", "EVENT", "WHAT")]
    result = text[0].index("RESULT")
    return [line for line in text[1:]
            if any(line[at - 1] != " " or line[at] == " " for at in full)
            or line[result - 1:result] != " "]


def explain(expression, scope):
    """Why an expression is false: both sides of a comparison, or its value."""
    body = ast.parse(expression, mode="eval").body
    if isinstance(body, ast.Compare) and len(body.ops) == 1:
        sides = (body.left, body.comparators[0])
        left, right = (eval(ast.unparse(side), scope) for side in sides)
        return f"{left!r} is not {type(body.ops[0]).__name__} {right!r}"
    return f"{expression} is {eval(expression, scope)!r}"


def judge(name, expression, scope):
    try:
        if eval(expression, scope):
            return f"pass {name}"
        why = explain(expression, scope)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    return f"fail {name}: {' '.join(why.split())[:600]}"


def read_checks(stream):
    checks = []
    for line in stream:
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            checks[-1][1].append(line.strip())
        else:
            name, expression = line.split(":", 1)
            checks.append((name, [expression.strip()]))
    return [(name, " ".join(parts)) for name, parts in checks]


def main():
    scope = dict(globals())
    scope["events"] = load(sys.argv[1])
    scope["summary"] = load_summary(sys.argv[1])
    for argument in sys.argv[2:]:
        name, value = argument.split("=", 1)
        scope[name] = value
    checks = read_checks(sys.stdin)
    assert checks, "no check"
    for name, expression in checks:
        print(judge(name, expression, scope), flush=True)


if __name__ == "__main__":
    main()
