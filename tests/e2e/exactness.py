#!/usr/bin/env python3
"""Sends events with known costs and compares every statistic to the last digit.

The expected sums are computed here with Python's `decimal`, from what was sent; nothing of the
product is used but its public interface. Clients re-send every tenth batch, as one does whose
answer was lost. Faults are injected by flags. Exit code 0 only when everything is equal.
"""

import argparse
import collections
import datetime
import gzip
import http.client
import itertools
import json
import random
import signal
import os
import threading
import time
import urllib.parse
from decimal import Decimal

from instance import Instance, note
from keys import Keys

PROVIDERS = {
    "openai": ["gpt-4o", "gpt-4o-mini", "o3"],
    "anthropic": ["claude-sonnet-4-5", "claude-haiku-4-5"],
    "google": ["gemini-2.5-pro", "gemini-2.5-flash"],
    "mistral": ["mistral-large-latest"],
}


def make_events(count, tenants, seed):
    """Events over the last 20 hours with costs of twelve places."""
    rng = random.Random(seed)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for n in range(count):
        provider = rng.choice(list(PROVIDERS))
        at = now - datetime.timedelta(seconds=rng.randrange(20 * 3600))
        yield {
            "id": f"{seed}-{n}",
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "tenant_id": f"tenant_{rng.randrange(tenants):03}",
            "customer_id": f"customer_{rng.randrange(5)}",
            "run_id": f"run_{seed}_{n // 10}",
            "section_path": rng.choice(["agent:a", "agent:a/tool:b", "agent:c"]),
            "span_type": "llm",
            "provider": provider,
            "model": rng.choice(PROVIDERS[provider]),
            "input_tokens": rng.randrange(5000),
            "output_tokens": rng.randrange(2000),
            "latency_ms": rng.randrange(1, 60000) / 10,
            "cost_usd": str(Decimal(rng.randrange(10**12)) / Decimal(10**12)),
        }


class Client(threading.Thread):
    """Posts its batches in order and remembers which were accepted."""

    def __init__(self, instance, batches, keys, pause=0.0, give_up=None):
        super().__init__(daemon=True)
        self.instance, self.batches, self.pause, self.give_up = instance, batches, pause, give_up
        self.keys = keys
        self.accepted, self.unknown, self.error = [], [], None

    def run(self):
        connection = None
        for number, batch in enumerate(self.batches):
            body, headers = self.keys.request(batch)
            body = gzip.compress(json.dumps(body).encode(), 1)
            again = number % 10 == 9  # as if the answer had been lost
            for _ in range(2 if again else 1):
                status = None
                while status != 202:
                    if self.give_up and self.give_up.is_set():
                        self.unknown.extend(batch)
                        return
                    try:
                        connection = connection or http.client.HTTPConnection(
                            "127.0.0.1", self.instance.port, timeout=60
                        )
                        connection.request("POST", "/events", body, {
                            "Content-Type": "application/json",
                            "Content-Encoding": "gzip",
                            **headers,
                        })
                        answer = connection.getresponse()
                        text = answer.read()
                        status = answer.status
                        if status == 202 and json.loads(text)["accepted"] != len(batch):
                            self.error = f"not all accepted: {text[:500]}"
                            return
                        if status not in (202, 429, 503):
                            self.error = f"{status}: {text[:500]}"
                            return
                    except (OSError, http.client.HTTPException):
                        connection = None
                    if status != 202:
                        time.sleep(0.05)
            self.accepted.extend(batch)
            time.sleep(self.pause)


def expected(events):
    """Per tenant and dimension: the exact sum and the number of calls."""
    sums = collections.defaultdict(lambda: [Decimal(0), 0])
    for event in events:
        tenant, cost = event["tenant_id"], Decimal(event["cost_usd"])
        hour = event["timestamp"][:13]
        for key in [
            ("provider", event["provider"]),
            ("model", event["provider"], event["model"]),
            ("customer", event["customer_id"]),
            ("section", event["section_path"]),
            ("hour", hour),
            ("total",),
        ]:
            entry = sums[(tenant, *key)]
            entry[0] += cost
            entry[1] += 1
    return sums


