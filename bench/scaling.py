#!/usr/bin/env python3
"""What a million events a second asks of the parts: partition skew and consumer lag, simulated.

Keys are partitioned by the published rule (schemas/src/partition.rs), tenants follow Zipf's law as in the load
of the benchmarks. What one core does comes from bench/RESULTS.md; docs/SCALING.md quotes what this prints.
"""

import random

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


def main():
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
