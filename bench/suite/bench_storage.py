"""What events take on disk, against what they tell."""

import json
from pathlib import Path

import stats_data
from machine import FULL, WORK, drain, number, running, tool

TITLE = "bytes on disk"
AGAINST = "the entropy of the columns, derived below; for the rollups the raw table"
COUNT = 5_000_000 if FULL else 1_000_000
#: Columns of values that the generator draws at random, with the bits that it draws: a sample of a million
#: cannot show more than 20 of them.
DRAWN = {"span_id": 64, "_id_hash": 128}
ORDER = "tenant_id, toStartOfHour(timestamp), run_id, timestamp"


def run(results):
    with running() as instance:
        tool("produce", "--brokers", f"127.0.0.1:{instance.kafka}", "--count", COUNT)
        drain(instance, COUNT)
        stats_data.sql(instance, "OPTIMIZE TABLE llmobserve.trace_events FINAL")
        columns, rows = columns_of(instance)
        entropies = {name: entropy(instance, name, rows) for name in columns}
    raw(results, columns, entropies, rows)
    rollups(results)


def columns_of(instance):
    """Bytes by column, marks left out, and how many rows."""
    text = stats_data.sql(instance, """
        SELECT column, sum(column_data_compressed_bytes), sum(rows) FROM system.parts_columns
        WHERE active AND database = 'llmobserve' AND table = 'trace_events' GROUP BY column FORMAT TSV""")
    found = [line.split("\t") for line in text.splitlines()]
    return {name: int(size) for name, size, _ in found}, int(found[0][2])


def entropy(instance, column, rows):
    """Bytes that the column tells, in the table's order."""
    if column in DRAWN:
        return rows * DRAWN[column] / 8
    value = f"ifNull(toString({column}), '')"
    text = stats_data.sql(instance, f"""
        SELECT entropy(value), uniqExact(value), entropy((value, before)) - entropy(before), uniqExact((value, before))
        FROM
        (
            SELECT {value} AS value,
                lagInFrame(value, 1, '') OVER (ORDER BY {ORDER} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
            FROM llmobserve.trace_events
        ) FORMAT TSV""")
    alone, different, after, pairs = (float(figure) for figure in text.split("\t"))
    bits = [alone]
    # A sample shows the entropy of pairs only where there are few different ones.
    if pairs < rows / 5:
        bits.append(after)
    if column in STEPS:
        bits.append(step(instance, column))
    once = 0
    if different < rows / 10:
        once = float(stats_data.sql(instance, f"""
            SELECT sum(length(value))
            FROM (SELECT DISTINCT {value} AS value FROM llmobserve.trace_events) FORMAT TSV"""))
    return rows * min(bits) / 8 + once


#: Columns of numbers or times, whose differences to the row before tell less than they do.
STEPS = {
    "timestamp": "toUnixTimestamp64Micro(timestamp)", "created_at": "toUnixTimestamp64Micro(created_at)",
    "_log_time": "toUnixTimestamp64Milli(_log_time)", "_offset": "_offset", "_batch_end": "_batch_end",
    "id": "reinterpretAsUInt64(reverse(unhex(substring(id, 14, 8))))",
}


def step(instance, column):
    return float(stats_data.sql(instance, f"""
        SELECT entropy(toInt64(value) - toInt64(before)) FROM
        (
            SELECT {STEPS[column]} AS value,
                lagInFrame(value) OVER (ORDER BY {ORDER} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
            FROM llmobserve.trace_events
        ) FORMAT TSV"""))


def raw(results, columns, entropies, rows):
    stored, told = sum(columns.values()), sum(entropies.values())
    results.ratio = stored / told
    results.row("raw, bytes an event", f"{stored / rows:.1f}", f"{told / rows:.1f}", f"{results.ratio:.2f}", "≤ 1.5",
                results.ratio <= 1.5)
    without = columns["_id_hash"], entropies["_id_hash"]
    results.row("the same without `_id_hash`", f"{(stored - without[0]) / rows:.1f}", f"{(told - without[1]) / rows:.1f}",
                f"{(stored - without[0]) / (told - without[1]):.2f}", "", None)
    largest = sorted(columns, key=columns.get, reverse=True)[:14]
    results.table(
        ["column of `trace_events`", "stored, bytes an event", "entropy", "ratio"],
        [[f"`{name}`", f"{columns[name] / rows:.2f}", f"{entropies[name] / rows:.2f}",
          f"{columns[name] / max(entropies[name], 1):.2f}"] for name in largest],
    )
    results.note(
        f"{number(rows)} events of the load's shape, merged into one part a month. Entropy of a column, in the table's order: "
        "the least of H(value), H(value | value before) and, for times, offsets and serial numbers, H(step from the row "
        "before), and every different value once; of values drawn at random the bits drawn "
        f"({', '.join(f'{name} {bits}' for name, bits in DRAWN.items())}). It counts columns one by one: what one column "
        "tells of another (`_id_hash` follows from tenant and id, `section` from `section_path`) is not taken off, so the "
        "true entropy is lower."
    )


def rollups(results):
    """From the data sets of `stats`, which have 1, 10 and 100 events a key."""
    lines, at_hundred = [], None
    for millions in (1, 10, 100):
        made = WORK / f"stats-{millions}m/made.json"
        if not made.exists() or not (state := json.loads(Path(made).read_text()))["merged"]:
            results.note(f"No data set of {millions} million events: run `make bench-stats` first.")
            continue
        sizes = state["bytes"]
        raw_bytes, raw_rows = sizes["trace_events"]
        parts = [sizes[table][0] / raw_bytes for table in ("usage_15m", "runs")]
        lines.append([f"{millions}", f"{raw_bytes / raw_rows:.1f}", f"{sizes['usage_15m'][0] / sizes['usage_15m'][1]:.1f}",
                      f"{parts[0]:.3f}", f"{parts[1]:.3f}", f"{sum(parts):.3f}"])
        if millions == 100:
            at_hundred = sum(parts)
    if lines:
        results.table(["events a key", "raw, bytes an event", "`usage_15m`, bytes a row", "`usage_15m` / raw", "`runs` / raw",
                       "both / raw"], lines)
    if at_hundred is not None:
        results.row("`usage_15m` and `runs` at 100 events a key, of raw", f"{at_hundred:.3f}", "1", f"{at_hundred:.3f}",
                    "≤ 0.2", at_hundred <= 0.2)
        results.note("`usage_1m` holds 16 days at most and is left out: its size does not grow with the retention.")
