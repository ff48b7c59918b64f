#!/usr/bin/env python3
"""Precision and recall of `/insights/daily` on traffic with labelled anomalies.

Starts its own `llmobserve up` on free ports, writes the rollups of each seed through ClickHouse's HTTP
interface, and asks at every midnight behind the first four weeks, as an administrator does. What counts
is told in `score.py`; the results are in `docs/INSIGHTS.md`.

    bench/anomalies/measure.py --seeds 201,202,203,204,205
"""

import argparse
import datetime
import json
import pathlib
import random
import statistics
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "e2e"))
import anomalies  # noqa: E402
import traffic  # noqa: E402
from instance import Instance, note  # noqa: E402
from rows import rows  # noqa: E402
from score import Score  # noqa: E402

COLUMNS = {
    "usage_15m": "tenant_id, bucket, customer_id, provider, model, section_path, status, cost_usd, unpriced_count,"
                 " event_count, call_count, error_count, input_tokens, output_tokens, cached_tokens",
    "runs": "tenant_id, bucket, run_id, started_at, ended_at, cost_usd, event_count, call_count, section_costs",
}
CHUNK = 200_000


class Store:
    """The instance's ClickHouse."""

    def __init__(self, instance):
        self.url = instance.clickhouse_url
        password = pathlib.Path(instance.data_dir) / "clickhouse-password"
        self.headers = {"X-ClickHouse-Key": password.read_text()} if password.exists() else {}

    def execute(self, sql, body=b""):
        url = f"{self.url}/?database=llmobserve&query={urllib.parse.quote(sql)}"
        with urllib.request.urlopen(urllib.request.Request(url, body, self.headers), timeout=120) as answer:
            return answer.read()

    def load(self, seed, tenants, start):
        for table in COLUMNS:
            self.execute(f"TRUNCATE TABLE {table}")
        waiting = {table: [] for table in COLUMNS}

        def send(table):
            sql = f"INSERT INTO {table} ({COLUMNS[table]}) FORMAT TSV"
            self.execute(sql, "".join(waiting[table]).encode())
            waiting[table].clear()

        for tenant in tenants:
            for table, row in rows(seed, tenant, start):
                waiting[table].append("\t".join(map(str, row)) + "\n")
                if len(waiting[table]) >= CHUNK:
                    send(table)
        for table in COLUMNS:
            send(table)


def tenants_of(seed, count):
    tenants = traffic.make_tenants(seed, count)
    for tenant in tenants:
        anomalies.inject(random.Random(f"{seed}/{tenant.name}/anomalies"), tenant)
    return tenants


def ask(instance, start, day, tenant=None):
    as_of = datetime.datetime.fromtimestamp(start + day * 86_400, datetime.timezone.utc)
    query = {"as_of": f"{as_of:%Y-%m-%dT%H:%M:%SZ}", **({"tenant_id": tenant} if tenant else {})}
    return json.loads(instance.get(f"/insights/daily?{urllib.parse.urlencode(query)}"))


def time_calls(instance, start, tenants):
    """Seconds of a call of one tenant, whose answer must be its part of the answer for all."""
    of_all = ask(instance, start, traffic.DAYS)
    seconds = []
    for tenant in tenants:
        began = time.perf_counter()
        own = ask(instance, start, traffic.DAYS, tenant.name)
        seconds.append(time.perf_counter() - began)
        expected = [insight for insight in of_all if insight["tenant_id"] == tenant.name]
        if own != expected:
            raise SystemExit(f"{tenant.name} hears {own}, and of all it is {expected}")
    return seconds


def report(score, seconds):
    """Of all seeds so far, so that a run that is cut off has told something."""
    print("\n".join(score.table()))
    print(f"a call of one tenant: median {statistics.median(seconds) * 1000:.0f} ms,"
          f" longest {max(seconds) * 1000:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="201,202,203,204,205", help="comma-separated; 101 to 103 served tuning")
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--days", type=int, default=traffic.DAYS, help="of the 90 days, the first so many are asked")
    parser.add_argument("--verbose", action="store_true", help="tell every false alarm and every miss")
    arguments = parser.parse_args()
    # Day 0 is a Monday every time, so that a seed is the same traffic.
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - datetime.timedelta(days=today.weekday())
    start = int((monday - datetime.timedelta(weeks=13)).timestamp())
    score, seconds = Score(), []
    instance = Instance()
    instance.start()
    try:
        store = Store(instance)
        for seed in map(int, arguments.seeds.split(",")):
            began = time.monotonic()
            tenants = tenants_of(seed, arguments.tenants)
            store.load(seed, tenants, start)
            loaded = time.monotonic()
            days = range(traffic.WARM_UP_DAYS + 1, arguments.days + 1)
            insights = {day: ask(instance, start, day) for day in days}
            asked = time.monotonic()
            score.judge(tenants, insights)
            seconds += time_calls(instance, start, tenants)
            note(f"seed {seed}: {loaded - began:.0f} s to load, {asked - loaded:.0f} s to ask for {len(days)} days")
            report(score, seconds)
    finally:
        instance.terminate()
    if arguments.verbose:
        print("\n".join(score.notes))


if __name__ == "__main__":
    main()
