"""A collector that checks every event by the contract, counts ids once, and fails on demand."""

import gzip
import json
import threading
import time

from . import contract
from .http import Server


class Collector(Server):
    #: `ok`, `slow` (10 s), `garbage`, `portal` (200 with a page), `hang`, or a status as text.
    mode = "ok"
    delay = 0.0

    def __init__(self, port=0):
        self.lock = threading.Lock()
        self.by_id = {}
        #: (event, api key), in the order they came first.
        self.received = []
        self.posts = 0
        self.copies = 0
        super().__init__(port)

    def respond(self, request):
        with self.lock:
            self.posts += 1
        time.sleep(self.delay)
        if self.mode == "ok":
            self._accept(request)
        elif self.mode == "garbage":
            request.wfile.write(b"\x00\xff not http at all\r\n\r\n")
            request.close_connection = True
        elif self.mode == "portal":
            request.answer(200, "text/html", b"<html>please log in</html>")
        elif self.mode == "429":
            request.answer(429, "application/problem+json", b"{}", [("Retry-After", "1")])
        else:
            request.answer(int(self.mode), "application/problem+json", b"{}")

    def _accept(self, request):
        assert request.path == "/events", request.path
        assert request.headers["Content-Encoding"] == "gzip"
        assert request.headers["Content-Type"] == "application/x-ndjson"
        key = (request.headers["Authorization"] or "").replace("Bearer ", "")
        lines = gzip.decompress(request.body).split(b"\n")
        rejected = []
        for index, line in enumerate(lines):
            event = json.loads(line)
            try:
                contract.check(event, time.time())
                unknown = set(event) - contract.FIELDS
                assert not unknown, unknown
            except contract.Rejected as reason:
                rejected.append({"index": index, "code": str(reason), "message": ""})
                continue
            self._store(event, key)
        status = 422 if len(rejected) == len(lines) else 202
        body = {"accepted": len(lines) - len(rejected), "rejected": rejected}
        request.answer(status, "application/json", json.dumps(body).encode())

    def _store(self, event, key):
        with self.lock:
            identity = (event.get("tenant_id"), event["id"])
            if identity in self.by_id:
                self.copies += 1
            else:
                self.by_id[identity] = event
                self.received.append((event, key))

    @property
    def events(self):
        with self.lock:
            return [event for event, _ in self.received]

    @property
    def calls(self):
        return [e for e in self.events if e.get("span_type") not in contract.SHAPES]

    def wait(self, count, timeout=10.0):
        deadline = time.monotonic() + timeout
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.events
