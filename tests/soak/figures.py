#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What one part of `make soak` has counted.

usage: figures.py PART SECONDS FOLDER

FOLDER is that of a run in the lab; what its scenario left there is added up. Prints one JSON object
on one line.
"""

import collections
import json
import os
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def flips(path):
    """Of the attack with the guard taken away there is a line too: it says that it is an attack."""
    guarded = [f for f in load(path) if f["name"] != "unguarded"]
    figures = {key: sum(f[key] for f in guarded)
               for key in ("tries", "passed", "refused", "other", "data_fds", "seen_in_table")}
    return {**figures, "fewest_tries": min(f["tries"] for f in guarded), "flips": len(guarded),
            "data_fds_without_the_guard": sum(f["data_fds"] for f in load(path)) - figures["data_fds"]}


def races(path):
    return {key: sum(r[key] for r in load(path)) for key in ("rounds", "nobody", "one", "both")}


def account(path):
    """The RESUMINGs of the load, and those of them whose outcome was not possible."""
    made = load(path)
    return {"resumings": len(made), "wrong": sum(e["wrong"] for e in made),
            "untold": sum(not e["told"] for e in made),
            **collections.Counter("refused" if e["outcome"] == "EPERM" else "passed" for e in made)}


def generations(path):
    return {"reloads": len(load(path))}


def decisions(path):
    return {"decisions_told": sum(e.get("event") == "gate" for e in load(path))}


def flip(path):
    return {key: load(path)[0][key] for key in ("tries", "refused", "data_fds")}


def status(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["events"]["gate"].get("gate", {})


def anatomy(path):
    """How far the times that were told are from those that were measured, at most."""
    made = load(path)
    times = [e for e in made if e["event"] == "time"]
    own = [e for e in times if "device_ns" in e]
    return {"migrations": len({e["round"] for e in times}), "times": len(times),
            "worst_percent": round(max(100 * abs(e["seen_ns"] / e["told_ns"] - 1) for e in times), 3),
            "worst_us": max(abs(e["seen_ns"] - e["told_ns"]) for e in times) / 1000,
            "times_by_the_device": len(own),
            "worst_us_to_the_device": max(abs(e["seen_ns"] - e["device_ns"]) for e in own) / 1000,
            "sums_of_bytes": sum(e["event"] == "bytes" for e in made),
            "wrong_sums": sum(e["event"] == "bytes" and e["told"] != e["seen"] for e in made)}


def memory(path):
    return load(path)[0]


def text(path):
    with open(path, encoding="utf-8") as file:
        return {"pace": file.read().strip()}


FILES = {"flips.json": flips, "races.json": races, "account": account, "generations": generations,
         "daemon.out": decisions, "flip.json": flip, "status.json": status, "kills": text,
         "reloads": text, "anatomy.jsonl": anatomy, "memory.json": memory}


def main():
    part, seconds, folder = sys.argv[1:]
    checks = collections.Counter(line.split(" ")[0] for line in open(f"{folder}/results", encoding="utf-8"))
    figures = {"part": part, "seconds": int(seconds), "checks_passed": checks["pass"],
               "checks_failed": checks["fail"]}
    for name, read in FILES.items():
        path = os.path.join(folder, name)
        if os.path.exists(path) and os.path.getsize(path):
            figures |= read(path)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
