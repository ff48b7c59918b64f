"""A process of its own: the Kafka table engine reads the topic into our tables until all is there.

`python3 peer_table_engine.py BROKERS COUNT DDL DIRECTORY CONSUMERS`; DDL is a file of CREATE TABLE statements.
Prints one line of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

from chdb import Engine
from machine import ROOT, cpu_seconds, memory_mb

USAGE = """
    customer_id, provider, model, section_path, environment, status_name AS status, '' AS marker, toUInt64(0) AS marker_end,
    sum(toDecimal128(ifNull(cost_pico_usd, 0), 0) * toDecimal128('0.000000000001', 12)) AS cost_usd,
    countIf(isNull(cost_pico_usd)) AS unpriced_count, count() AS event_count, countIf(is_call) AS call_count,
    countIf(is_error) AS error_count,
    sumIf(input_tokens, is_call) AS input_tokens, sumIf(output_tokens, is_call) AS output_tokens,
    sumIf(cached_tokens, is_call) AS cached_tokens, sumIf(cache_write_tokens, is_call) AS cache_write_tokens,
    sumIf(reasoning_tokens, is_call) AS reasoning_tokens,
    sumIf(assumeNotNull(latency_us), timed) AS latency_us_sum, countIf(timed) AS latency_count,
    sumMapIf(map(toInt16(ceil(log(assumeNotNull(latency_us)) * 49.99833328888709)), toUInt64(1)), timed) AS latency_buckets
FROM
(
    SELECT * EXCEPT (status),
        toString(CAST(status, 'Enum8(\\'ok\\' = 1, \\'error\\' = 2, \\'cancelled\\' = 3, \\'timeout\\' = 4, \\'rate_limited\\' = 5)')) AS status_name,
        span_type < 6 AS is_call, is_call AND status IN (2, 4, 5) AS is_error,
        is_call AND isNotNull(latency_us) AND latency_us > 0 AS timed
    FROM incoming
)
GROUP BY tenant_id, bucket, customer_id, provider, model, section_path, environment, status_name
"""


def main():
    brokers, count, ddl, directory, consumers = sys.argv[1:]
    count, directory = int(count), Path(directory)
    engine = Engine(directory)
    # The library looks for schemas where its process is.
    os.chdir(ROOT / "schemas/proto")
    engine.sql("CREATE DATABASE llmobserve")
    for statement in Path(ddl).read_text().split(";\n"):
        if statement.strip():
            engine.sql(statement)
    text = (Path(__file__).parent / "table_engine.sql").read_text()
    text = text.replace("{{usage}}", USAGE).replace("{{brokers}}", brokers).replace("{{consumers}}", consumers)
    text = text.replace("{{threads}}", "1" if int(consumers) > 1 else "0").replace("{{group}}", f"bench-{time.time()}")
    engine.sql("USE llmobserve")
    cpu = cpu_seconds(os.getpid())
    for statement in text.split(";\n"):
        if "CREATE" in statement:
            engine.sql(statement)
    seen, deadline = [], time.monotonic() + 300
    while not seen or seen[-1][1] < count:
        rows = int(engine.sql("SELECT count() FROM trace_events"))
        if rows and (not seen or rows > seen[-1][1]):
            seen.append((time.monotonic(), rows))
        if time.monotonic() > deadline:
            raise SystemExit(f"{rows} of {count} rows; {engine.sql('SELECT left(exceptions.text[1], 300) FROM system.kafka_consumers')}")
        time.sleep(0.05)
    # The views behind the last raw rows.
    time.sleep(1)
    print(json.dumps({
        "seen": seen, "cpu_seconds": cpu_seconds(os.getpid()) - cpu, "resident_mb": memory_mb(os.getpid())[0],
        "rows": int(engine.sql("SELECT count() FROM trace_events")),
        "distinct": int(engine.sql("SELECT uniqExact(tenant_id, id) FROM trace_events")),
        "counted": int(engine.sql("SELECT sum(event_count) FROM usage_15m")),
        "in_runs": int(engine.sql("SELECT sum(event_count) FROM runs")),
    }), flush=True)
    # The library's threads outlive what they use: leave at once.
    os._exit(0)


if __name__ == "__main__":
    main()
