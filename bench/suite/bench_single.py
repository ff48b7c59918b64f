"""One event a request, over connections that stay open."""

import socket

from machine import RUNS, SECONDS, TOOL, WORK, Parts, Several, accepted_only, cpu_seconds, events, free_ports, platform_key, running, start, stop, stopped, tool, wait_until

TITLE = "one event a request, keep-alive, API key and validation on, acknowledged by Kafka"
AGAINST = "axum answering 202 after only parsing the body (`Json<Value>`)"
CONNECTIONS = 64


def run(results):
    WORK.mkdir(parents=True, exist_ok=True)
    port, = free_ports(1)
    with open(WORK / "accept-only.log", "ab") as log, running({"LLMOBSERVE_AUTH": "required"}) as instance:
        peer = start([TOOL, "accept-only", "--port", str(port)], log)
        try:
            wait_until(lambda: listens(port), 10, "the peer's port")
            key, parts = platform_key(instance), Parts(instance)
            with stopped(parts.aggregator, parts.proxy):
                measure(results, instance, key, parts, port, peer.pid)
        finally:
            stop(peer)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def measure(results, instance, key, parts, port, peer):
    shape = ["--batch", 1, "--connections", CONNECTIONS]
    events(instance, "--key", key, "--seconds", 2, *shape)
    ours, bare, wall, bare_wall, latency, bare_latency = [], [], [], [], [], []
    for _ in range(RUNS):
        before = cpu_seconds(parts.up)
        load = accepted_only(events(instance, "--key", key, "--seconds", SECONDS, *shape))
        ours.append(load["accepted_events"] / (cpu_seconds(parts.up) - before))
        wall.append(load["accepted_events"] / load["seconds"])
        latency.append(load["from_due"]["p99"])
        before = cpu_seconds(peer)
        load = accepted_only(tool("events", "--address", f"127.0.0.1:{port}", "--seconds", SECONDS, *shape))
        bare.append(load["accepted_events"] / (cpu_seconds(peer) - before))
        bare_wall.append(load["accepted_events"] / load["seconds"])
        bare_latency.append(load["from_due"]["p99"])
    ours, bare, wall, bare_wall = map(Several, (ours, bare, wall, bare_wall))
    results.ratio = ours.median / bare.median
    results.row("events per CPU-second of the server", ours.show(), bare.show(), f"{results.ratio:.2f}", "≥ 0.6",
                results.ratio >= 0.6)
    results.row("events/s by the clock", wall.show(), bare_wall.show(), f"{wall.median / bare_wall.median:.2f}", "", None)
    results.note(
        f"{CONNECTIONS} connections; p99 {Several(latency).show(1)} ms with Kafka's acknowledgement in it, the peer's "
        f"{Several(bare_latency).show(1)} ms without."
    )
    results.note(
        f"A request costs ingest {1e6 / ours.median:.1f} µs of CPU, the peer {1e6 / bare.median:.1f} µs. The "
        "difference is Kafka's producer, whose batches are small when each request waits for its own, the answer that "
        "waits for it, and pricing and encoding (see LOG.md)."
    )
