# SPDX-License-Identifier: GPL-2.0-only
"""Figures of tests/bench/scenarios/cost: a table, build/bench.json, docs/COST.md, and the budgets.

A figure is a line "WORK TOOL UNIT VALUE". Exit status 1: a figure is over its budget, or was to be
measured and is not there.
"""
import argparse
import json
import pathlib
import sys

NAMES = {
    "none": "bare", "empty-lsm": "empty LSM program", "run-100": "run, 100 admissions",
    "run-10000": "run, 10,000 admissions", "run-watch": "run --watch", "perf-trace": "perf trace",
}
ORDER = ["none", "empty-lsm", "watch", "run", "run-100", "run-10000", "run-watch", "bpftrace",
         "perf-trace", "trace-cmd", "auditd", "strace"]
SLACK = 0.02  # of a best value; and so many instructions
SLACK_INSTRUCTIONS = 8


def read_figures(folder):
    figures = []
    for path in sorted(folder.iterdir()):
        if path.name == "kernel":
            continue
        for line in path.read_text().splitlines():
            work, tool, unit, value = line.split()
            figures.append({"work": work, "tool": tool, "unit": unit, "value": float(value)})
    return figures


def read_budgets(path):
    budgets = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            work, tool, base, unit, limit, best, reach = line.split()
            budgets.append((work, tool, base, unit, float(limit), float(best),
                            None if reach == "-" else float(reach)))
    return budgets


class Table:
    def __init__(self, figures):
        self.value = {(f["work"], f["tool"], f["unit"]): f["value"] for f in figures}
        present = {f["tool"] for f in figures}
        self.tools = [t for t in ORDER if t in present] + sorted(present - set(ORDER))

    def works(self, unit):
        return list(dict.fromkeys(w for w, _, u in self.value if u == unit))

    def get(self, work, tool, unit="insn"):
        return self.value.get((work, tool, unit))


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.1f}"


def over(value, base):
    if value is None or base is None:
        return "–"
    return f"{value - base:+,.0f}"


def markdown_row(cells):
    return "| " + " | ".join(cells) + " |"


def markdown_table(head, rows):
    return "\n".join([markdown_row(head), "|---" + "|--:" * (len(head) - 1) + "|"]
                     + [markdown_row(r) for r in rows])


def call_rows(table):
    tools = [t for t in table.tools if t != "none"]
    rows = []
    for work in table.works("insn"):
        if work.startswith("verified:"):
            continue
        base = table.get(work, "none")
        rows.append([f"`{work}`", number(base)] + [over(table.get(work, t), base) for t in tools])
    return ["call", "bare"] + [NAMES.get(t, t) for t in tools], rows


def beside_rows(table):
    tools = [t for t in table.tools if any(table.get(w, t, "tool-insn") is not None
                                           for w in ("get-info", "start"))]
    works = [w for w in table.works("tool-insn") if w not in ("start", "get-info-first")]
    return (["call"] + [NAMES.get(t, t) for t in tools],
            [[f"`{w}`"] + [number(table.get(w, t, "tool-insn")) for t in tools] for w in works])


def process_rows(table):
    tools = [t for t in table.tools if table.get("start", t, "tool-insn") is not None]
    lines = [("start: instructions of its process", "start", "tool-insn"),
             ("start: µs until it says it is ready", "start", "us"),
             ("memory of its BPF maps, bytes", "maps", "bytes"),
             ("resident memory, KiB", "rss", "KiB"),
             ("wake-ups in an idle minute", "idle-wakeups", "per-minute"),
             ("records in a burst until one is lost", "ring-until-loss", "records")]
    return ([""] + [NAMES.get(t, t) for t in tools],
            [[text] + [number(table.get(w, t, u)) for t in tools] for text, w, u in lines])


def program_rows(table):
    seen = {}
    for (work, tool, unit), value in table.value.items():
        if work.startswith("verified:") and tool in ("watch", "run", "empty-lsm"):
            name = work.split(":")[1]
            seen.setdefault(name, (value, table.get("jited:" + name, tool, "bytes")))
    return (["program (as the kernel cuts its name)", "instructions the verifier walked", "bytes of machine code"],
            [[f"`{n}`", number(v), number(j)] for n, (v, j) in seen.items()])


def memory_rows(table):
    cpus = sorted({int(w.split("-")[1]) for w, _, u in table.value if w.startswith("maps-")})
    return (["possible CPUs"] + [str(c) for c in cpus],
            [[f"{what} of {tool}, {unit}"]
             + [number(table.get(f"{key}-{c}-cpus", tool, unit)) for c in cpus]
             for tool in ("watch", "run")
             for what, key, unit in (("maps", "maps", "bytes"), ("resident memory", "rss", "KiB"))])


