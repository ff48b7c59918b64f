#!/usr/bin/env python3
"""How long an accepted event takes to be in the statistics: 202 → /stats/by-provider, p50 and p99.

Starts an instance of its own and keeps a background load on it. Prints a table row; `make bench`
puts it into bench/RESULTS.md.
"""

import argparse
import json
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from instance import Instance, note  # noqa: E402


def post(instance, events):
    request = urllib.request.Request(
        instance.url + "/events", json.dumps(events).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def background(instance, rate, stop):
    """`rate` events a second of forty tenants."""
    n = 0
    while not stop.is_set():
        began = time.monotonic()
        post(instance, [
            {
                "tenant_id": f"load_{(n + i) % 40}", "provider": "openai", "model": "gpt-4o",
                "customer_id": f"c{i % 7}", "input_tokens": 1000, "output_tokens": 100, "latency_ms": 900,
                "run_id": f"r{(n + i) // 20}", "section_path": "agent:a/tool:b",
            }
            for i in range(rate // 10)
        ])
        n += rate // 10
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


def probe(instance, tenant):
    """Seconds from the 202 until the tenant's own statistics show the event."""
    post(instance, [{"tenant_id": tenant, "provider": "openai", "cost_usd": 1}])
    accepted = time.monotonic()
    while True:
        rows = json.loads(instance.get(f"/stats/by-provider?tenant_id={tenant}"))
        if rows:
            return time.monotonic() - accepted
        if time.monotonic() - accepted > 30:
            raise SystemExit("an accepted event is not in the statistics after 30 s")
        time.sleep(0.005)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=200)
    parser.add_argument("--rate", type=int, default=1000, help="background events a second")
    options = parser.parse_args()
    instance = Instance()
    note(f"ready in {instance.start():.1f} s")
    stop = threading.Event()
    load = threading.Thread(target=background, args=(instance, options.rate, stop), daemon=True)
    if options.rate:
        load.start()
    # A new topic's first minute is watched more closely than what follows.
    time.sleep(5)
    delays = sorted(probe(instance, f"probe_{uuid.uuid4().hex}") for _ in range(options.probes))
    stop.set()
    quantile = lambda q: delays[min(len(delays) - 1, int(q * len(delays)))]
    code = instance.terminate()
    print(
        f"| accepted → in statistics, {options.rate} events/s beside it | {options.probes} probes "
        f"| p50 {quantile(0.5):.3f} s | p99 {quantile(0.99):.3f} s | max {delays[-1]:.3f} s | goal: p99 < 2 s |"
    )
    if code != 0:
        raise SystemExit(f"up ended with {code}")


if __name__ == "__main__":
    main()
