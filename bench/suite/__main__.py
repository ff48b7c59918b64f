"""Runs benchmarks: `python3 bench/suite NAME …`, `all`, or `report`, which only writes bench/RESULTS.md anew.

Each prints its rows, and as its last line `ratio …`. FULL=1 makes runs long and five of them.
"""

import importlib
import sys
import time
import traceback

from results import Results, write_report

NAMES = (
    "proxy", "ingest", "single", "overload", "aggregator", "e2e", "freshness", "stats", "pages", "catchup", "skew",
    "storage", "footprint", "start", "dedup",
)


def run(name):
    module = importlib.import_module(f"bench_{name}")
    print(f"{name}: {module.TITLE}", flush=True)
    results = Results(name, module.TITLE, module.AGAINST)
    module.run(results)
    results.save()
    write_report(NAMES)
    return results.ratio


def main():
    names = sys.argv[1:]
    unknown = [name for name in names if name not in (*NAMES, "all", "report")]
    if unknown or not names:
        raise SystemExit(f"{__doc__}\nNAME is one of: {', '.join(NAMES)}")
    if names == ["report"]:
        return write_report(NAMES)
    if names != ["all"]:
        for name in names:
            print(f"ratio {run(name):.2f}")
        return None
    failed = []
    for name in NAMES:
        begun = time.monotonic()
        try:
            print(f"ratio {run(name):.2f} ({name}, {time.monotonic() - begun:.0f} s)", flush=True)
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
    if failed:
        raise SystemExit(f"these did not run to their end: {', '.join(failed)}")
    return None


if __name__ == "__main__":
    main()
