"""Whether the attack would notice: it is led against a server that leaks in known ways."""

import json
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import attack
from canary import Canary
from findings import Findings

DOCUMENT = {"paths": {
    "/stats": {"get": {"parameters": [{"name": "tenant_id", "in": "query"}]}},
    "/runs/{run_id}": {"get": {"parameters": [{"name": "run_id", "in": "path"}]}},
    "/events": {"post": {"requestBody": {"content": {}}}},
}}


# Each: what a request must hold for the server to leak, by method, path, query, headers, body.
LEAKS = {
    "trusts the parameter": lambda r: "victim" in r.query.get("tenant_id", []),
    "takes the last of two": lambda r: r.query.get("tenant_id", [""])[-1] == "victim"
    and len(r.query["tenant_id"]) == 2,
    "decodes twice": lambda r: "victim" in map(unquote, r.query.get("tenant_id", []))
    and "victim" not in r.query["tenant_id"],
    "trusts a header": lambda r: r.headers.get("X-LLMObserve-Tenant-ID") == "victim",
    "arrays": lambda r: "victim" in r.query.get("tenant_id[]", []),
    "ends at NUL": lambda r: any(v.split("\0")[0] == "victim" and "\0" in v
                                 for v in r.query.get("tenant_id", [])),
    "pastes SQL": lambda r: any("OR 1=1" in v for v in r.query.get("tenant_id", [])),
    "ignores case": lambda r: "VICTIM" in r.query.get("tenant_id", []),
    "runs of anyone": lambda r: r.path == "/runs/known-run",
    "trusts the body": lambda r: r.body[:1] == b"{" and b'"tenant_id": "victim"' in r.body,
    "trusts the path": lambda r: r.path == "/tenants/victim/runs/latest",
}
# What tells without a canary: here the victim exists, a stranger does not.
TELLS = {"another status": lambda r: r.path == "/stats" and r.query.get("tenant_id") == ["victim"]}


def notices():
    """Fails unless every leak is found, and nothing where there is none."""
    found = _attacked(LEAKS, TELLS).found
    missed = [name for name in LEAKS if not any(f"leak: {name}" in said for _, said in found)]
    telling = any("tells a victim from a stranger" in what for what, _ in found)
    if missed or not telling:
        raise SystemExit(f"the attack missed {missed or list(TELLS)}")
    ghosts = _attacked({}, {}, every=5).found
    if ghosts:
        raise SystemExit(f"the attack saw ghosts: {ghosts[:3]}")


def _attacked(leaks, tells, every=1):
    world = types.SimpleNamespace(
        canary=Canary(), attacker="attacker", victim="victim", victims_run="known-run",
        victims_customer="known-customer", victims_key_id="0123", keys={"attacker": "key"})
    server = _server(world, leaks, tells)
    world.port = server.server_port
    findings = Findings()
    attack.run(world, DOCUMENT, findings, every)
    server.shutdown()
    server.server_close()
    return findings


def _server(world, leaks, tells):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = types.SimpleNamespace(
                path=unquote(parts.path), headers=self.headers, body=body,
                query=parse_qs(parts.query, keep_blank_values=True))
            leaking = [f"leak: {name}" for name, leak in leaks.items() if leak(request)]
            told = {"leaks": leaking, "customer": world.canary.text("customer")} if leaking else {}
            status = 403 if any(tell(request) for tell in tells.values()) else 200
            sent = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else sent)

        def log_message(self, *_):
            pass

    for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"):
        setattr(Handler, f"do_{method}", Handler.handle_one)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