def reported(instance, keys, tenant):
    """The same, as the public routes say."""
    query = urllib.parse.urlencode({**keys.naming(tenant), "hours": 22})
    headers = keys.headers(tenant)
    get = lambda path: json.loads(instance.get(path + query, headers), parse_float=Decimal)
    sums = {}

    def put(key, row):
        cost, count = Decimal(row["total_cost"]), row["call_count"]
        if count or cost:
            sums[(tenant, *key)] = [cost, count]

    for row in get("/stats/by-provider?"):
        put(("provider", row["provider"]), row)
    for row in get("/stats/by-model?"):
        put(("model", row["provider"], row["model"]), row)
    for row in get("/stats/by-customer?"):
        put(("customer", row["customer_id"]), row)
    for row in get("/stats/by-section?"):
        put(("section", row["section_path"]), row)
    for bucket in get("/stats/timeseries?interval=1h&")["buckets"]:
        put(("hour", bucket["start"][:13]), bucket)
    put(("total",), get("/dashboard/stats?"))
    return sums


def differences(instance, keys, events):
    """What the routes say and what was sent, where they differ."""
    wanted = expected(events)
    found = {}
    for tenant in sorted({event["tenant_id"] for event in events}):
        found.update(reported(instance, keys, tenant))
    return [
        (key, wanted.get(key), found.get(key))
        for key in sorted(set(wanted) | set(found), key=str)
        if wanted.get(key) != found.get(key)
    ]


def audited(instance, keys, events):
    """What the audit says that does not fit: for everyone, for some tenants alone, by command."""
    by_tenant = collections.Counter(event["tenant_id"] for event in events)
    some = sorted(by_tenant)[:5]
    wrong = []
    for tenant in [None, *some]:
        whose = keys.naming(tenant) if tenant else {}
        query = urllib.parse.urlencode({**whose, "hours": 24})
        answer = json.loads(instance.get("/audit/conservation?" + query, keys.headers(tenant)))
        rows = sum(hour["raw_events"] for hour in answer["hours"] or [])
        wanted = by_tenant[tenant] if tenant else len(events)
        in_flight = answer["in_flight"]["total"] if tenant is None else 0
        if (answer["conserved"], rows, in_flight) != (True, wanted, 0):
            wrong.append(("audit", tenant, wanted, json.dumps(answer)[:2000]))
    command = instance.command("audit", "--json")
    if command.returncode != 0 or json.loads(command.stdout)["conserved"] is not True:
        wrong.append(("llmobserve audit", command.returncode, command.stdout, command.stderr))
    return wrong


def stored_ids(instance):
    lines = instance.sql("SELECT tenant_id, id FROM llmobserve.trace_events FORMAT TSV")
    return collections.Counter(tuple(line.split("\t")) for line in lines.splitlines())