def budget_rows(table, budgets):
    return (["call", "tool", "over", "is", "limit", "best so far", "to reach"],
            [[f"`{w}`", NAMES.get(t, t), NAMES.get(b, b), over(table.get(w, t, u), table.get(w, b, u)),
              f"{limit:+,.0f}", f"{best:+,.0f}", over(reach, 0)]
             for w, t, b, u, limit, best, reach in budgets])


TEXT = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by `make bench`; changes are lost. -->
# What it costs

Guest instructions on Linux {kernel}, under QEMU's instruction counting (`-accel tcg -icount
shift=0,sleep=off`, one CPU): one instruction is one nanosecond of the guest's clock, so a cost is a number
that repeats, whatever else the machine does. It is no time: caches, branches and several CPUs are not in
it. `make bench` measures all of it anew, everything in one boot; it fails when a budget is passed.

## What a caller waits for

Instructions of one call, and what each tool adds to them.

{calls}

Each is a loop of calls (`tests/bench/cost-client.c`), less the same loop around nothing; the median of 11
loops (5 shorter ones under perf trace, trace-cmd, auditd and strace). The caller is in a real-time class:
what a tool does beside it, after it was woken, is in the next table; what a tool makes the caller wait for
is here. strace stops the caller: its figure is what both use, without the waiting by the clock.
`get-info-first` is a single call that finds the tool asleep and wakes it; in the other loops the tool is
behind, and is woken once. Devices are of `tests/kmod`; the data calls move a state of 16 MiB.

- *empty LSM program*: `tests/bench/cost-empty.bpf.c` on `file_ioctl`; the floor of every gate by LSM.
- *watch*, *run*: migwarden; *run* enforces, with an admission for each device, and 1, 100 or 10,000 in all.
- *bpftrace*: the same sums by `tests/bench/cost-sums.bt`. Sums only: it knows no device, no payload.
- *perf trace*, *trace-cmd*, *strace*: the system calls ioctl, read, pread64, write, openat, close, which is
  as near as they come. They know neither the arcs nor the device.
- *auditd*: two rules on ioctl numbers. It sees no argument but the number, and once on it costs in
  every process until the next boot.

## What a tool does beside the caller

Instructions of the tool's own process for each of these calls: reading, decoding, printing.

{beside}

## Processes

{processes}

{memory}

## Programs

{programs}

## Budgets

{budgets}

The floor of one record about one call on this kernel, measured part by part on VFIO_DEVICE_GET_INFO: an
fexit program that does nothing adds 195 instructions, an fentry program beside it 119, a record in the ring
143, each look at the clock 51, the counter 19, the cgroup 29: 607 in all. What is above that
is filling the record. Task storage would add 119 each time and a read of user memory 130; so calls
have slots, and only FEATURE's argument is read.
"""


def section(rows):
    return markdown_table(*rows) if rows[1] else ""


def write_markdown(path, kernel, table, budgets):
    path.write_text(TEXT.format(
        kernel=kernel, calls=section(call_rows(table)), beside=section(beside_rows(table)),
        processes=section(process_rows(table)), memory=section(memory_rows(table)),
        programs=section(program_rows(table)), budgets=section(budget_rows(table, budgets))))


def print_table(head, rows):
    lines = [head] + rows
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(line, widths))).replace("`", ""))
    print()


def judge(table, budgets, missing):
    """Prints what is over budget; gives whether nothing is."""
    good = True
    for work, tool, base, unit, limit, best, _ in budgets:
        if tool in missing or tool not in table.tools or base not in table.tools:
            continue
        value, under = table.get(work, tool, unit), table.get(work, base, unit)
        if value is None or under is None:
            print(f"bench: {work} under {tool}: not measured")
            good = False
        elif value - under > limit:
            print(f"bench: {work} under {tool}: {value - under:+.1f} {unit} over {base}, budget {limit:+.0f}")
            good = False
        elif value - under > best + max(SLACK * abs(best), SLACK_INSTRUCTIONS):
            print(f"bench: {work} under {tool}: {value - under:+.1f} {unit} over {base}, was {best:+.0f} once")
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--budgets", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--missing", default="")
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    figures = read_figures(args.folder)
    kernel = (args.folder / "kernel").read_text().strip()
    missing = args.missing.split()
    budgets = read_budgets(args.budgets)
    table = Table(figures)
    args.json.write_text(json.dumps({"kernel": kernel, "missing": missing, "figures": figures}, indent=1) + "\n")
    for rows in (call_rows, beside_rows, process_rows):
        print_table(*rows(table))
    if args.markdown:
        write_markdown(args.markdown, kernel, table, budgets)
    return 0 if judge(table, budgets, missing) else 1


sys.exit(main())
