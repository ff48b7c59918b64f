"""One event a request, over connections that stay open."""

from machine import RUNS, SECONDS, Parts, Several, accepted_only, cpu_seconds, platform_key, running, serving, stopped, tool

TITLE = "one event a request, keep-alive, API key and validation on, acknowledged by Kafka"
AGAINST = ("axum answering 202 after only parsing the body (`Json<Value>`); and the same after rdkafka's `FutureProducer`, "
           "set up as ours, has Kafka's acknowledgement")
CONNECTIONS = 64
SHAPE = ["--batch", 1, "--connections", CONNECTIONS]


def run(results):
    with running({"LLMOBSERVE_AUTH": "required"}) as instance:
        kafka = ["--brokers", f"127.0.0.1:{instance.kafka}"]
        with serving("accept-only") as parsing, serving("accept-only", *kafka) as producing:
            key, parts = platform_key(instance), Parts(instance)
            with stopped(parts.aggregator, parts.proxy):
                measure(results, (parts.up, instance.port, "--key", key), parsing, producing)


def measure(results, *servers):
    for each in servers:
        load(*each, seconds=2)
    # In turns, so that all see the same machine.
    runs = [[load(*each, seconds=SECONDS) for each in servers] for _ in range(RUNS)]
    (ours, wall, latency), (bare, bare_wall, bare_latency), (acked, acked_wall, acked_latency) = (
        [Several(figures) for figures in zip(*of_one)] for of_one in zip(*runs)
    )
    results.ratio = ours.median / bare.median
    results.row("events per CPU-second of the server", ours.show(), bare.show(), f"{results.ratio:.2f}", "≥ 0.6",
                results.ratio >= 0.6)
    results.row("the same beside axum that waits for Kafka, too", ours.show(), acked.show(),
                f"{ours.median / acked.median:.2f}", "", None)
    results.row("events/s by the clock; of axum that waits for Kafka", wall.show(),
                f"{bare_wall.show()}; {acked_wall.show()}", f"{wall.median / bare_wall.median:.2f}", "", None)
    results.note(
        f"{CONNECTIONS} connections; p99 {latency.show(1)} ms with Kafka's acknowledgement in it, axum's "
        f"{acked_latency.show(1)} ms with it and {bare_latency.show(1)} without."
    )
    floor = acked.median / bare.median
    results.note(
        f"A request costs ingest {1e6 / ours.median:.1f} µs of CPU, axum that only parses {1e6 / bare.median:.1f} and axum that "
        f"only parses and waits for Kafka {1e6 / acked.median:.1f}, which is {floor:.2f} of the first one's rate: a 202 "
        "that says that an event is safe has a producer's CPU in it, whose batches are small when each request waits for its own. "
        "Ours checks, prices and encodes the event besides (see LOG.md)."
    )


def load(pid, port, *arguments, seconds):
    """Events per CPU-second and per second, and the p99 in ms."""
    before = cpu_seconds(pid)
    done = accepted_only(tool("events", "--address", f"127.0.0.1:{port}", "--seconds", seconds, *SHAPE, *arguments))
    count = done["accepted_events"]
    return count / (cpu_seconds(pid) - before), count / done["seconds"], done["from_due"]["p99"]
