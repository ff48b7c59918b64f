"""Sends every attempt as the attacker and looks at every answer."""

import concurrent.futures
import json

import attempts
from http_client import Request, send

THREADS = 8
# A stranger's name as long as the victim's: what is said about the one must be said about the
# other, or the difference tells that the victim exists.
STRANGER = "nobody"
assert len(STRANGER) == len("victim")


def run(world, document, findings, every=1):
    """Sends every attempt (or every so manyth); how many requests these were."""
    planned = list(attempts.of(world, document))[::every]
    findings.check(len(planned) > 0, "there is nothing to try", document.get("paths"))
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        sent = sum(pool.map(lambda request: _try(world, request, findings), planned, chunksize=16))
    return sent


def _try(world, request, findings):
    answer = _send(world, request)
    _judge(world, request, answer, findings)
    twin = _twin(world, request)
    if twin is None:
        return 1
    other = _send(world, twin)
    same = (answer.status, _neutral(world, answer)) == (other.status, _neutral(world, other))
    findings.check(same, f"{request.what}: the answer tells a victim from a stranger",
                   f"{request} -> {answer.status} {answer.body[:200]!r} / {other.status} {other.body[:200]!r}")
    return 2


def _send(world, request):
    own = (("Authorization", f"Bearer {world.keys[world.attacker]}"),)
    return send(world.port, Request(request.method, request.target, own + request.headers,
                                    request.body, request.what))


def _judge(world, request, answer, findings):
    findings.check(not world.canary.seen_in(*answer.all()), f"{request.what}: a canary",
                   f"{request} -> {answer.status} {answer.body[:300]!r}")
    findings.check(answer.status < 500, f"{request.what}: {answer.status}",
                   f"{request} -> {answer.body[:300]!r}")


def _twin(world, request):
    """The same about a stranger, where the request only reads and names the victim plainly."""
    if request.method != "GET":
        return None
    swapped = request.target
    for known in (world.victim, world.victims_run, world.victims_customer):
        swapped = swapped.replace(known, _stranger(known))
    if swapped == request.target:
        return None
    return Request(request.method, swapped, request.headers, request.body, request.what)


def _stranger(known):
    return (STRANGER * 4)[:len(known)]


def _neutral(world, answer):
    """The body without names, and without what time changes."""
    body = answer.body
    for known in (world.victim, world.victims_run, world.victims_customer):
        body = body.replace(known.encode(), _stranger(known).encode())
    try:
        told = json.loads(body)
    except ValueError:
        return body if answer.status >= 400 else b""
    # Sums of the attacker's own events grow while it writes: their shape is compared.
    return told if answer.status >= 400 else _shape(told)


def _shape(told):
    if isinstance(told, dict):
        return sorted(told)
    return type(told).__name__
