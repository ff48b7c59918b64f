"""HTTP batches of 100, with authentication and validation, to records that Kafka has acknowledged."""

from pathlib import Path

from machine import RUNS, SECONDS, Parts, Several, accepted_only, cpu_seconds, events, number, platform_key, running, stopped, tool

TITLE = "HTTP batches of 100 → acknowledged by Kafka (`acks=all`, idempotent), API key and validation on"
AGAINST = "a bare librdkafka producer with the same settings that sends the same encoded records"
CONNECTIONS = 16


def run(results):
    with running({"LLMOBSERVE_AUTH": "required"}) as instance:
        key, parts = platform_key(instance), Parts(instance)
        with stopped(parts.aggregator, parts.proxy):
            measure(results, instance, key, parts)


def measure(results, instance, key, parts):
    events(instance, "--key", key, "--seconds", 3)
    ours, bare, wall, bare_wall, broker, bare_broker, latency, logged = [], [], [], [], [], [], [], []
    for _ in range(RUNS):
        size = log_bytes(instance)
        before, kafka = cpu_seconds(parts.up), cpu_seconds(parts.kafka)
        load = accepted_only(events(
            instance, "--key", key, "--batch", 100, "--connections", CONNECTIONS, "--seconds", SECONDS
        ))
        count = load["accepted_events"]
        ours.append(count / (cpu_seconds(parts.up) - before))
        broker.append((cpu_seconds(parts.kafka) - kafka) / count * 1e6)
        wall.append(count / load["seconds"])
        latency.append(load["from_due"]["p99"])
        logged.append((log_bytes(instance) - size) / count)
        kafka = cpu_seconds(parts.kafka)
        produced = tool("produce", "--brokers", f"127.0.0.1:{instance.kafka}", "--seconds", SECONDS)
        bare.append(produced["stored"] / produced["cpu_seconds"])
        bare_broker.append((cpu_seconds(parts.kafka) - kafka) / produced["stored"] * 1e6)
        bare_wall.append(produced["stored"] / produced["seconds"])
    ours, bare, wall, bare_wall = map(Several, (ours, bare, wall, bare_wall))
    results.ratio = ours.median / bare.median
    results.row("events per CPU-second of the sending process", ours.show(), bare.show(), f"{results.ratio:.2f}",
                "≥ 0.8", results.ratio >= 0.8)
    by_clock = wall.median / bare_wall.median
    results.row("events/s by the clock, everything on this machine", wall.show(), bare_wall.show(), f"{by_clock:.2f}",
                "", None)
    results.row("events/s per core of ingest", ours.show(), "", "", "≥ 100,000", ours.median >= 100_000)
    results.note(
        f"{CONNECTIONS} connections, events of {load['event_bytes']} bytes of JSON; p99 of a request "
        f"{Several(latency).show(1)} ms. The broker took {Several(broker).show(2)} µs of CPU an event behind ingest, "
        f"{Several(bare_broker).show(2)} µs behind the bare producer. In Kafka's log an event takes "
        f"{Several(logged).show()} bytes (LZ4)."
    )
    parse = 1e6 / ours.median - 1e6 / bare.median
    results.note(
        f"An event costs ingest {1e6 / ours.median:.2f} µs of CPU, the bare producer {1e6 / bare.median:.2f} µs; the "
        f"difference of {parse:.2f} µs is receiving {load['event_bytes']} bytes by HTTP, parsing, checking, pricing "
        f"and encoding. To reach 0.8 all of that would have to fit into {number(0.25e6 / bare.median, 2)} µs."
    )


def log_bytes(instance):
    """Of the events topic, as it lies on disk."""
    return sum(path.stat().st_size for path in Path(instance.data_dir).glob("**/llmobserve.events.v1-*/*.log"))
