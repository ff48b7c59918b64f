"""Who has no credential gets 401; who comes from elsewhere, 403."""

import http.client
import secrets

from attempts import body_of, content, fill
from http_client import Request, send
from instance import Instance
from routes import PAGES

OPEN = {"/health", "/ready", "/openapi.json", "/docs"}


def credentials(world, document, findings):
    """Every route but the open ones refuses everyone without a key."""
    wrong = "llmo_sk_0000000000000000_" + secrets.token_urlsafe(32)
    own = world.keys[world.attacker]
    tries = [[], [("Authorization", "Bearer")], [("Authorization", f"Bearer {wrong}")],
             [("Authorization", f"Bearer {own[:-1]}")], [("Authorization", f"Basic {own}")],
             [("Authorization", f"Bearer {own}"), ("Authorization", f"Bearer {own}")],
             [("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ2aWN0aW0ifQ.")],
             [("Cookie", f"Authorization=Bearer {own}")], [("X-API-Key", own)]]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            target = fill(path, {})
            for headers in tries:
                sent = tuple(headers) + content(operation)
                answer = send(world.port, Request(method.upper(), target, sent,
                                                  body_of(method, operation)))
                if path in OPEN:
                    findings.check(answer.status == 200, f"{path} is not open", answer.status)
                else:
                    findings.check(answer.status == 401, f"{method} {path} without a credential",
                                   f"{headers} -> {answer.status} {answer.body[:200]!r}")
                findings.check(not world.canary.seen_in(*answer.all()), f"{path}: a canary", answer)
    for path in filter(None, PAGES.values()):
        answer = send(world.port, Request("GET", path))
        findings.check(answer.status == 200, f"{path} is not served", answer.status)
    metrics = world.call("GET", "/metrics", world.keys[world.attacker])
    findings.check(metrics.status == 403, "a tenant reads the metrics", metrics.status)
    metrics = world.call("GET", "/metrics", world.admin_key)
    findings.check(metrics.status == 200, "operators cannot read the metrics", metrics.status)
    findings.check(not world.canary.seen_in(metrics.body), "a canary in the metrics", "")


FOREIGN = [("evil.example", None), ("127.0.0.1.evil.example", None), ("10.0.0.1", None),
           (None, "http://evil.example"), (None, "null"), (None, "http://localhost:3000")]


def loopback(findings):
    """Without authentication, each port of a running product refuses what a web page can send."""
    instance = Instance()
    instance.start()
    try:
        for name, port, targets in ports(instance):
            for target in targets:
                if not target.startswith(FORWARDED):
                    own = status(port, target, f"127.0.0.1:{port}", None)
                    findings.check(own < 400, f"{name}{target} refuses this machine", own)
                for host, origin in FOREIGN:
                    got = status(port, target, host or f"127.0.0.1:{port}", origin)
                    findings.check(got == 403, f"{name}{target} answers a foreign page",
                                   f"Host {host} Origin {origin} -> {got}")
    finally:
        instance.terminate()


# Would go on to a provider.
FORWARDED = "/openai/"


def ports(instance):
    """Every port that speaks HTTP, with paths that it answers."""
    yield "collector", instance.port, ["/health", "/ready", "/metrics", "/openapi.json", "/docs",
                                       "/", "/app/config.json", "/stats/by-provider", "/runs/latest"]
    yield "clickhouse", instance.clickhouse, ["/ping", "/?query=SELECT%201"]
    yield "proxy", instance.proxy, ["/health", "/ready", "/metrics", FORWARDED + "v1/models"]
    for role in ("aggregator", "proxy"):
        for process in instance.children(role):
            yield f"{role}'s metrics", listening(process), ["/health", "/ready", "/metrics"]


def listening(process):
    """The port of a child that says it in its command line."""
    with open(f"/proc/{process}/cmdline", "rb") as file:
        words = file.read().decode().split("\0")
    return int(words[words.index("--metrics-port") + 1])


def status(port, target, host, origin):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", host)
    if origin:
        connection.putheader("Origin", origin)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
