#!/usr/bin/env python3
"""Instructions that an event costs on the hot paths, against bench/instructions.json: more than 5 % off fails.

Counted by valgrind, so it says the same on a busy machine; wall clocks do not. `--write` makes the counts found
the committed ones.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / "target/release/bench-load"
COMMITTED = ROOT / "bench/instructions.json"
PATHS = {
    "judge": "parse, validate, price and encode",
    "admit": "decode, duplicate window, row",
    "fold": "rollups of a thousand rows",
}
# So far apart that what a start takes, which differs by a few million with the seeds of hash tables, does not show.
FEW, MANY = 2_000, 52_000
ALLOWED = 0.05


def instructions(path, events):
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={directory}/out",
             TOOL, "count", path, "--events", str(events)],
            capture_output=True, text=True,
        )
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or not found:
        raise SystemExit(f"valgrind did not count:\n{done.stderr[-2000:]}")
    return int(found[1].replace(",", ""))


def main():
    counts = {path: (instructions(path, MANY) - instructions(path, FEW)) // (MANY - FEW) for path in PATHS}
    if sys.argv[1:] == ["--write"]:
        COMMITTED.write_text(json.dumps(counts, indent=2) + "\n")
    committed = json.loads(COMMITTED.read_text())
    worst = 0.0
    for path, count in counts.items():
        off = count / committed[path] - 1
        worst = max(worst, abs(off))
        print(f"{PATHS[path]}: {count:,} instructions an event, committed {committed[path]:,} ({off:+.1%})")
    print(f"ratio {1 + worst:.2f}")
    if worst > ALLOWED:
        raise SystemExit(f"more than {ALLOWED:.0%} off: find out why, or commit the new counts (bench/instructions.py --write)")


if __name__ == "__main__":
    main()
