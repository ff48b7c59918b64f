"""From nothing to `ready`, with data that are there."""

import os
import re
import subprocess
import time
from datetime import datetime
from pathlib import Path

from machine import RUNS, Instance, Parts, Several, events, note, scratch

TITLE = "`ready` of `llmobserve up` when everything is built and it has run before"
AGAINST = "Kafka's own start on the same data: by the settings of its own script, and as `up` starts it"
#: Of Kafka's `kafka-server-start.sh` and `kafka-run-class.sh`.
SCRIPT = ("-Xmx1G -Xms1G -server -XX:+UseG1GC "
          "-XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent").split()


def run(results):
    directory = str(scratch("start-"))
    ours, kafka, by_script = [], [], []
    instance = Instance(directory)
    instance.start(300)
    events(instance, "--seconds", 3)
    parts = Parts(instance)
    command = Path(f"/proc/{parts.kafka}/cmdline").read_bytes().split(b"\0")[:-1]
    where = os.readlink(f"/proc/{parts.kafka}/cwd")
    environment = dict(
        entry.split(b"=", 1) for entry in Path(f"/proc/{parts.kafka}/environ").read_bytes().split(b"\0") if b"=" in entry
    )
    instance.terminate(120)
    for _ in range(RUNS):
        kafka.append(kafka_alone(command, where, environment, directory))
        by_script.append(kafka_alone(as_its_script(command), where, environment, directory))
        size = Path(instance.log.name).stat().st_size
        took = instance.start(300)
        steps = timeline(Path(instance.log.name).read_bytes()[size:].decode())
        ours.append(took)
        instance.terminate(120)
        note(f"ready in {took:.2f} s, Kafka alone in {kafka[-1]:.2f} s, by its script's settings in {by_script[-1]:.2f} s")
    ours, kafka, by_script = Several(ours), Several(kafka), Several(by_script)
    results.ratio = ours.median / kafka.median
    beside = ours.median / by_script.median
    results.row("seconds until ready, beside Kafka by its script's settings", ours.show(2), by_script.show(2), f"{beside:.2f}", "≤ 1.3",
                beside <= 1.3)
    results.row("the same, beside Kafka as `up` starts it", ours.show(2), kafka.show(2), f"{results.ratio:.2f}", "≤ 1.3",
                results.ratio <= 1.3)
    results.note("The last start, seconds from its first line: " + ", ".join(f"{what} {at:.2f}" for what, at in steps) + ".")
    results.note("`up` has Java compile quickly and read Kafka's classes from an archive, which is the difference between the two peers. "
                 "Kafka is ready when its log says `Kafka Server started`; `up` when it prints `ready`, with every part "
                 "answering. What is behind Kafka's own start is the consumer group's: nothing can join before the broker is "
                 "there, and who joins is given partitions before it can say where each was left. Kafka itself starts later than alone: "
                 "ClickHouse starts beside it on the same two cores.")


def as_its_script(command):
    """Ours without what we ask of Java, and with what Kafka's script does."""
    java, *rest = command
    kept = [argument for argument in rest if not argument.startswith((b"-XX:", b"-Xmx"))]
    return [java, *(argument.encode() for argument in SCRIPT), *kept]


def timeline(log):
    """When the parts said that they were there."""
    found, first = {}, None
    for line in re.sub(r"\x1b\[[0-9;]*m", "", log).splitlines():
        at, _, rest = line.partition(" ")
        try:
            at = datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
        except ValueError:
            continue
        first = first or at
        for mark in ("ClickHouse engine started", "tables are up to date", "joining the group", "found Kafka",
                     "partitions assigned", "recovered", "control topic is in memory"):
            if mark in rest:
                found[mark] = at - first
    return sorted(found.items(), key=lambda step: step[1])


def kafka_alone(command, where, environment, directory):
    """Seconds until Kafka says that it has started."""
    log = next(Path(directory).glob("**/logs/server.log"))
    size = log.stat().st_size
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=where, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            with open(log, "rb") as text:
                # A rolled file begins anew.
                text.seek(size if log.stat().st_size >= size else 0)
                if b"Kafka Server started" in text.read():
                    return time.monotonic() - begun
            if process.poll() is not None:
                raise SystemExit(f"Kafka alone ended with {process.returncode}")
            if time.monotonic() - begun > 120:
                raise SystemExit("Kafka alone did not start in 120 s")
            time.sleep(0.01)
    finally:
        process.terminate()
        process.wait()
