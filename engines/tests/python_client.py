"""clickhouse-connect against the embedded engine: what analysts' notebooks do."""

import sys
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

url = urlsplit(sys.argv[1])
client = clickhouse_connect.get_client(host=url.hostname, port=url.port)

assert client.server_version.startswith("26."), client.server_version
assert str(client.server_tz) in ("UTC", "Etc/UTC"), client.server_tz
assert client.ping()

client.command("CREATE DATABASE connect")
client.command(
    """CREATE TABLE connect.events (
        tenant_id LowCardinality(String), at DateTime64(3, 'UTC'), cost Nullable(Decimal(18, 12)),
        tags Array(String), counts Map(String, UInt64)
    ) ENGINE = MergeTree ORDER BY at"""
)
at = datetime(2026, 1, 2, 3, 4, 5, 678000)  # UTC, as the column says
rows = [
    ["a", at, Decimal("0.000000000001"), ["x", "y"], {"in": 1, "out": 2}],
    ["b 🦀", at, None, [], {}],
]
client.insert("connect.events", rows, column_names=["tenant_id", "at", "cost", "tags", "counts"])
stored = client.query("SELECT * FROM connect.events ORDER BY tenant_id").result_rows
assert [list(row) for row in stored] == rows, stored

# Bound parameters, on the server and in the client.
assert client.query("SELECT {a:String}, {n:UInt8}", parameters={"a": "it's", "n": 7}).result_rows == [("it's", 7)]
assert client.query("SELECT %(a)s", parameters={"a": "it's"}).result_rows == [("it's",)]

# Settings hold for one query, also within this client's session.
threads = "SELECT value FROM system.settings WHERE name = 'max_threads'"
before = client.command(threads)
assert client.query(threads, settings={"max_threads": 1}).result_rows == [("1",)]
assert client.command(threads) == before

# A large insert and a stream of it.
client.command("CREATE TABLE connect.numbers (n UInt64) ENGINE = MergeTree ORDER BY n")
count = 300_000
summary = client.insert("connect.numbers", [[n] for n in range(count)], column_names=["n"])
assert summary.written_rows == count, summary.summary
with client.query_row_block_stream("SELECT n FROM connect.numbers ORDER BY n") as stream:
    blocks = [[row[0] for row in block] for block in stream]
assert len(blocks) > 1 and [n for block in blocks for n in block] == list(range(count))

# A session and its temporary table.
session = clickhouse_connect.get_client(
    host=url.hostname, port=url.port, session_id="notebook", database="connect"
)
session.command("CREATE TEMPORARY TABLE mine (n UInt8)")
session.insert("mine", [[1], [2]], column_names=["n"])
assert session.query("SELECT sum(n) FROM mine").first_row == (3,)
assert session.command("SELECT currentDatabase()") == "connect"
assert session.command("SELECT count() FROM numbers") == count

for sql, code in [("SELECT * FROM missing", "60"), ("SELECT throwIf(1)", "395")]:
    try:
        client.query(sql)
    except DatabaseError as error:
        assert f"Code: {code}." in str(error) or f"error code {code}" in str(error), error
    else:
        raise AssertionError(f"{sql} did not fail")

raw = client.raw_query("SELECT 1 AS n FORMAT JSONEachRow")
assert raw == b'{"n":1}\n', raw
client.command("DROP DATABASE connect")
client.close()
session.close()
