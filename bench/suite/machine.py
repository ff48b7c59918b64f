"""This machine: processes, their CPU seconds and memory, loads, and what is said of several runs."""

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
# What the image holds; what is compared with it in Rust is built alike.
os.environ.setdefault("LLMOBSERVE_BINARY", str(ROOT / "target/dist/llmobserve"))
from instance import BINARY, Instance, free_ports, note  # noqa: E402, F401

TOOL = BINARY.with_name("bench-load")
#: Data of runs, and what is kept between them.
WORK = ROOT / "target/bench"
TICKS = os.sysconf("SC_CLK_TCK")
FULL = os.environ.get("FULL") == "1"
# So that what was started is stopped, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
RUNS = 5 if FULL else 3
SECONDS = 30 if FULL else 10


def cpu_seconds(*pids):
    """Of the processes, user and system."""
    return sum(_cpu_seconds(pid) for pid in pids)


def _cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid):
    """Resident, and its share where pages are shared, in MB."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            found[name] = int(rest.split()[0]) * 1024 / 1e6
    return found["Rss"], found["Pss"]


def tree(pid):
    """A process and all below it."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, new = [], [pid]
    while new:
        found += new
        new = [child for parent in new for child in children.get(parent, [])]
    return found


class Parts:
    """The processes of an `up`, by name."""

    def __init__(self, instance):
        self.up = instance.process.pid
        self.kafka = next(pid for pid in tree(self.up) if _program(pid).endswith("java"))
        for role in ("clickhouse", "aggregator", "proxy"):
            setattr(self, role, instance.children(role)[0])

    def all(self):
        return dict(vars(self))


def _program(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def scratch(prefix):
    """A directory of its own, removed when the suite ends. Not before: ext4 looks through every inode that was deleted
    in the last minute before it gives out another, which took a fifth of ClickHouse's CPU in the run that followed."""
    WORK.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=WORK, prefix=prefix))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


@contextlib.contextmanager
def running(settings=None, data_dir=None):
    """An `up` of its own; its data go with it unless `data_dir` names their place."""
    directory = str(data_dir or scratch("run-"))
    instance = Instance(directory, settings)
    try:
        note(f"ready in {instance.start(300):.1f} s, in {directory}")
        yield instance
    finally:
        if instance.process and instance.process.poll() is None:
            for pid in tree(instance.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            try:
                instance.terminate(120)
            except subprocess.TimeoutExpired:
                instance.kill_group()


@contextlib.contextmanager
def stopped(*pids):
    """The processes do nothing meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def tool(*arguments):
    """What one role of bench-load measured."""
    return json.loads(subprocess.check_output([TOOL, *map(str, arguments)], text=True).splitlines()[-1])


def start_tool(*arguments):
    return subprocess.Popen([TOOL, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def start(command, log, **settings):
    return subprocess.Popen(
        command, stdout=log, stderr=log, start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")} | settings,
    )


def stop(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def serving(role, *arguments):
    """A server of bench-load: its process and port. It ends in order, when a build that counts writes its counts."""
    port, = free_ports(1)
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / "serving.log", "ab") as log:
        process = start([TOOL, role, "--port", str(port), *map(str, arguments)], log)
        try:
            wait_until(lambda: listens(port), 30, f"the port of {role}")
            yield process.pid, port
            process.terminate()
            if process.wait(30):
                raise SystemExit(f"{role} ended with {process.returncode}")
        finally:
            stop(process)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def events(instance, *arguments):
    """The load on `POST /events`, with the CPU seconds that it took."""
    return tool("events", "--address", f"127.0.0.1:{instance.port}", *arguments)


def accepted_only(result):
    """The load, unless something was not accepted."""
    other = {status: n for status, n in result["statuses"].items() if status != "202"}
    if other or result["broken"] or result["not_accepted"]:
        raise SystemExit(f"not everything was accepted: {result}")
    return result


def platform_key(instance):
    made = instance.command("keys", "create", "--platform", "--scope", "admin,ingest,read", "--name", "bench")
    made.check_returncode()
    return made.stdout.strip()


def ledger(instance):
    """What the aggregator has done: received, stored, duplicates."""
    line = instance.sql(
        "SELECT sum(received), sum(stored), sum(duplicates) FROM llmobserve.ingest_ledger FORMAT TSV"
    )
    return tuple(int(number) for number in line.split("\t"))


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come about in {seconds} s")
        time.sleep(0.1)


def drain(instance, count, seconds=600):
    """(time, received) from the first record on until `count` are received; a pause leaves no mark."""
    seen = []
    deadline = time.monotonic() + seconds
    while True:
        received = ledger(instance)[0]
        if received and (not seen or received > seen[-1][1]):
            seen.append((time.monotonic(), received))
        if received >= count:
            return seen
        if time.monotonic() > deadline:
            raise SystemExit(f"{received} of {count} records after {seconds} s")
        time.sleep(0.05)


class Several:
    """The same figure of several runs."""

    def __init__(self, values):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    def show(self, digits=0):
        """Median, and from where to where it went."""
        if len(self.values) == 1:
            return number(self.median, digits)
        low, high = min(self.values), max(self.values)
        return f"{number(self.median, digits)} ({number(low, digits)}–{number(high, digits)})"


def number(value, digits=0):
    return f"{value:,.{digits}f}"


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def version(command):
    done = subprocess.run(command, capture_output=True, text=True)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "?"
