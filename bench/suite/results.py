"""What a benchmark found, kept in target/bench/results, and all of it as bench/RESULTS.md."""

import json
import os
import platform
import time

from machine import BINARY, FULL, ROOT, RUNS, SECONDS, WORK, version

KEPT = WORK / "results"
REPORT = ROOT / "bench/RESULTS.md"


class Results:
    def __init__(self, name, title, against):
        self.name, self.title, self.against = name, title, against
        self.rows, self.notes, self.tables, self.ratio = [], [], [], None
        self.begun = time.time()

    def row(self, what, ours, peer, ratio, goal, met, note=""):
        """One line of the table; `met`: whether the goal is, None where there is none."""
        self.rows.append([what, ours, peer, ratio, goal, {True: "met", False: "**missed**", None: ""}[met]])
        print(f"  {what}: {ours} | {peer} | {ratio} | {goal} | {self.rows[-1][-1]}", flush=True)
        if note:
            self.note(note)

    def note(self, text):
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def table(self, head, lines):
        self.tables.append((head, lines))
        print("  " + " | ".join(head), *("  " + " | ".join(line) for line in lines), sep="\n", flush=True)

    def save(self):
        KEPT.mkdir(parents=True, exist_ok=True)
        state = vars(self) | {"took": time.time() - self.begun, "full": FULL}
        (KEPT / f"{self.name}.json").write_text(json.dumps(state, indent=1))


def write_report(names):
    """Everything that has a result, in the order of the names; of what was never run here, what the report says."""
    before = {text.partition(":")[0]: text for text in REPORT.read_text().split("\n## ")[1:]}
    lines = ["# Results", ""]
    lines += [
        f"Written by `make bench`, or one benchmark at a time by `make bench-NAME`; each is made of {RUNS} runs of "
        f"{SECONDS} s unless it says otherwise (5 of 30 s with `FULL=1`): the median, and in brackets from where to "
        "where the runs went. Ours is built as the image is (profile `dist`), and so are the peers written in Rust. "
        "Load, Kafka, the ClickHouse engine and all services are on this one machine and share its cores, so stages are "
        "compared per CPU-second of their own processes; the wall clock stands beside it.",
        "",
        f"- Machine: {os.cpu_count()} cores ({_cpu()}), {_memory_gb():.0f} GB, {platform.system()} {platform.release()}",
        f"- Versions: {version([BINARY, '--version'])}; {_engines()}; {version(['java', '-version'])}; Python {platform.python_version()}",
        "",
    ]
    for name in names:
        path = KEPT / f"{name}.json"
        if path.exists():
            lines += _section(json.loads(path.read_text()))
        elif name in before:
            lines += [f"## {before[name].rstrip()}", ""]
    REPORT.write_text("\n".join(lines).rstrip() + "\n")


def _section(state):
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(state["begun"]))
    lines = [f"## {state['name']}: {state['title']}", ""]
    lines += [f"`make bench-{state['name']}`, {at}, {state['took']:.0f} s. Against: {state['against']}.", ""]
    if state["rows"]:
        lines += ["| what | ours | peer | ratio | goal | |", "|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in state["rows"]] + [""]
    for head, rows in state["tables"]:
        lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        lines += ["| " + " | ".join(row) + " |" for row in rows] + [""]
    lines += [f"- {text}" for text in state["notes"]]
    return [*lines, ""]


def _cpu():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _engines():
    clickhouse = (ROOT / "target/engines/clickhouse/installed").read_text().strip()
    jars = sorted(path.name for path in (ROOT / "target/engines/kafka/libs").glob("kafka_2.13-*.jar"))
    return f"engine {clickhouse}; Apache {jars[0].removesuffix('.jar') if jars else 'Kafka'}"
