"""What `up` takes, idle and at work."""

import time

from machine import FULL, Parts, cpu_seconds, memory_mb, running, start_tool

TITLE = "memory and CPU of `llmobserve up`"
AGAINST = "Kafka and the ClickHouse engine, which it starts"
SECONDS = 60 if FULL else 30
OURS = ("up", "aggregator", "proxy")


def run(results):
    with running() as instance:
        parts = Parts(instance).all()
        time.sleep(20)
        idle = watch(parts)
        load = start_tool("events", "--address", f"127.0.0.1:{instance.port}", "--rate", 5000, "--batch", 100,
                          "--seconds", 2 * SECONDS + 5)
        time.sleep(SECONDS + 3)
        busy = watch(parts)
        load.wait()
    report(results, idle, busy)


def watch(parts):
    before = {name: cpu_seconds(pid) for name, pid in parts.items()}
    begun = time.monotonic()
    time.sleep(SECONDS)
    took = time.monotonic() - begun
    return {name: (*memory_mb(pid), 100 * (cpu_seconds(pid) - before[name]) / took) for name, pid in parts.items()}


def report(results, idle, busy):
    ours = lambda found, what: sum(found[name][what] for name in OURS)
    others = lambda found, what: sum(found[name][what] for name in found if name not in OURS)
    results.ratio = ours(idle, 1) / 100
    results.row("memory on top when idle, MB (shared pages once)", f"{ours(idle, 1):.0f}", f"{others(idle, 1):.0f}", "",
                "< 100", ours(idle, 1) < 100)
    results.row("CPU on top when idle, % of a core", f"{ours(idle, 2):.2f}", f"{others(idle, 2):.2f}", "", "< 1",
                ours(idle, 2) < 1)
    results.row("memory at 5,000 events/s, MB", f"{ours(busy, 1):.0f}", f"{others(busy, 1):.0f}", "", "", None)
    results.row("CPU at 5,000 events/s, % of a core", f"{ours(busy, 2):.0f}", f"{others(busy, 2):.0f}", "", "", None)
    results.table(
        ["process", "idle: resident MB", "its share MB", "CPU %", "5,000/s: resident MB", "its share MB", "CPU %"],
        [[name, *(f"{value:.1f}" for value in (*idle[name], *busy[name]))] for name in idle],
    )
    results.note(
        "`up` holds collector, query API and dashboard; `clickhouse` is the engine behind our HTTP face. The aggregator's "
        "memory is bounded by LLMOBSERVE_BUFFER_BYTES_MAX (64 MB), LLMOBSERVE_BATCH_BYTES_MAX (32 MB a partition) and "
        "LLMOBSERVE_DEDUP_MEMORY_BYTES_MAX (256 MB a partition)."
    )
    results.note(
        "Idle CPU is wake-ups, some twenty-five a second in each process: librdkafka's threads, a look at the broker every "
        "second, the control topic. Kafka itself takes more with nothing to do."
    )
