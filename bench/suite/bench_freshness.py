"""From a 202 to the statistics, beside 1,000 events a second."""

import time

from machine import FULL, number, quantile, running, start_tool
from probes import Probes

TITLE = "accepted → in the statistics, with 1,000 events/s beside it"
AGAINST = "the promise of 2 s"
SECONDS = 120 if FULL else 45
#: Until what was sent before a recovery can no longer land, batches are looked at when they are stored.
WATCHED = 65


def run(results):
    with running() as instance:
        load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", "--rate", 1000, "--batch", 10,
                          "--seconds", WATCHED + SECONDS + 15)
        time.sleep(5)
        watched = delays(instance, WATCHED - 20)
        time.sleep(20)
        usual = delays(instance, SECONDS)
        load.wait()
    p99 = quantile(usual, 0.99)
    results.ratio = p99 / 2
    results.row("seconds from 202 to the statistics: p50, p99, worst", shown(usual), "2 (p99)", f"{p99 / 2:.2f}", "p99 < 2", p99 < 2)
    results.row("the same in the first minute after the start", shown(watched), "", "", "", None)
    results.note(f"{number(len(usual))} and {number(len(watched))} probes, each an event of a tenant of its own. In its first "
                 "minute the aggregator asks of each batch whether it is stored, and does not rest on the acknowledgement.")


def delays(instance, seconds):
    probes = Probes(instance, threads=2)
    time.sleep(seconds)
    return [delay for _, delay in probes.end()]


def shown(found):
    return f"{quantile(found, 0.5):.2f}, {quantile(found, 0.99):.2f}, {max(found):.2f}"
