#!/usr/bin/env python3
"""What a proxy adds and costs: the same load in one run directly, through nginx, through ours and
through LiteLLM's proxy, against an upstream that answers at once. Ours meters, and its events are
stored; that they all are is checked.

Prints a section for bench/RESULTS.md (and puts it there), and a last line `ratio …`. CPU time is of the proxy's own
processes; latency counts from when a request was due.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from instance import Instance, free_ports, note  # noqa: E402

TOOL = ROOT / "target/release/bench-proxy"
LITELLM = os.environ.get("LITELLM", "litellm")
TICKS = os.sysconf("SC_CLK_TCK")
PATH = "/v1/chat/completions"
TITLE = "## The proxy"
#: The section.
lines = []


class Target:
    """Something that calls go through."""

    def __init__(self, name, port, path=PATH, pids=lambda: []):
        self.name, self.port, self.path, self._pids = name, port, path, pids

    def load(self, seconds, connections, rate=None, stream=False):
        """The load's own measurements, with the CPU seconds that the target's processes took."""
        command = [
            TOOL, "load", "--address", f"127.0.0.1:{self.port}", "--path", self.path,
            "--seconds", str(seconds), "--connections", str(connections),
        ]
        command += ["--rate", str(rate)] if rate else []
        command += ["--stream"] if stream else []
        before = self.cpu()
        result = json.loads(subprocess.check_output(command, text=True))
        result["cpu"] = self.cpu() - before
        if result["failed"]:
            raise SystemExit(f"{self.name}: {result['failed']} calls failed")
        return result

    def cpu(self):
        return sum(cpu_seconds(pid) for pid in self._pids())


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


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


def wait_for(port, path, seconds=120):
    deadline = time.monotonic() + seconds
    while True:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"x"}]}',
            {"Content-Type": "application/json", "Authorization": "Bearer sk-bench"},
        )
        try:
            return urllib.request.urlopen(request, timeout=10).read()
        except OSError as error:
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing answers on port {port}: {error}") from error
            time.sleep(0.2)


def start(command, log, **settings):
    return subprocess.Popen(
        command, stdout=log, stderr=log, start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("LLMOBSERVE_")} | settings,
    )


def nginx(directory, port, upstream):
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not binary:
        raise SystemExit("missing: nginx (apt-get install nginx)")
    config = directory / "nginx.conf"
    config.write_text(f"""
        worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log stderr;
        events {{ worker_connections 4096; }}
        http {{
          access_log off;
          client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
          fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
          keepalive_requests 100000000;
          upstream provider {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
          server {{
            listen 127.0.0.1:{port};
            location / {{
              proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
              proxy_buffering off;
            }}
          }}
        }}""")
    return [binary, "-p", str(directory), "-c", str(config)]


def litellm(directory, port, upstream):
    if not shutil.which(LITELLM):
        raise SystemExit("missing: litellm (pip install 'litellm[proxy]', LITELLM names the program)")
    config = directory / "litellm.yaml"
    config.write_text(json.dumps({
        "model_list": [{
            "model_name": "gpt-4o-mini",
            "litellm_params": {
                "model": "openai/gpt-4o-mini", "api_key": "sk-bench", "api_base": f"http://127.0.0.1:{upstream}/v1",
            },
        }],
        "litellm_settings": {"telemetry": False},
    }))
    return [LITELLM, "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]


def write(line):
    lines.append(line)
    print(line, flush=True)


def row(name, how, ms, extra=""):
    write(f"| {name} | {how} | {ms['p50']:.2f} | {ms['p99']:.2f} | {ms['max']:.1f} | {extra} |")


def put_into(path):
    """The section, in place of the one that is there."""
    kept, skipping = [], False
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            skipping = line == TITLE
        if not skipping:
            kept.append(line)
    text = "\n".join(kept).rstrip() + "\n\n" + "\n".join(lines) + "\n"
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--into", type=Path)
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="llmobserve-bench-"))
    log = open(directory / "log", "ab")
    upstream_port, nginx_port, litellm_port = free_ports(3)
    instance = Instance(settings={"LLMOBSERVE_PROXY_UPSTREAMS": f"openai=http://127.0.0.1:{upstream_port}"})
    processes = []
    try:
        processes.append(start([TOOL, "upstream", "--port", str(upstream_port)], log))
        processes.append(start(nginx(directory, nginx_port, upstream_port), log))
        processes.append(start(litellm(directory, litellm_port, upstream_port), log))
        note(f"ready in {instance.start():.1f} s; logs in {directory} and {instance.data_dir}")
        others = {
            "directly": Target("directly", upstream_port),
            "nginx": Target("nginx", nginx_port, pids=lambda: tree(processes[1].pid)),
            "LiteLLM": Target("LiteLLM", litellm_port, pids=lambda: tree(processes[2].pid)),
        }
        ours = Target("LLMObserve", instance.proxy, "/openai" + PATH, lambda: instance.children("proxy"))
        for target in [*others.values(), ours]:
            wait_for(target.port, target.path)
            target.load(2, args.connections)
        measure(args, ours, **{name.lower(): target for name, target in others.items()}, instance=instance)
    finally:
        for process in processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if instance.process and instance.process.poll() is None:
            instance.terminate(120)


def measure(args, ours, directly, nginx, litellm, instance):
    write(TITLE)
    write("")
    write(f"Written by `make bench-proxy`: {os.cpu_count()} cores, load, upstream and all proxies on this one machine; "
          "one worker each for nginx and LiteLLM. Ours meters, and every event was stored.")
    write("")
    write("| through | load | p50 ms | p99 ms | worst ms | |")
    write("|---|---|---|---|---|---|")
    # As much as each takes.
    per_cpu, capacity = {}, {}
    for target in (nginx, ours, litellm):
        result = target.load(args.seconds, args.connections)
        count = result["answers"]["count"]
        capacity[target.name] = count / result["seconds"]
        per_cpu[target.name] = count / result["cpu"]
        row(target.name, f"{args.connections} connections, as fast as it goes", result["answers"],
            f"{capacity[target.name]:.0f} calls/s, {per_cpu[target.name]:.0f} per CPU-second")
    # The same schedule for each, half of what ours takes; then what LiteLLM can keep.
    added = {}
    for rate, targets in (
        (capacity[ours.name] / 2, (directly, nginx, ours)),
        (capacity[litellm.name] / 2, (directly, nginx, ours, litellm)),
    ):
        base = None
        for target in targets:
            result = target.load(args.seconds, args.connections, rate=rate)
            base = base or result["answers"]
            extra = {p: result["answers"][p] - base[p] for p in ("p50", "p99")}
            added.setdefault(target.name, extra)
            row(target.name, f"{rate:.0f} calls/s", result["answers"], f"adds p50 {extra['p50']:.2f} ms, p99 {extra['p99']:.2f} ms")
    # First pieces of streams: from the upstream's making to the client.
    for target in (directly, nginx, ours):
        result = target.load(args.seconds, args.streams, stream=True)
        row(target.name, f"first piece of a stream, {args.streams} at once", result["first_pieces"])
    check_stored(instance)
    write("")
    write(f"ratio per CPU-second: LLMObserve/nginx {per_cpu[ours.name] / per_cpu[nginx.name]:.2f} (goal 0.5), "
          f"LLMObserve/LiteLLM {per_cpu[ours.name] / per_cpu[litellm.name]:.0f} (goal 30); "
          f"added p99 at half load {added[ours.name]['p99']:.2f} ms (goal 1)")
    if args.into:
        put_into(args.into)


def check_stored(instance):
    """Every call through ours is in the statistics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.proxy}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    calls = sum(float(line.split()[-1]) for line in lines if line.startswith("llmobserve_proxy_calls_total{"))
    deadline = time.monotonic() + 60
    while True:
        stored = sum(row["call_count"] for row in json.loads(instance.get("/stats/by-provider")))
        if stored >= calls:
            break
        if time.monotonic() > deadline:
            raise SystemExit(f"{calls:.0f} calls, but {stored} events are stored")
        time.sleep(0.5)
    note(f"all {stored} events are stored")


if __name__ == "__main__":
    main()
