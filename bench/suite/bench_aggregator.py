"""A topic that is full already, into tables that can be asked: ours, and ClickHouse's Kafka table engine."""

import json
import subprocess
import sys
from pathlib import Path

from machine import FULL, RUNS, Parts, Several, cpu_seconds, drain, ledger, note, number, running, scratch, stopped, tool

TITLE = "Kafka → tables that can be asked, rollups on, 2 % of the records are duplicates"
AGAINST = ("the ClickHouse Kafka table engine with materialized views into the same tables, in the same engine "
           "library, on the same topic")
COUNT = 4_000_000 if FULL else 1_000_000
TABLES = ("trace_events", "usage_15m", "usage_1m", "runs")


def run(results):
    ours, peers = [], {"1": [], "2": []}
    for n in range(RUNS):
        with running() as instance:
            parts = Parts(instance)
            with stopped(parts.aggregator):
                made = tool("produce", "--brokers", f"127.0.0.1:{instance.kafka}", "--count", COUNT, "--duplicates", 0.02)
                before = cpu_seconds(parts.aggregator, parts.clickhouse), cpu_seconds(parts.aggregator)
            ours.append(one(instance, parts, before, made))
            # One consumer is its default; two, a thread each, are what this machine has cores for.
            for consumers in peers if n == 0 else ("2",):
                with stopped(parts.aggregator):
                    peers[consumers].append(peer(instance, consumers))
    report(results, ours, peers, made)


def one(instance, parts, before, made):
    seen = drain(instance, COUNT)
    received, stored, duplicates = ledger(instance)
    if (received, stored) != (made["sent"], made["distinct"]):
        raise SystemExit(f"{made} were sent, but {received}, {stored}, {duplicates} counted")
    spent = cpu_seconds(parts.aggregator, parts.clickhouse) - before[0]
    own = cpu_seconds(parts.aggregator) - before[1]
    rows, distinct = instance.sql(
        "SELECT count(), uniqExact(tenant_id, id) FROM llmobserve.trace_events FORMAT TSV"
    ).split("\t")
    return {"rate": rate(seen), "per_cpu": COUNT / spent, "own": COUNT / own, "rows": int(rows), "distinct": int(distinct)}


def rate(seen):
    """Records a second, from the first sight of any to the last."""
    (begun, first), (ended, last) = seen[0], seen[-1]
    return (last - first) / (ended - begun)


def peer(instance, consumers):
    directory = scratch("peer-")
    ddl = directory / "tables.sql"
    statements = [instance.sql(f"SHOW CREATE TABLE llmobserve.{table} FORMAT TSVRaw") for table in TABLES]
    ddl.write_text(";\n".join(statements) + ";\n")
    done = subprocess.run(
        [sys.executable, Path(__file__).parent / "peer_table_engine.py", f"127.0.0.1:{instance.kafka}", str(COUNT),
         ddl, directory / "engine", consumers],
        stdout=subprocess.PIPE, text=True, check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    if found["counted"] != found["rows"] or found["in_runs"] != found["rows"]:
        note(f"the peer's tables differ: {found}")
    return found | {"rate": rate(found["seen"]), "per_cpu": COUNT / found["cpu_seconds"]}


def report(results, ours, peers, made):
    best = max(peers, key=lambda consumers: Several(run["rate"] for run in peers[consumers]).median)
    theirs = peers[best]
    of = lambda runs, what: Several(run[what] for run in runs)
    rates, cpus = (of(ours, "rate"), of(theirs, "rate")), (of(ours, "per_cpu"), of(theirs, "per_cpu"))
    results.ratio = rates[0].median / rates[1].median
    results.row("rows/s by the clock", rates[0].show(), rates[1].show(), f"{results.ratio:.2f}", "≥ 1.5",
                results.ratio >= 1.5)
    results.row("rows per CPU-second of aggregator and engine", cpus[0].show(), cpus[1].show(),
                f"{cpus[0].median / cpus[1].median:.2f}", "", None)
    results.row("rows per CPU-second of the aggregator alone", of(ours, "own").show(), "", "", "", None)
    each = [run["rows"] / run["distinct"] for run in (ours[-1], theirs[-1])]
    results.row("rows stored for each distinct event", f"{each[0]:.4f}", f"{each[1]:.4f}", "", "exactly 1", each[0] == 1)
    results.note(
        f"{number(COUNT)} records, {number(made['sent'] - made['distinct'])} of them duplicates. The peer with 1 and with "
        f"2 consumers: {of(peers['1'], 'rate').show()} and {of(peers['2'], 'rate').show()} rows/s; its better one stands "
        f"in the table. The peer knows no duplicates, keeps no ledger and no sketches of whole tenants, and its raw rows and rollups are separate inserts of "
        "which a crash loses or repeats some."
    )
