"""How long a reader of the dashboard waits, at 100 million raw events."""

import json
import subprocess
import urllib.parse

import stats_data
from bench_stats import DAY, SIZES, TENANTS, iso
from machine import FULL, ROOT, quantile, running

TITLE = "what a reader of the dashboard waits for, at 100 million raw events of 1,000 tenants"
AGAINST = "a second for the overview, 200 ms from page to page"
TIMES = 10 if FULL else 5


def run(results):
    directory, made = stats_data.make(SIZES[-1])
    with running({}, directory) as instance:
        waits = in_browser(instance, made)
    first = waits.pop("Overview, first")
    others = [ms for times in waits.values() for ms in times]
    results.ratio = quantile(first, 0.5) / 1_000
    results.row("the overview's figures and chart, empty cache, p50 and worst, ms", shown(first), "1,000", f"{results.ratio:.2f}",
                "< 1,000", max(first) < 1_000)
    results.row("from a click to the next page's list or figures, p50 and worst, ms", shown(others), "200",
                f"{quantile(others, 0.5) / 200:.2f}", "< 200", max(others) < 200)
    results.table(["from a click to", "p50, worst, ms"], [[name, shown(times)] for name, times in waits.items()])
    results.note(f"The largest tenant (10 % of all events), 7 days, {TIMES} times. Chromium paints without a graphics card, on the two "
                 "cores that answer its questions.")


def in_browser(instance, made):
    """Milliseconds by page."""
    end = made["start"] + stats_data.DAYS * DAY
    query = urllib.parse.urlencode({"tenant_id": TENANTS[0], "from": iso(end - 7 * DAY), "to": iso(end)})
    script = [ROOT / "dashboard/scripts/time-pages.mjs", f"http://127.0.0.1:{instance.port}", query, str(TIMES)]
    return json.loads(subprocess.check_output(["node", *script], cwd=ROOT / "dashboard", text=True))


def shown(values):
    return f"{quantile(values, 0.5):.0f}, {max(values):.0f}"
