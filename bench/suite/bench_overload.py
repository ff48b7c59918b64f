"""Three times as much as ingest can take."""

import threading

from machine import FULL, Parts, events, memory_mb, number, platform_key, running, stopped

TITLE = "three times the capacity"
AGAINST = "itself at capacity, with as many connections"
SECONDS = 60 if FULL else 30
CONNECTIONS = 1024
#: Requests that are let in at once: the default.
AT_ONCE = 512


def run(results):
    with running({"LLMOBSERVE_AUTH": "required", "LLMOBSERVE_INGEST_REQUESTS_MAX": str(AT_ONCE)}) as instance:
        key, parts = platform_key(instance), Parts(instance)
        with stopped(parts.aggregator, parts.proxy):
            measure(results, instance, key, parts)


def measure(results, instance, key, parts):
    shape = ["--key", key, "--batch", 100]
    events(instance, *shape, "--connections", 16, "--seconds", 3)
    # A few connections would wait for Kafka's answers, not for a core.
    most = events(instance, *shape, "--connections", AT_ONCE // 2, "--seconds", 10)
    capacity = most["accepted_events"] / most["seconds"]
    shape += ["--connections", CONNECTIONS, "--seconds", SECONDS]
    at = events(instance, *shape, "--rate", capacity)
    watch = Memory(parts.up)
    over = events(instance, *shape, "--rate", 3 * capacity)
    memory = watch.end()
    rates = [load["accepted_events"] / load["seconds"] for load in (at, over)]
    results.ratio = rates[1] / capacity
    results.row("accepted events/s", number(rates[1]), f"{number(capacity)} at most", f"{results.ratio:.2f}", "≥ 0.9",
                results.ratio >= 0.9)
    p99 = [load["from_sent"]["p99"] for load in (at, over)]
    results.row("p99 of accepted requests, from sending, ms", number(p99[1]), number(p99[0]), f"{p99[1] / p99[0]:.1f}",
                "≤ 3", p99[1] <= 3 * p99[0])
    due = [load["from_due"]["p99"] for load in (at, over)]
    results.row("the same from when they were due, ms", number(due[1]), number(due[0]), f"{due[1] / due[0]:.1f}", "", None)
    third = len(memory) // 3
    early, late = max(memory[:third]), max(memory[-third:])
    results.row("memory in the last third of the time, MB", number(late), f"{number(early)} in the first",
                f"{late / early:.2f}", "flat (≤ 1.1)", late <= 1.1 * early)
    statuses = {status: n for status, n in over["statuses"].items() if status not in ("202", "429", "503")}
    shown = ", ".join(f"{n:,} × {status}" for status, n in over["statuses"].items())
    results.row("answers that are neither 202, 429 nor 503", str(sum(statuses.values())), "", "", "0", not statuses)
    per_second = rates[1] / 100
    results.note(
        f"Under overload ingest works on as many requests at once as it lets in (LLMOBSERVE_INGEST_REQUESTS_MAX, {AT_ONCE}): by "
        f"Little's law {1e3 * AT_ONCE / per_second:,.0f} ms each on average at {number(per_second)} a second, before their bodies "
        "have waited to be read. At capacity only a few are under way."
    )
    results.note(
        f"Capacity: {number(capacity)} events/s of {AT_ONCE // 2} connections that send when they have their answer. "
        f"{SECONDS} s, open-loop, {CONNECTIONS} connections at most. Answers: {shown}; {over['broken']:,} connections "
        f"ended without one. At capacity: {at['statuses']}, {at['broken']} broken. The load itself took "
        f"{over['cpu_seconds'] / over['seconds']:.2f} of the cores under overload, "
        f"{at['cpu_seconds'] / at['seconds']:.2f} at capacity."
    )


class Memory:
    """Of a process, every half second."""

    def __init__(self, pid):
        self.seen, self._end = [], threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(pid,))
        self._thread.start()

    def _watch(self, pid):
        while not self._end.wait(0.5):
            self.seen.append(memory_mb(pid)[0])

    def end(self):
        self._end.set()
        self._thread.join()
        return self.seen
