"""All parts at once on this machine, and each stage alone."""

import time

from machine import FULL, RUNS, SECONDS, Parts, Several, accepted_only, drain, events, number, quantile, running, start_tool, stopped, wait_until
from probes import Probes

TITLE = "POST → in the statistics, all parts on this machine"
AGAINST = "the slowest single stage alone, with the whole machine for itself"
LOAD = ["--batch", 100, "--connections", 16]
DELAY_SECONDS = 120 if FULL else 45


def run(results):
    alone, together, delays = {"ingest": [], "aggregator": []}, [], None
    for n in range(RUNS):
        with running() as instance:
            parts = Parts(instance)
            count = 0
            with stopped(parts.aggregator):
                load = accepted_only(events(instance, *LOAD, "--seconds", SECONDS))
                alone["ingest"].append(load["accepted_events"] / load["seconds"])
                count += load["accepted_events"]
                # Enough for the aggregator to be measured on.
                while count < 1_000_000:
                    count += accepted_only(events(instance, *LOAD, "--seconds", SECONDS))["accepted_events"]
            seen = drain(instance, count)
            (begun, first), (ended, last) = seen[0], seen[-1]
            alone["aggregator"].append((last - first) / (ended - begun))
            begun = time.monotonic()
            load = accepted_only(events(instance, *LOAD, "--seconds", 2 * SECONDS))
            count += load["accepted_events"]
            ended = drain(instance, count)[-1][0]
            together.append(load["accepted_events"] / (ended - begun))
            if n == RUNS - 1:
                rate = 0.7 * Several(together).median
                delays = delay(instance, rate)
    report(results, {name: Several(rates) for name, rates in alone.items()}, Several(together), delays, rate)


def delay(instance, rate):
    # The full load leaves merges behind; at 70 % for good there would be none of them.
    wait_until(lambda: instance.sql("SELECT count() FROM system.merges").strip() == "0", 120, "an end of the merges")
    load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", *map(str, LOAD), "--rate", rate,
                      "--seconds", DELAY_SECONDS + 5)
    time.sleep(5)
    probes = Probes(instance)
    time.sleep(DELAY_SECONDS - 5)
    found = [delay for _, delay in probes.end()]
    load.wait()
    return found


def report(results, alone, together, delays, rate):
    slowest = min(alone, key=lambda name: alone[name].median)
    results.ratio = together.median / alone[slowest].median
    results.row("events/s from POST to the ledger", together.show(), f"{alone[slowest].show()} ({slowest})",
                f"{results.ratio:.2f}", "≥ 0.6", results.ratio >= 0.6)
    p50, p99 = quantile(delays, 0.5), quantile(delays, 0.99)
    results.row(f"seconds from 202 to the statistics at 70 % load ({number(rate)} events/s): p50, p99, worst",
                f"{p50:.2f}, {p99:.2f}, {max(delays):.2f}", "", "", "p99 < 2", p99 < 2)
    sum_of_both = 1 / (1 / alone["ingest"].median + 1 / alone["aggregator"].median)
    results.note(
        f"Alone: ingest {alone['ingest'].show()}, aggregator and ClickHouse {alone['aggregator'].show()} events/s. Stages "
        f"that each use the whole machine come to {number(sum_of_both)} events/s together when they share it; "
        f"{len(delays)} probes. The delay at 70 % load is ClickHouse's: a batch is five inserts, and merges of the parts that "
        "they make share its core."
    )
