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
    "run-without-vfio": "run, no VFIO", "run-10000": "run, 10,000 admissions", "run-watch": "run --watch", "perf-trace": "perf trace",
}
FLOORS = ["floor-exit", "floor-pair", "floor-record"]
GATE_FLOOR = "floor-gate"
ORDER = ["none", "empty-lsm", *FLOORS, GATE_FLOOR, "watch", "run-without-vfio", "run", "run-100", "run-10000", "run-watch", "run-refusing",
         "bpftrace",
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
    tools = [t for t in table.tools if t not in ("none", "run-refusing", *FLOORS, GATE_FLOOR)
             and any(table.get(w, t) is not None for w in table.works("insn"))]
    rows = []
    for work in table.works("insn"):
        if table.get(work, "none") is None:
            continue
        base = table.get(work, "none")
        rows.append([f"`{work}`", number(base)] + [over(table.get(work, t), base) for t in tools])
    return ["call", "bare"] + [NAMES.get(t, t) for t in tools], rows


def beside_rows(table):
    tools = [t for t in table.tools if any(table.get(w, t, "tool-insn") is not None
                                           for w in ("get-info", "start"))]
    tools = [t for t in tools if t not in ("empty-lsm", "run-refusing", "run-without-vfio", *FLOORS, GATE_FLOOR)]
    works = [w for w in table.works("tool-insn") if w not in ("start", "get-info-first", "refused")]
    return (["call"] + [NAMES.get(t, t) for t in tools],
            [[f"`{w}`"] + [number(table.get(w, t, "tool-insn")) for t in tools] for w in works])


def process_rows(table):
    tools = [t for t in table.tools if table.get("start", t, "tool-insn") is not None
             and t not in ("run-refusing", "run-without-vfio", *FLOORS, GATE_FLOOR)]
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
            [] if not cpus else [[f"{what} of {tool}, {unit}"]
             + [number(table.get(f"{key}-{c}-cpus", tool, unit)) for c in cpus]
             for tool in ("watch", "run")
             for what, key, unit in (("maps", "maps", "bytes"), ("resident memory", "rss", "KiB"))])


def floor_rows(table):
    rows = [[f"`{w}`", number(table.get(w, "none"))]
            + [over(table.get(w, t), table.get(w, "none")) for t in (*FLOORS, "watch", GATE_FLOOR, "run")]
            for w in table.works("insn") if table.get(w, FLOORS[-1]) is not None]
    return ["call", "bare", "exit program", "and entry", "and clock and record", "watch",
            "record and the gate's programs", "run"], rows


def per_second(instructions):
    return None if not instructions else round(1e9 / instructions)


def rate_rows(table):
    refused = table.get("refused", "run-refusing")
    lines = [("instructions of an ioctl that the gate refuses, all in all", refused),
             ("refusals a second", per_second(refused)),
             ("instructions from the refusal to the line in a reader's hand",
              table.get("refused-to-reader", "run-refusing")),
             ("ioctl records a second that `watch --json` takes and prints",
              per_second(table.get("get-info", "watch", "tool-insn"))),
             ("ioctl records in a burst until one is lost",
              table.get("ring-until-loss", "watch", "records")),
             ("SETs a second of a caller that does nothing else, under `watch`",
              per_second(table.get("set-state", "watch")))]
    return ["", "value"], [[text, number(value)] for text, value in lines]


def speed_rows(table):
    rows = [["pairs judged a second, whole verdict", number(table.get("decide", "migwarden", "per-cpu-s"))],
            ["the same by the vendor's template", number(table.get("decide-by-template", "migwarden", "per-cpu-s"))]]
    for work in table.works("cpu-s"):
        lines, seconds = int(work.split("-")[1]), table.get(work, "migwarden", "cpu-s")
        rows.append([f"match over {lines:,} lines: seconds, and µs a line",
                     f"{seconds:,.3f}, {seconds * 1e6 / lines:.1f}"])
    return ["", "value"], rows


def floor_of(tool):
    return GATE_FLOOR if tool == "run" else FLOORS[-1]


def budget_rows(table, budgets):
    return (["call", "tool", "over", "is", "floor", "limit", "best so far", "to reach"],
            [[f"`{w}`", NAMES.get(t, t), NAMES.get(b, b), over(table.get(w, t, u), table.get(w, b, u)),
              over(table.get(w, floor_of(t), u), table.get(w, b, u)), f"{limit:+,.0f}", f"{best:+,.0f}",
              over(reach, 0)]
             for w, t, b, u, limit, best, reach in budgets])


def section(rows):
    return markdown_table(*rows) if rows[1] else ""


def write_markdown(path, template, bench, table, budgets):
    path.write_text(template.read_text().format(
        kernel=bench["kernel"], commit=bench["commit"], floor=section(floor_rows(table)),
        rates=section(rate_rows(table)), speed=section(speed_rows(table)), calls=section(call_rows(table)), beside=section(beside_rows(table)),
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
    parser.add_argument("--template", type=pathlib.Path)
    parser.add_argument("--works", help="judge these alone")
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--missing", default="")
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    figures = read_figures(args.folder)
    missing = args.missing.split()
    bench = {"commit": args.commit, "kernel": (args.folder / "kernel").read_text().strip(), "missing": missing,
             "figures": figures}
    budgets = [b for b in read_budgets(args.budgets) if not args.works or b[0] in args.works.split()]
    table = Table(figures)
    args.json.write_text(json.dumps(bench, indent=1) + "\n")
    for rows in (call_rows, floor_rows, rate_rows, beside_rows, process_rows):
        print_table(*rows(table))
    if args.markdown:
        write_markdown(args.markdown, args.template, bench, table, budgets)
    return 0 if judge(table, budgets, missing) else 1


sys.exit(main())
