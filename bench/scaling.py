#!/usr/bin/env python3
"""What a million events a second asks of the parts: cores and disk, partition skew, consumer lag.

Keys are partitioned by the published rule (schemas/src/partition.rs), tenants follow Zipf's law as in the load
of the benchmarks. `python3 bench/scaling.py FIGURE=VALUE …` with figures of bench/RESULTS.md prints the sizing, too:

    ingest        events per core and second of ingest
    broker        CPU microseconds an event of the broker that stores it
    kafka_bytes   bytes an event in Kafka's log
    aggregator    records per core and second of the aggregator
    clickhouse    rows per core and second of ClickHouse, rollups included
    raw_bytes     bytes a row of trace_events
    rollup        rollups' bytes as a part of the raw table's
    lane          records a second of one partition's worker
"""

import random
import sys

RATE = 1_000_000
TENANTS = 10_000
#: A partition is one worker's; its worker does one thing after another.
SEED = 1


def murmur2(data):
    """As in Apache Kafka."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    tail = data[whole:]
    for i, byte in enumerate(tail):
        h ^= byte << 8 * i
    if tail:
        h = h * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def shares(tenants, exponent=1.0):
    weights = [rank**-exponent for rank in range(1, tenants + 1)]
    return [weight / sum(weights) for weight in weights]


def loads(partitions, spread, tenants=TENANTS):
    """The part of all events that each partition gets; every tenant is spread over `spread` of them."""
    load = [0.0] * partitions
    for rank, share in enumerate(shares(tenants)):
        home = (murmur2(f"tenant_{rank:04}".encode()) & 0x7FFFFFFF) % partitions
        for lane in range(min(spread, partitions)):
            load[(home + lane) % partitions] += share / min(spread, partitions)
    return load


def worst_lag(load, capacity, rate, burst, burst_seconds, seconds=900):
    """Seconds that the fullest partition is behind at worst, and until it has caught up: each partition's worker
    does `capacity` a second; every partition has `burst` times its load for a while, and noise of a tenth."""
    rng = random.Random(SEED)
    behind, worst, over = 0.0, 0.0, 0
    for second in range(seconds):
        arriving = load * rate * rng.gauss(1, 0.1) * (burst if second < burst_seconds else 1)
        behind = max(0.0, behind + arriving - capacity)
        worst = max(worst, behind / capacity)
        if behind > capacity:
            over = second
    return worst, over


def sizing(figures):
    """Cores and disk for RATE, with three replicas in Kafka and two of ClickHouse."""
    day = RATE * 86_400
    known = lambda *names: all(name in figures for name in names)
    if known("ingest"):
        print(f"ingest: {RATE / figures['ingest']:,.0f} cores")
    if known("broker"):
        print(f"brokers, the leaders' part: {RATE * figures['broker'] / 1e6:,.1f} cores; followers copy what they store")
    if known("kafka_bytes"):
        size = figures["kafka_bytes"]
        print(f"Kafka's log: {RATE * size / 1e6:,.0f} MB/s, {day * size * 3 / 1e12:,.1f} TB a day in three replicas")
    if known("aggregator"):
        print(f"aggregators: {RATE / figures['aggregator']:,.0f} cores")
    if known("clickhouse"):
        print(f"ClickHouse, inserts and merges: {RATE / figures['clickhouse']:,.0f} cores, twice that for two replicas")
    if known("raw_bytes", "rollup"):
        raw = day * figures["raw_bytes"]
        print(f"ClickHouse's disk: {raw / 1e12:,.1f} TB a day raw, {raw * figures['rollup'] / 1e12:,.2f} TB rollups; times replicas")
    if known("lane"):
        for partitions, spread in ((64, 64), (128, 16), (128, 64), (256, 64)):
            busy = max(loads(partitions, spread)) * RATE / figures["lane"]
            print(f"{partitions} partitions, spread {spread}: the fullest partition's worker is busy {busy:.0%} of the time")


def main():
    sizing({name: float(value) for name, value in (argument.split("=") for argument in sys.argv[1:])})
    print(f"{TENANTS:,} tenants by Zipf's law: the largest sends {shares(TENANTS)[0]:.1%} of {RATE:,} events/s\n")
    print("| partitions | spread | fullest partition, events/s | of the mean |\n|---|---|---|---|")
    fullest = {}
    for partitions in (64, 128, 256):
        for spread in (1, 4, 16, 64):
            load = loads(partitions, spread)
            fullest[partitions, spread] = max(load)
            print(f"| {partitions} | {spread} | {max(load) * RATE:,.0f} | {max(load) * partitions:.2f} |")
    print("\nA partition's worker that does so many events/s, twice the load for 60 s:\n")
    print("| partitions, spread | worker's events/s | fullest is busy | behind at worst, s | caught up after, s |\n|---|---|---|---|---|")
    for key in ((128, 16), (256, 16), (256, 64)):
        for capacity in (15_000, 30_000, 60_000):
            busy = fullest[key] * RATE / capacity
            worst, over = worst_lag(fullest[key], capacity, RATE, 2, 60)
            shown = (f"{worst:.0f}", f"{over}") if busy < 1 else ("without end", "never")
            print(f"| {key[0]}, {key[1]} | {capacity:,} | {busy:.0%} | {shown[0]} | {shown[1]} |")


if __name__ == "__main__":
    main()
