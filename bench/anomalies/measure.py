#!/usr/bin/env python3
"""Precision and recall of `/insights/daily` on traffic with labelled anomalies.

Starts its own `llmobserve up` on free ports, writes the rollups of each seed into a database through
ClickHouse's HTTP interface, and asks for every day behind the first four weeks, as an administrator does.

    bench/anomalies/measure.py --seeds 101,102,103
"""

import argparse
import collections
import datetime
import json
import pathlib
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "e2e"))
import traffic  # noqa: E402
from instance import Instance  # noqa: E402

COLUMNS = {
    "usage_15m": "tenant_id, bucket, customer_id, provider, model, section_path, status, cost_usd, unpriced_count,"
                 " event_count, call_count, error_count, input_tokens, output_tokens, cached_tokens",
    "runs": "tenant_id, bucket, run_id, started_at, ended_at, cost_usd, event_count, call_count, section_costs",
}
CHUNK = 200_000
# An anomaly that began within the day asked about, or ended in it.
GRACE_DAYS = 1


def clickhouse(url, sql, body=b""):
    request = urllib.request.Request(f"{url}/?database=llmobserve&query={urllib.parse.quote(sql)}", data=body)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def load(url, seed, start):
    tenants = traffic.tenants(seed)
    for table in COLUMNS:
        clickhouse(url, f"TRUNCATE TABLE {table}")
    waiting = collections.defaultdict(list)

    def send(table):
        sql = f"INSERT INTO {table} ({COLUMNS[table]}) FORMAT TSV"
        clickhouse(url, sql, "".join(waiting[table]).encode())
        waiting[table].clear()

    for tenant in tenants:
        for table, row in traffic.rows(seed, tenant, start):
            waiting[table].append("\t".join(map(str, row)) + "\n")
            if len(waiting[table]) >= CHUNK:
                send(table)
    for table in list(waiting):
        send(table)
    return tenants


def right(insight, anomaly, day):
    """Whether the insight of the window that ends with `day` is about the anomaly."""
    first, last = anomaly.start / traffic.SLOTS_A_DAY, (anomaly.start + anomaly.slots) / traffic.SLOTS_A_DAY
    if not (first < day <= last + GRACE_DAYS) or insight["tenant_id"] != anomaly.tenant:
        return False
    return insight["type"] == anomaly.kind or insight["type"] in anomaly.also


def judge(url, tenants, start, counts, alarms, verbose):
    caught = set()
    episodes = set()
    for day in range(traffic.WARM_UP_DAYS + 1, traffic.DAYS + 1):
        as_of = datetime.datetime.fromtimestamp(start + day * traffic.DAY, datetime.timezone.utc)
        with urllib.request.urlopen(f"{url}/insights/daily?as_of={as_of:%Y-%m-%dT%H:%M:%SZ}", timeout=120) as answer:
            insights = json.load(answer)
        for insight in insights:
            kind = insight["type"]
            matching = [(tenant.name, i) for tenant in tenants for i, anomaly in enumerate(tenant.anomalies)
                        if right(insight, anomaly, day)]
            counts[kind]["told"] += 1
            if matching:
                counts[kind]["right"] += 1
                caught.update(matching)
            else:
                key = (insight["tenant_id"], kind, json.dumps(insight["subject"]))
                episodes.add(key)
                if verbose:
                    print("false:", day, insight["tenant_id"], insight["message"], insight["evidence"]["impact_usd"])
    for tenant in tenants:
        for i, anomaly in enumerate(tenant.anomalies):
            counts[anomaly.kind]["labelled"] += 1
            if (tenant.name, i) in caught:
                counts[anomaly.kind]["caught"] += 1
            elif verbose:
                print("missed:", anomaly)
    alarms.append(len(episodes) / len(tenants))


def report(counts, alarms):
    print(f"| {'kind':<20} | labelled | caught | recall | told | right | precision |")
    print("|---|---|---|---|---|---|---|")
    counts["all"] = sum(counts.values(), collections.Counter())
    for kind in [*traffic.KINDS, "all"]:
        c = counts[kind]
        recall = f"{c['caught'] / c['labelled']:.3f}" if c["labelled"] else "-"
        precision = f"{c['right'] / c['told']:.3f}" if c["told"] else "-"
        print(f"| {kind:<20} | {c['labelled']} | {c['caught']} | {recall} | {c['told']} | {c['right']} | {precision} |")
    quarter = 90 / (traffic.DAYS - traffic.WARM_UP_DAYS)
    print(f"false alarms per tenant and quarter: {sum(alarms) / len(alarms) * quarter:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="101,102,103", help="comma-separated")
    parser.add_argument("--verbose", action="store_true", help="tell every false alarm and every miss")
    arguments = parser.parse_args()
    # The same calendar every time, so that a seed is the same traffic: 90 days that end on a Sunday.
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - datetime.timedelta(days=today.weekday())
    start = int((monday - datetime.timedelta(days=traffic.DAYS + 1)).timestamp())
    counts, alarms = collections.defaultdict(collections.Counter), []
    instance = Instance()
    instance.start()
    try:
        for seed in arguments.seeds.split(","):
            tenants = load(instance.clickhouse_url, int(seed), start)
            judge(instance.url, tenants, start, counts, alarms, arguments.verbose)
    finally:
        instance.terminate()
    report(counts, alarms)


if __name__ == "__main__":
    main()
