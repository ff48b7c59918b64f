"""How long an accepted event takes until the statistics hold it."""

import http.client
import json
import threading
import time
import uuid


class Probes:
    """Events of tenants of their own, one after another on each of a few threads, until `end`."""

    def __init__(self, instance, threads=2, pause=0.1, headers=None):
        self.instance, self.pause, self.headers = instance, pause, headers or {}
        #: (when accepted, seconds until visible)
        self.delays, self.failed = [], []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def end(self):
        self._end.set()
        for thread in self._threads:
            thread.join()
        if self.failed:
            raise SystemExit(f"probes failed: {self.failed[:3]}")
        return self.delays

    def _work(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.instance.port, timeout=120)
        while not self._end.is_set():
            tenant = f"probe_{uuid.uuid4().hex}"
            try:
                status, answer = self._ask(connection, "POST", "/events", json.dumps({
                    "tenant_id": tenant, "provider": "openai", "cost_usd": 1,
                }))
                if status == 503 or status == 429:
                    time.sleep(0.5)
                    continue
                if status != 202:
                    raise ValueError(f"{status}: {answer}")
                accepted = time.monotonic()
                while True:
                    status, answer = self._ask(connection, "GET", f"/stats/by-provider?tenant_id={tenant}")
                    if status == 200 and json.loads(answer):
                        break
                    # While ClickHouse is away the statistics are, too.
                    if time.monotonic() - accepted > 120:
                        raise ValueError("an accepted event is not in the statistics after 120 s")
                    # A question takes ClickHouse some 30 ms: asked more often, they are the load themselves.
                    time.sleep(0.2)
                self.delays.append((accepted, time.monotonic() - accepted))
            except (ValueError, OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                return
            self._end.wait(self.pause)
        connection.close()

    def _ask(self, connection, method, path, body=None):
        headers = {"Content-Type": "application/json", **self.headers}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
