#!/usr/bin/env python3
"""A few minutes of lifelike traffic of several tenants to a running instance.

Only the public interface is used: `POST /events`. Nothing but Python's standard library is needed.
"""

import argparse
import datetime
import gzip
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import uuid

TENANTS = {  # name: (weight, customers)
    "acme_corp": (8, 40),
    "globex_inc": (5, 25),
    "initech": (3, 12),
    "umbrella_labs": (2, 8),
    "hooli": (1, 3),
}

# provider, model, typical input and output tokens, share of cached input, milliseconds per output token
MODELS = [
    ("openai", "gpt-4o", 1800, 400, 0.3, 9),
    ("openai", "gpt-4o-mini", 900, 250, 0.2, 5),
    ("openai", "o3-mini", 1200, 1500, 0.0, 7),
    ("anthropic", "claude-sonnet-4-5", 2600, 500, 0.5, 11),
    ("anthropic", "claude-haiku-4-5", 1100, 300, 0.4, 5),
    ("google", "gemini-2.5-pro", 2200, 600, 0.1, 8),
    ("google", "gemini-2.5-flash", 1500, 350, 0.1, 4),
    ("mistral", "mistral-large-latest", 1300, 350, 0.0, 10),
    ("groq", "llama-3.3-70b-versatile", 1000, 300, 0.0, 2),
    ("openai", "gpt-next-preview", 1500, 400, 0.0, 8),  # nobody knows its price yet
]

FEATURES = {
    "agent:support": ["tool:search_docs", "step:draft", "step:review"],
    "agent:research": ["tool:web_search", "step:read", "step:summarise"],
    "agent:sales_email": ["step:draft"],
    "agent:code_review": ["step:plan", "tool:run_tests", "step:comment"],
}


def call(rng, run, path, parent, at):
    """One call of a model, as an SDK would report it."""
    provider, model, tokens_in, tokens_out, cached, pace = rng.choice(MODELS)
    input_tokens = max(20, int(rng.lognormvariate(0, 0.5) * tokens_in))
    output_tokens = max(5, int(rng.lognormvariate(0, 0.6) * tokens_out))
    fate = rng.random()
    event = dict(
        run,
        id=str(uuid.UUID(int=rng.getrandbits(128))),
        span_id=f"s{rng.getrandbits(48):x}",
        parent_span_id=parent,
        section_path=path,
        span_type="llm",
        provider=provider,
        model=model,
        endpoint="chat.completions" if provider == "openai" else "messages",
        timestamp=at.isoformat(),
        is_streaming=rng.random() < 0.5,
        latency_ms=round(rng.uniform(120, 400) + output_tokens * pace, 1),
    )
    if fate < 0.02:
        return dict(event, status="rate_limited", http_status=429, latency_ms=80, error_type="RateLimitError")
    if fate < 0.03:
        return dict(event, status="timeout", latency_ms=60_000, error_type="APITimeoutError")
    if fate < 0.045:
        return dict(event, status="error", http_status=500, latency_ms=300, error_type="InternalServerError")
    event.update(input_tokens=input_tokens, output_tokens=output_tokens)
    event["cached_tokens"] = int(input_tokens * cached) if rng.random() < 0.6 else 0
    if model.startswith("o3"):
        event["reasoning_tokens"] = int(output_tokens * rng.uniform(0.3, 0.8))
    if event["is_streaming"]:
        event["ttft_ms"] = round(rng.uniform(90, 700), 1)
        if fate > 0.99:
            event["status"] = "cancelled"
    return event


def make_run(rng, at):
    """An agent at work for a customer: its span, its steps, their calls."""
    tenant = rng.choices(list(TENANTS), [weight for weight, _ in TENANTS.values()])[0]
    agent, steps = rng.choice(list(FEATURES.items()))
    run = {
        "tenant_id": tenant,
        "run_id": f"run_{rng.getrandbits(40):x}",
        "environment": rng.choices(["production", "staging"], [9, 1])[0],
    }
    if rng.random() < 0.9:
        run["customer_id"] = f"customer_{int(rng.paretovariate(1.2)) % TENANTS[tenant][1]}"
    root = f"s{rng.getrandbits(48):x}"
    events, clock = [], at
    for step in steps * rng.randint(1, 2):
        parent, path = f"s{rng.getrandbits(48):x}", f"{agent}/{step}"
        started = clock
        for _ in range(rng.randint(1, 3)):
            event = call(rng, run, path, parent, clock)
            events.append(event)
            clock += datetime.timedelta(milliseconds=event["latency_ms"])
        if step == "tool:search_docs":
            events.append(dict(
                run, id=str(uuid.UUID(int=rng.getrandbits(128))), parent_span_id=parent,
                section_path=path, span_type="vector_db", provider="pinecone", endpoint="query",
                timestamp=clock.isoformat(), latency_ms=round(rng.uniform(8, 60), 1), cost_usd="0.0000082",
            ))
        events.append(span(rng, run, path, parent, root, started, clock))
    events.append(span(rng, run, agent, root, None, at, clock))
    return events


