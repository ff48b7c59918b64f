"""ClickHouse stands still for a while, then comes back."""

import time
import urllib.request

from machine import FULL, Parts, ledger, number, quantile, running, start_tool, stopped
from probes import Probes

TITLE = "catching up after ClickHouse was away, while events go on arriving"
AGAINST = "the arrival rate"
RATE = 6_000
# The first minute after a start, in which each batch is looked at, has passed.
BEFORE, OUTAGE, AFTER = (70, 60, 90) if FULL else (70, 25, 50)


def run(results):
    with running() as instance:
        parts = Parts(instance)
        begun = time.monotonic()
        load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", "--rate", RATE, "--batch", 100,
                          "--connections", 32, "--seconds", BEFORE + OUTAGE + AFTER)
        time.sleep(5)
        probes = Probes(instance)
        time.sleep(BEFORE - 5)
        with stopped(parts.clickhouse):
            time.sleep(OUTAGE)
        back = time.monotonic()
        seen = follow(instance, begun)
        while load.poll() is None:
            time.sleep(0.2)
        delays = probes.end()
    report(results, begun, back, seen, delays)


def follow(instance, begun):
    """(time, accepted, received) until hardly anything waits any more."""
    seen = []
    while True:
        received = ledger(instance)[0]
        now = time.monotonic()
        seen.append((now, accepted(instance), received))
        if seen[-1][1] - received < 1.5 * RATE:
            return seen
        if now - begun > BEFORE + OUTAGE + AFTER:
            raise SystemExit(f"not caught up after {AFTER} s: {seen[-1]}")
        # Each look is a question to the ClickHouse that is catching up.
        time.sleep(0.5)


def accepted(instance):
    with urllib.request.urlopen(instance.url + "/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("llmobserve_ingest_events_accepted_total "):
                return int(float(line.split()[1]))
    raise SystemExit("no count of accepted events")


def report(results, begun, back, seen, delays):
    (first, _, low), (last, _, high) = seen[0], seen[-1]
    rate = (high - low) / (last - first)
    results.ratio = rate / RATE
    results.row("events/s while catching up", number(rate), f"{number(RATE)} arrive", f"{results.ratio:.1f}", "≥ 3",
                results.ratio >= 3)
    normal = [delay for at, delay in delays if at + delay < begun + BEFORE]
    late = [delay for at, delay in delays if at > back]
    after = [delay for at, delay in delays if at > last]
    worst = max(late, default=0.0)
    results.row("worst delay of events accepted after ClickHouse was back, s", f"{worst:.1f}",
                f"{quantile(normal, 0.99):.2f} before (p99)", "", f"≤ {last - first + 2:.1f} (until caught up, and 2)",
                worst <= last - first + 2)
    results.note(
        f"{number(RATE)} events/s throughout; ClickHouse stopped (SIGSTOP) for {OUTAGE} s; {number(seen[0][1] - low)} events "
        f"waited when it was back, and {last - first:.1f} s later hardly any did. Delays afterwards: p99 "
        f"{quantile(after, 0.99) if after else 0:.2f} s of {len(after)} probes."
    )
