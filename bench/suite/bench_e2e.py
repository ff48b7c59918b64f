"""All parts at once on this machine, and each stage alone."""

import time

from machine import FULL, RUNS, SECONDS, Parts, Several, accepted_only, cpu_seconds, drain, events, number, quantile, running, start_tool, stopped, wait_until
from probes import Probes

TITLE = "POST → in the statistics, all parts on this machine"
AGAINST = "the slowest single stage alone, with the whole machine for itself"
LOAD = ["--batch", 100, "--connections", 16]
DELAY_SECONDS = 120 if FULL else 45


def run(results):
    alone, together, spent, delays = {"ingest": [], "aggregator": []}, [], {}, None
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
            before = cpu_seconds(parts.clickhouse)
            seen = drain(instance, count)
            spent["behind"] = 1e6 * (cpu_seconds(parts.clickhouse) - before) / count
            (begun, first), (ended, last) = seen[0], seen[-1]
            alone["aggregator"].append((last - first) / (ended - begun))
            begun = time.monotonic()
            load = accepted_only(events(instance, *LOAD, "--seconds", 2 * SECONDS))
            count += load["accepted_events"]
            ended = drain(instance, count)[-1][0]
            together.append(load["accepted_events"] / (ended - begun))
            if n == RUNS - 1:
                rate = 0.7 * Several(together).median
                delays = delay(instance, rate, spent)
    report(results, {name: Several(rates) for name, rates in alone.items()}, Several(together), delays, rate, spent)


def delay(instance, rate, spent):
    """Seconds of each probe; into `spent` what the parts take meanwhile."""
    # The full load leaves merges behind; at 70 % for good there would be none of them.
    wait_until(lambda: instance.sql("SELECT count() FROM system.merges").strip() == "0", 120, "an end of the merges")
    load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", *map(str, LOAD), "--rate", rate,
                      "--seconds", DELAY_SECONDS + 5)
    time.sleep(5)
    parts, begun = Parts(instance), time.monotonic()
    before, clickhouse = cpu_seconds(*parts.all().values()), cpu_seconds(parts.clickhouse)
    probes = Probes(instance)
    time.sleep(DELAY_SECONDS - 5)
    seconds = time.monotonic() - begun
    spent["cores"] = (cpu_seconds(*parts.all().values()) - before) / seconds
    spent["fresh"] = 1e6 * (cpu_seconds(parts.clickhouse) - clickhouse) / (rate * seconds)
    found = [delay for _, delay in probes.end()]
    load.wait()
    return found


def report(results, alone, together, delays, rate, spent):
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
        f"{len(delays)} probes."
    )
    results.note(
        f"At 70 % load the parts take {spent['cores']:.2f} cores, the load and the probes not counted: an event costs ClickHouse "
        f"{spent['fresh']:.0f} µs in batches of about a second (five inserts each, and merges of the parts that they make), "
        f"{spent['behind']:.0f} in the large ones of an aggregator that is behind, by which the full load is done. Larger "
        "batches would be cheaper and later: on two cores one of the two goals is missed."
    )
