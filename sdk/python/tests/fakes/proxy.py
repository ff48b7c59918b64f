"""The proxy's header form, as the contract has it: forwards to the target, none of our headers
reaches it, and what came by is remembered in place of an event."""

import http.client
import threading
import urllib.parse

from .http import Server

PREFIX = "x-llmobserve-"
CONTEXT = {"target-url", "api-key", "tenant-id", "customer-id", "run-id", "trace-id", "span-id"}
CONTEXT |= {"parent-span-id", "section", "section-path", "environment"}
HOP = ("connection", "transfer-encoding", "content-length", "host", "keep-alive")


class Proxy(Server):
    def __init__(self, port=0):
        self.lock = threading.Lock()
        #: Each call's context headers, without the prefix.
        self.calls = []
        super().__init__(port)

    def respond(self, request):
        assert request.path == "/proxy", request.path
        ours = {
            name.lower()[len(PREFIX) :]: value.encode("latin-1").decode()
            for name, value in request.headers.items()
            if name.lower().startswith(PREFIX)
        }
        assert set(ours) <= CONTEXT, ours
        assert request.headers["Host"] == self.netloc
        with self.lock:
            self.calls.append(ours)
        target = urllib.parse.urlsplit(ours["target-url"])
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in HOP and not name.lower().startswith(PREFIX)
        }
        upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        path = target.path + (f"?{target.query}" if target.query else "")
        upstream.request(request.command, path, request.body, headers)
        response = upstream.getresponse()
        passed = [
            (n, v) for n, v in response.getheaders() if n.lower() not in (*HOP, "content-type")
        ]
        kind = response.headers.get("Content-Type", "application/octet-stream")
        if response.headers.get("Content-Length"):
            request.answer(response.status, kind, response.read(), passed)
            upstream.close()
            return
        request.begin_chunks(response.status, kind, passed)
        while data := response.read1(65536):
            request.chunk(data)
        request.wfile.write(b"0\r\n\r\n")
        upstream.close()
