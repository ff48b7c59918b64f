"""The proxy: a key's own tenant, whatever the context headers say."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attempts import disguises, few
from http_client import Request, send

PREFIX = "X-LLMObserve-"
BODY = json.dumps({"model": "gpt-4o", "messages": []}).encode()
ANSWER = json.dumps({"id": "x", "object": "chat.completion", "model": "gpt-4o", "choices": [],
                     "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()


class Provider:
    """Answers every call and remembers the headers that reached it."""

    def __init__(self):
        self.seen = seen = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append(dict(self.headers.items()))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def upstream(self):
        return f"openai=http://127.0.0.1:{self.server.server_port}"


def run(world, provider, findings):
    """How many requests were sent. What they wrote, `victims_view` shows."""
    own = (PREFIX + "Api-Key", world.keys[world.attacker])
    call = lambda *headers: send(world.instance.proxy, Request(
        "POST", "/openai/v1/chat/completions",
        (("Content-Type", "application/json"), ("Authorization", "Bearer vendor"), *headers), BODY))
    answer = call(own)
    findings.check(answer.status == 200, "the proxy does not pass on one's own call", answer)
    without = call()
    findings.check(without.status == 401, "the proxy without a key", without)
    named = call(own, (PREFIX + "Tenant-ID", world.victim))
    findings.check(named.status == 403, "the proxy lets name another tenant", named)
    twice = call(own, (PREFIX + "Tenant-ID", world.attacker), (PREFIX + "Tenant-ID", world.victim))
    findings.check(twice.status in (400, 403), "the proxy lets name two tenants", twice)
    sent = 4
    for name, values in {"Tenant-ID": disguises, "Customer-ID": few, "Run-ID": few, "Section": few,
                         "Environment": few, "Trace-ID": few}.items():
        for disguise, value in values(world.victim, world.attacker):
            if "%0d" in value:
                continue
            answer = call(own, (PREFIX + name, value))
            sent += 1
            findings.check(not world.canary.seen_in(*answer.all()), f"proxy {name} {disguise}", answer)
            findings.check(answer.status < 500, f"proxy {name} {disguise}", answer)
    leaked = [headers for headers in provider.seen
              if any(name.lower().startswith(PREFIX.lower()) for name in headers)]
    findings.check(not leaked, "a context header reached the provider", leaked[:1])
    return sent