def span(rng, run, path, span_id, parent, started, ended):
    kind = path.split("/")[-1].split(":")[0]
    return dict(
        run,
        id=str(uuid.UUID(int=rng.getrandbits(128))),
        span_id=span_id,
        parent_span_id=parent,
        section_path=path,
        span_type=kind if kind in ("agent", "tool") else "section",
        timestamp=started.isoformat(),
        latency_ms=round((ended - started).total_seconds() * 1000, 1),
    )


def post(url, key, events):
    """Sends a batch; tries again while the server asks for it."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = gzip.compress(json.dumps(events).encode())
    for attempt in range(30):
        try:
            request = urllib.request.Request(f"{url}/events", body, headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["accepted"]
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise SystemExit(f"POST /events: {error.code} {error.read().decode()}") from error
            time.sleep(float(error.headers.get("Retry-After", 1)))
        except urllib.error.URLError as error:
            if attempt == 0:
                print(f"\n{url} does not answer ({error.reason}); is `make up` running?", file=sys.stderr)
            time.sleep(1)
    raise SystemExit(f"{url} did not take the events")


def progress(done, count, started):
    width = 40
    filled = width * done // count
    rate = done / max(time.monotonic() - started, 0.001)
    print(f"\r[{'#' * filled}{'.' * (width - filled)}] {done}/{count} events, {rate:.0f}/s ",
          end="", file=sys.stderr, flush=True)


def main():
    port = os.environ.get("LLMOBSERVE_PORT", "8000")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=f"http://127.0.0.1:{port}")
    parser.add_argument("--key", default=os.environ.get("LLMOBSERVE_API_KEY"))
    parser.add_argument("--minutes", type=float, default=2.0, help="how long new traffic goes on")
    parser.add_argument("--rate", type=float, default=5.0, help="runs a second")
    parser.add_argument("--history-hours", type=float, default=24.0, help="past to fill in first")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    now = lambda: datetime.datetime.now(datetime.timezone.utc)

    past, begin = [], now()
    for _ in range(int(options.history_hours * 40)):
        ago = rng.uniform(0.05, options.history_hours) ** 1.0
        past.extend(make_run(rng, begin - datetime.timedelta(hours=ago)))
    seconds = options.minutes * 60
    expected = len(past) + int(len(past) / max(options.history_hours * 40, 1) * options.rate * seconds)
    done, started = 0, time.monotonic()
    for i in range(0, len(past), 500):
        done += post(options.url, options.key, past[i : i + 500])
        progress(done, expected, started)
    live = time.monotonic()
    while (elapsed := time.monotonic() - live) < seconds:
        batch = []
        for _ in range(max(1, int(options.rate / 2))):
            batch.extend(make_run(rng, now() - datetime.timedelta(seconds=30)))
        done += post(options.url, options.key, batch)
        progress(min(done, expected), max(expected, done), started)
        time.sleep(max(0.0, live + elapsed + 0.5 - time.monotonic()))
    progress(done, done, started)
    print("\n", file=sys.stderr)
    print(f"{done} events of {len(TENANTS)} tenants. Look at:")
    for path in (
        "/dashboard/stats?tenant_id=acme_corp",
        "/stats/by-model?tenant_id=acme_corp",
        "/stats/by-section?tenant_id=globex_inc",
        "/dashboard/customers?tenant_id=initech",
        "/stats/timeseries?tenant_id=acme_corp&interval=1h&group_by=provider",
        "/runs/latest?tenant_id=acme_corp&limit=5",
        "/runs/latest",
    ):
        print(f"  curl '{options.url}{path}'")


if __name__ == "__main__":
    main()
