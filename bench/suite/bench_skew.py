"""One tenant sends nine tenths of everything."""

import time

from machine import FULL, RUNS, Parts, Several, drain, number, quantile, running, start_tool, stopped, tool
from probes import Probes

TITLE = "one tenant at 90 % of the traffic, spread over the 4 partitions"
AGAINST = "a thousand tenants that send the same"
COUNT = 3_000_000 if FULL else 1_200_000
RATE = 8_000
SECONDS = 60 if FULL else 25
CASES = {
    "even": (["--zipf", 0, "--hot", 0], 1),
    "hot": (["--hot", 0.9], 4),
    "hot, not spread": (["--hot", 0.9], 1),
}


def run(results):
    rates, delays = {case: [] for case in CASES}, {case: [] for case in CASES}
    for n in range(RUNS):
        for case, (skew, spread) in CASES.items():
            with running({"LLMOBSERVE_TENANT_SPREAD": str(spread)}) as instance:
                parts = Parts(instance)
                with stopped(parts.aggregator):
                    tool("produce", "--brokers", f"127.0.0.1:{instance.kafka}", "--count", COUNT, "--spread", spread, *skew)
                seen = drain(instance, COUNT)
                (begun, first), (ended, last) = seen[0], seen[-1]
                rates[case].append((last - first) / (ended - begun))
                if n == 0:
                    delays[case] = delay(instance, skew)
    report(results, {case: Several(found) for case, found in rates.items()}, delays)


def delay(instance, skew):
    """Of others, while the load goes on."""
    load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", "--rate", RATE, "--batch", 100,
                      "--seconds", SECONDS + 3, *map(str, skew))
    time.sleep(3)
    probes = Probes(instance)
    time.sleep(SECONDS - 3)
    found = [delay for _, delay in probes.end()]
    load.wait()
    return found


def report(results, rates, delays):
    results.ratio = rates["hot"].median / rates["even"].median
    results.row("rows/s of the aggregator", rates["hot"].show(), rates["even"].show(), f"{results.ratio:.2f}", "≥ 0.8",
                results.ratio >= 0.8)
    alone = rates["hot, not spread"]
    results.row("the same with `spread` off", alone.show(), rates["even"].show(), f"{alone.median / rates['even'].median:.2f}",
                "", None)
    p99 = {case: quantile(found, 0.99) for case, found in delays.items()}
    results.row(f"p99 of other tenants' delay at {number(RATE)} events/s, s", f"{p99['hot']:.2f}", f"{p99['even']:.2f}",
                f"{p99['hot'] / p99['even']:.2f}", "≤ 2", p99["hot"] <= 2 * p99["even"])
    even = rates["even"].values
    results.note(f"0.8 of what the even load came to is {number(0.8 * min(even))} rows/s by its slowest run, {number(0.8 * max(even))} "
                 "by its fastest: a batch is a twenty-fourth of a run, and merges fall into one run and not into another.")
    results.note(f"{number(COUNT)} records a run; {len(delays['hot'])} and {len(delays['even'])} probes; "
                 f"with `spread` off the others' p99 is {p99['hot, not spread']:.2f} s.")
