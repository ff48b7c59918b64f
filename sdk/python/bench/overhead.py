"""What measuring adds to a call: the same calls with and without, in turn, and the difference of
their times; and how long `import llmobserve` takes. Prints one line each.

The provider answers from within the process (`httpx.MockTransport`), so that the difference is
not lost in the network's noise.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import llmobserve
from llmobserve import runtime

DOCUMENT = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 400}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500},
    }
).encode()
CHUNK = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"word"}}],"usage":null}\n\n'
LAST = b'data: {"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9}}\n\n'
CHUNKS = 200


class Pieces(httpx.SyncByteStream):
    def __iter__(self):
        for _ in range(CHUNKS):
            yield CHUNK
        yield LAST + b"data: [DONE]\n\n"


def answer(request):
    if request.url.path.endswith("stream"):
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Pieces())
    return httpx.Response(200, headers={"content-type": "application/json"}, content=DOCUMENT)


def whole(client):
    client.post("https://api.openai.com/v1/chat/completions", content=b'{"model":"gpt-4o"}').json()


def stream(client):
    with client.stream("POST", "https://api.openai.com/v1/stream", content=b"{}") as response:
        for _ in response.iter_raw():
            pass


def elsewhere(client):
    client.post("https://example.com/other", content=b"{}").json()


def spans(_):
    with llmobserve.section("agent:x"):
        pass


def compare(name, call, count):
    """In turns, so that whatever else the machine does strikes both alike. The time that the
    thread itself ran is what a busy machine leaves to be judged; the time by the clock is beside."""
    client = httpx.Client(transport=httpx.MockTransport(answer))
    observer = runtime._active
    ran, passed = {True: [], False: []}, {True: [], False: []}
    for number in range(2 * count + 200):
        is_measured = bool(number % 2)
        runtime._active = observer if is_measured else None
        clock, thread = time.perf_counter_ns(), time.thread_time_ns()
        call(client)
        thread, clock = time.thread_time_ns() - thread, time.perf_counter_ns() - clock
        if number >= 200:
            ran[is_measured].append(thread / 1000)
            passed[is_measured].append(clock / 1000)
    runtime._active = observer
    added, by_the_clock = difference(ran), difference(passed)
    print(f"{name}: adds {added} µs p50, p90, p99 (by the clock {by_the_clock})")
    return added[2]


def difference(times):
    with_us, without = sorted(times[True]), sorted(times[False])
    count = len(without)
    return [round(with_us[int(count * p)] - without[int(count * p)]) for p in (0.5, 0.9, 0.99)]


def import_ms():
    code = "import time; t = time.perf_counter(); import llmobserve; print(time.perf_counter() - t)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}
    runs = [
        float(subprocess.check_output([sys.executable, "-c", code], env=environment)) * 1000
        for _ in range(7)
    ]
    return min(runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--check", action="store_true", help="fail beyond 100 µs or 30 ms")
    options = parser.parse_args()
    took = import_ms()
    print(f"import: {took:.1f} ms")
    # Delivered to nobody: what is measured here is what the caller's thread does.
    llmobserve.observe(collector_url="http://127.0.0.1:9", queue_events_max=10**7, tenant_id="t")
    gc.collect()
    worst = max(
        compare("a call", whole, options.calls),
        compare("a request elsewhere", elsewhere, options.calls),
        compare("a section", spans, options.calls),
    )
    compare(f"a stream of {CHUNKS} events", stream, options.calls // 10)
    sys.stdout.flush()
    if options.check and (took >= 30 or worst >= 100):
        os._exit(1)
    os._exit(0)


main()
