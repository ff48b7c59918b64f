#!/usr/bin/env python3
"""What one tenant at its limit costs another: measured, not judged.

A quiet tenant sends one event a request, alone and then beside a noisy one that sends as fast as it
can and is refused most of the time.
"""

import json
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from http_client import Request, send
from instance import Instance

SECONDS = 5
NOISY_THREADS = 4


def requests(port, tenant, count, until, told):
    body = json.dumps([{"provider": "openai", "model": "gpt-4o"}] * count).encode()
    request = Request("POST", "/events", (("Content-Type", "application/json"),
                                          ("X-LLMObserve-Tenant-ID", tenant)), body)
    while time.monotonic() < until:
        began = time.monotonic()
        answer = send(port, request)
        told.append((answer.status, time.monotonic() - began))
        if count == 1:
            time.sleep(0.02)


def measure(port, noise):
    until = time.monotonic() + SECONDS
    quiet, noisy = [], []
    threads = [threading.Thread(target=requests, args=(port, "quiet", 1, until, quiet))]
    threads += [threading.Thread(target=requests, args=(port, "noisy", 100, until, noisy))
                for _ in range(NOISY_THREADS if noise else 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = sorted(seconds * 1000 for _, seconds in quiet)
    refused = sum(status == 429 for status, _ in noisy)
    return (f"quiet: {len(quiet)} requests, {sum(s == 202 for s, _ in quiet)} accepted, "
            f"p50 {statistics.median(took):.1f} ms, p99 {took[int(len(took) * 0.99)]:.1f} ms"
            + (f"; noisy: {len(noisy)} requests, {refused} refused" if noise else ""))


def main():
    for name, settings in {
        "no limit": {},
        "1,000 events/s": {"LLMOBSERVE_TENANT_EVENTS_PER_SECOND": "1000"},
    }.items():
        instance = Instance(settings=settings)
        instance.start()
        print(f"{name}, alone    {measure(instance.port, noise=False)}", flush=True)
        print(f"{name}, beside   {measure(instance.port, noise=True)}", flush=True)
        instance.terminate()


if __name__ == "__main__":
    main()
