"""Starts `llmobserve up` on ports and a data directory of its own, and stops it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LLMOBSERVE_BINARY", ROOT / "target/release/llmobserve"))


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Instance:
    """One `llmobserve up` with everything that it supervises."""

    def __init__(self, data_dir=None, settings=None):
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="llmobserve-e2e-")
        self.port, self.proxy, self.clickhouse, self.kafka = free_ports(4)
        self.settings = settings or {}
        self.log = open(Path(self.data_dir) / "up.log", "ab")
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def clickhouse_url(self):
        return f"http://127.0.0.1:{self.clickhouse}"

    def start(self, timeout=120):
        """Returns when the `ready` line is printed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
        environment.update(
            LLMOBSERVE_PORT=str(self.port),
            LLMOBSERVE_PROXY_PORT=str(self.proxy),
            LLMOBSERVE_CLICKHOUSE_PORT=str(self.clickhouse),
            LLMOBSERVE_KAFKA_PORT=str(self.kafka),
            LLMOBSERVE_DATA_DIR=self.data_dir,
            **self.settings,
        )
        started = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "up"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.log,
            start_new_session=True,
            text=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process, ready), daemon=True).start()
        while not ready.wait(0.05):
            if self.process.poll() is not None:
                raise SystemExit(f"up ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() - started > timeout:
                raise SystemExit(f"up was not ready after {timeout} s:\n{self.tail()}")
        return time.monotonic() - started

    @staticmethod
    def _read(process, ready):
        for line in process.stdout:
            if re.match(r"ready\b", line):
                ready.set()

    def tail(self):
        return Path(self.log.name).read_text(errors="replace")[-4000:]

    def children(self, role):
        """Process ids of the children whose command line names the role."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                group = os.getpgid(int(entry.name))
            except OSError:
                continue
            if group == self.process.pid and role.encode() in command[1:]:
                found.append(int(entry.name))
        return found

    def kill_group(self):
        """SIGKILL for `up` and all that it supervises, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        time.sleep(0.5)

    def terminate(self, timeout=60):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def command(self, *arguments):
        """Runs a command of the binary against the instance."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")}
        environment.update(
            LLMOBSERVE_KAFKA_BROKERS=f"127.0.0.1:{self.kafka}",
            LLMOBSERVE_CLICKHOUSE_URL=self.clickhouse_url,
        )
        if self.password.exists():
            environment["LLMOBSERVE_CLICKHOUSE_PASSWORD_FILE"] = str(self.password)
        return subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True)

    @property
    def password(self):
        """The file that holds ClickHouse's password, where the instance has made one."""
        return Path(self.data_dir) / "clickhouse-password"

    def get(self, path, headers=None):
        request = urllib.request.Request(self.url + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    def post(self, path, body, headers=None):
        """Sends JSON; the answer, which must be a success."""
        headers = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def sql(self, query):
        headers = {"X-ClickHouse-Key": self.password.read_text()} if self.password.exists() else {}
        request = urllib.request.Request(self.clickhouse_url + "/", query.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"ClickHouse: {error.read().decode()}") from error


def note(*words):
    print(*words, file=sys.stderr, flush=True)
