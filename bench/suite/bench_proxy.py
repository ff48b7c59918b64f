"""What a proxy adds and costs: the same load in one run directly, through nginx, through ours, through
LiteLLM's proxy and through one on hyper that only passes calls on, against an upstream that answers at once. Ours meters, and its events go to Kafka;
that all of them are stored afterwards is checked. CPU time is of the proxy's own processes; latency counts from
when a request was due.
"""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

from machine import (
    ROOT, RUNS, SECONDS, TOOL, Parts, Several, cpu_seconds, free_ports, note, number, running, scratch, start, stop, stopped, tool, tree,
)

TITLE = "calls through the proxy; ours meters, and every event is stored"
AGAINST = "nginx and LiteLLM's proxy in front of the same upstream: one worker each, then ours as it comes, a worker a core, beside nginx with as many"
PATH = "/v1/chat/completions"
CONNECTIONS = 32
#: Of what is written in Rust.
ONE_WORKER = {"TOKIO_WORKER_THREADS": "1"}
#: Open streams; each is of this many seconds, and brings a piece every 20 ms.
STREAMS = (20, 100)
STREAM_SECONDS = 0.4


class Target:
    """Something that calls go through."""

    def __init__(self, name, port, path=PATH, pids=lambda: []):
        self.name, self.port, self.path, self._pids = name, port, path, pids

    def load(self, seconds, connections, rate=None, stream=False):
        """The load's own measurements, with the CPU seconds that the target's processes took."""
        arguments = ["--address", f"127.0.0.1:{self.port}", "--path", self.path, "--seconds", seconds,
                     "--connections", connections]
        arguments += ["--rate", rate] if rate else []
        arguments += ["--stream"] if stream else []
        before = self.cpu()
        result = tool("load", *arguments)
        result["cpu"] = self.cpu() - before
        if result["failed"]:
            raise SystemExit(f"{self.name}: {result['failed']} calls failed")
        return result

    def cpu(self):
        return cpu_seconds(*self._pids())


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