def settle(instance, check, timeout=120):
    """Waits until nothing differs; returns what differs in the end."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            wrong = check()
        except OSError as error:
            wrong = [str(error)]
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.5)


def check_ids(instance, accepted, unknown):
    """Every accepted id exactly once, and nothing that was not sent."""
    stored = stored_ids(instance)
    key = lambda event: (event["tenant_id"], event["id"])
    wanted = {key(event) for event in accepted}
    sent = wanted | {key(event) for event in unknown}
    return (
        [("lost", k) for k in sorted(wanted - set(stored))][:10]
        + [("doubled", k, n) for k, n in stored.items() if n != 1][:10]
        + [("never sent", k) for k in sorted(set(stored) - sent)][:10]
    )


def unfinished(instance):
    """Batches whose raw rows are stored and whose ledger lines, the last to be written, are not."""
    rows = int(instance.sql("SELECT count() FROM llmobserve.trace_events"))
    finished = int(instance.sql("SELECT sum(stored) FROM llmobserve.ingest_ledger"))
    return [] if rows == finished else [("raw rows", rows, "in the ledger", finished)]


def kill_aggregator(instance, rng, times, alive, rate):
    """SIGKILL at random moments while the clients work."""
    killed = 0
    while killed < times and alive():
        time.sleep(rng.uniform(0.2, rate))
        for pid in instance.children("aggregator"):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--pause", type=float, default=0.0, help="of each client between batches, s")
    parser.add_argument("--kill-aggregator", type=int, default=0, metavar="TIMES")
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--kill-group", action="store_true", help="SIGKILL all after the last 202")
    parser.add_argument("--sigterm", action="store_true", help="SIGTERM during the load, then restart")
    parser.add_argument("--auth", action="store_true", help="with LLMOBSERVE_AUTH=required")
    options = parser.parse_args()
    note(f"seed {options.seed}")
    rng = random.Random(options.seed)
    events = list(make_events(options.events, options.tenants, options.seed))
    if options.auth:  # a key is one tenant's, and so is a batch
        events.sort(key=lambda event: event["tenant_id"])
        groups = [list(group) for _, group in itertools.groupby(events, lambda e: e["tenant_id"])]
    else:
        groups = [events]
    batches = [
        group[i : i + options.batch] for group in groups for i in range(0, len(group), options.batch)
    ]
    if options.auth:
        rng.shuffle(batches)
    # Lifetimes short enough that a recovery does not wait for a minute.
    instance = Instance(settings={
        "LLMOBSERVE_INSERT_TIMEOUT_SECONDS": "3",
        "LLMOBSERVE_INSERT_LIFETIME_SECONDS": "6",
        **({"LLMOBSERVE_AUTH": "required"} if options.auth else {}),
    })
    note(f"ready in {instance.start():.1f} s, data in {instance.data_dir}")

    tenants = {event["tenant_id"] for event in events}
    keys = Keys.make(instance, tenants) if options.auth else Keys()
    give_up = threading.Event() if options.sigterm else None
    clients = [
        Client(instance, batches[n :: options.clients], keys, options.pause, give_up)
        for n in range(options.clients)
    ]
    began = time.monotonic()
    for client in clients:
        client.start()
    alive = lambda: any(client.is_alive() for client in clients)
    if options.kill_aggregator:
        killed = kill_aggregator(instance, rng, options.kill_aggregator, alive, options.kill_every)
        note(f"killed the aggregator {killed} times")
    if options.sigterm:
        time.sleep(rng.uniform(1, 3))
        code = instance.terminate()
        give_up.set()
        note(f"SIGTERM: exit code {code}")
        if code != 0:
            raise SystemExit(f"exit code {code} after SIGTERM\n{instance.tail()}")
    for client in clients:
        client.join()
        if client.error:
            raise SystemExit(client.error)
    took = time.monotonic() - began
    accepted = [event for client in clients for event in client.accepted]
    unknown = [event for client in clients for event in client.unknown]
    note(f"{len(accepted)} events accepted in {took:.1f} s ({len(accepted) / took:.0f}/s)")
    if options.kill_group:
        instance.kill_group()
    if options.kill_group or options.sigterm:
        note(f"ready again in {instance.start():.1f} s")

    began = time.monotonic()
    wrong = settle(instance, lambda: check_ids(instance, accepted, unknown) or unfinished(instance))
    note(f"ids settled after {time.monotonic() - began:.1f} s")
    stored = set(stored_ids(instance))
    counted = [e for e in accepted + unknown if (e["tenant_id"], e["id"]) in stored]
    wrong = wrong or differences(instance, keys, counted) or keys.differences(instance)
    # The offsets of the last batches are committed a moment after their rows are stored.
    wrong = wrong or settle(instance, lambda: audited(instance, keys, counted), timeout=30)
    code = instance.terminate()
    if wrong or code != 0:
        for line in wrong[:20]:
            note("DIFFERS", line)
        raise SystemExit(f"seed {options.seed}: {len(wrong)} differences, exit code {code}\n{instance.tail()}")
    print(f"exact: {len(counted)} events, {options.tenants} tenants, seed {options.seed}")


if __name__ == "__main__":
    main()