def nginx(directory, port, upstream, workers):
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not binary:
        raise SystemExit("missing: nginx (apt-get install nginx)")
    directory = directory / f"nginx-{workers}"
    directory.mkdir()
    config = directory / "nginx.conf"
    config.write_text(f"""
        worker_processes {workers}; daemon off; pid {directory}/nginx.pid; error_log stderr;
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


def installed_litellm():
    """The program LITELLM names, else one installed below target/."""
    if "LITELLM" in os.environ:
        return os.environ["LITELLM"]
    environment, wanted = ROOT / "target/venvs/bench-litellm", ROOT / "bench/requirements-litellm.txt"
    stamp = environment / f".{hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]}"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", wanted],
                       check=True)
        stamp.touch()
    return str(environment / "bin/litellm")


def litellm(directory, port, upstream):
    config = directory / "litellm.yaml"
    config.write_text(json.dumps({
        "model_list": [{
            "model_name": "gpt-4o-mini",
            "litellm_params": {
                "model": "openai/gpt-4o-mini", "api_key": "sk-bench", "api_base": f"http://127.0.0.1:{upstream}/v1",
            },
        }],
        "litellm_settings": {"telemetry": False},
        # Without a master key it starts only when told so; ours asks for none here either.
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
    }))
    return [installed_litellm(), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]


def run(results):
    directory = scratch("proxy-")
    upstream_port, nginx_port, nginxes_port, litellm_port, relay_port = free_ports(5)
    settings = {"LLMOBSERVE_PROXY_UPSTREAMS": f"openai=http://127.0.0.1:{upstream_port}"}
    processes = []

    def peer(name, port, command, **environment):
        process = start(command, log, **environment)
        processes.append(process)
        return Target(name, port, pids=lambda: tree(process.pid))

    with open(directory / "log", "ab") as log:
        try:
            directly = peer("directly", upstream_port, [TOOL, "upstream", "--port", str(upstream_port)])
            alone = {
                "nginx": peer("nginx", nginx_port, nginx(directory, nginx_port, upstream_port, 1)),
                "hyper": peer("hyper", relay_port, [TOOL, "relay", "--port", str(relay_port), "--upstream", str(upstream_port)],
                              **ONE_WORKER),
                "LiteLLM": peer("LiteLLM", litellm_port, litellm(directory, litellm_port, upstream_port)),
            }
            nginxes = peer("nginx", nginxes_port, nginx(directory, nginxes_port, upstream_port, os.cpu_count()))
            with ours(settings | ONE_WORKER) as target:
                one_worker_each(results, alone | {"ours": target})
            with ours(settings) as target:
                as_it_comes(results, {"directly": directly, "nginx": nginxes, "ours": target, "LiteLLM": alone["LiteLLM"]})
        finally:
            for process in processes:
                stop(process)


@contextlib.contextmanager
def ours(settings):
    """Ours, with all else that `up` starts standing still; in the end every call is stored."""
    with running(settings) as instance:
        parts = Parts(instance)
        with stopped(parts.aggregator, parts.clickhouse):
            yield Target("ours", instance.proxy, "/openai" + PATH, lambda: instance.children("proxy"))
        check_stored(instance)


def in_turns(targets):
    """Calls per CPU-second, and by the clock."""
    for target in targets.values():
        wait_for(target.port, target.path)
        target.load(2, CONNECTIONS)
    loads = {name: [] for name in targets}
    for _ in range(RUNS):
        for name, target in targets.items():
            loads[name].append(target.load(SECONDS, CONNECTIONS))
    per = lambda what: {name: Several(load["answers"]["count"] / load[what] for load in loads[name]) for name in loads}
    return per("cpu"), per("seconds")


def one_worker_each(results, targets):
    per_cpu, rates = in_turns(targets)
    results.ratio = per_cpu["ours"].median / per_cpu["nginx"].median
    results.row("calls per CPU-second, one worker each, beside nginx", per_cpu["ours"].show(), per_cpu["nginx"].show(),
                f"{results.ratio:.2f}", "≥ 0.5", results.ratio >= 0.5)
    limit = per_cpu["hyper"].median / per_cpu["nginx"].median
    results.row("the same of a proxy on hyper that reads nothing, beside nginx", per_cpu["hyper"].show(),
                per_cpu["nginx"].show(), f"{limit:.2f}", "", None)
    beside = per_cpu["ours"].median / per_cpu["LiteLLM"].median
    results.row("calls per CPU-second, one worker each, beside LiteLLM", per_cpu["ours"].show(), per_cpu["LiteLLM"].show(),
                f"{beside:.0f}", "≥ 30", beside >= 30)
    results.row("calls/s by the clock, one worker each, beside nginx; LiteLLM's", rates["ours"].show(),
                f"{rates['nginx'].show()}; {rates['LiteLLM'].show()}", f"{rates['ours'].median / rates['nginx'].median:.2f}", "", None)
    results.note(f"With one worker each a call costs ours {1e6 / per_cpu['ours'].median:.0f} µs of CPU, nginx "
                 f"{1e6 / per_cpu['nginx'].median:.0f}: nginx passes bytes on, ours also reads both bodies, prices them, makes an event and "
                 "hands it to Kafka (see LOG.md). A proxy on the same hyper that only passes bytes on takes "
                 f"{1e6 / per_cpu['hyper'].median:.0f}: what is left of nginx's rate then, before a body is read.")


def as_it_comes(results, targets):
    per_cpu, rates = in_turns({name: targets[name] for name in ("nginx", "ours", "LiteLLM")})
    results.row("calls per CPU-second, a worker a core, beside nginx with as many", per_cpu["ours"].show(), per_cpu["nginx"].show(),
                f"{per_cpu['ours'].median / per_cpu['nginx'].median:.2f}", "", None)
    results.row("calls/s by the clock, a worker a core, beside nginx with as many", rates["ours"].show(), rates["nginx"].show(),
                f"{rates['ours'].median / rates['nginx'].median:.2f}", "", None)
    # The same schedule for each: half of what ours takes; then what LiteLLM can keep.
    lines, added = [], {}
    for rate, names in ((rates["ours"].median / 2, ("directly", "nginx", "ours")),
                        (rates["LiteLLM"].median / 2, ("directly", "nginx", "ours", "LiteLLM"))):
        found = {name: [] for name in names}
        for _, name in itertools.product(range(RUNS), names):
            found[name].append(targets[name].load(SECONDS / 2, CONNECTIONS, rate=rate)["answers"])
        base = {p: Several(load[p] for load in found["directly"]).median for p in ("p50", "p99")}
        for name in names:
            at = {p: Several(load[p] for load in found[name]) for p in ("p50", "p99")}
            added.setdefault(name, {p: at[p].median - base[p] for p in at})
            lines.append([name, f"{number(rate)} calls/s", at["p50"].show(2), at["p99"].show(2),
                          *(f"{at[p].median - base[p]:+.2f}" for p in at)])
    # From the upstream's making a piece to the client: streams that begin one after the other, and all in one moment.
    first = {}
    for streams, together in [(streams, False) for streams in STREAMS] + [(STREAMS[-1], True)]:
        what = f"first piece of a stream, {streams} " + ("begin in one moment" if together else "are open")
        schedule = {} if together else {"rate": streams / STREAM_SECONDS}
        found = {name: [] for name in ("directly", "nginx", "ours")}
        # Few pieces a second, so a p99 of few: twice as many runs.
        for _, name in itertools.product(range(RUNS if together else 2 * RUNS), found):
            load = targets[name].load(SECONDS / 2, streams if together else 2 * streams, stream=True, **schedule)
            found[name].append(load["first_pieces"])
        base = {p: Several(load[p] for load in found["directly"]).median for p in ("p50", "p99")}
        for name, loads in found.items():
            at = {p: Several(load[p] for load in loads) for p in ("p50", "p99")}
            first[streams, together, name] = at["p99"].median - base["p99"]
            lines.append([name, what, at["p50"].show(2), at["p99"].show(2), *(f"{at[p].median - base[p]:+.2f}" for p in at)])
    results.row("added to the p99 at half of ours' capacity, ms", f"{added['ours']['p99']:.2f}", f"{added['nginx']['p99']:.2f} (nginx)",
                "", "≤ 1", added["ours"]["p99"] <= 1)
    for streams in STREAMS:
        mine, nginx_s = (first[streams, False, name] for name in ("ours", "nginx"))
        results.row(f"added to the p99 of a stream's first piece, ms, {streams} open", f"{mine:.2f}", f"{nginx_s:.2f} (nginx)", "",
                    "≤ 1", mine <= 1)
    mine, nginx_s = (first[STREAMS[-1], True, name] for name in ("ours", "nginx"))
    results.row(f"the same, ms, {STREAMS[-1]} that begin in one moment, again and again", f"{mine:.2f}", f"{nginx_s:.2f} (nginx)",
                "", "", None)
    results.note("Load, upstream and proxy share two cores, so a p99 is mostly waiting for one. At half of ours' capacity nginx is "
                 "busy for a sixth of a core, ours for half of one: what it adds beyond nginx follows from the row above.")
    results.table(["through", "load", "p50 ms", "p99 ms", "adds to p50", "adds to p99"], lines)


def check_stored(instance):
    """Every call through ours is in the statistics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.proxy}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    calls = sum(float(line.split()[-1]) for line in lines if line.startswith("llmobserve_proxy_calls_total{"))
    deadline = time.monotonic() + 120
    while True:
        stored = sum(row["call_count"] for row in json.loads(instance.get("/stats/by-provider")))
        if stored >= calls:
            break
        if time.monotonic() > deadline:
            raise SystemExit(f"{calls:.0f} calls, but {stored} events are stored")
        time.sleep(0.5)
    note(f"all {stored} events are stored")
