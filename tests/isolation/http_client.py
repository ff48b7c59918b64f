"""A client that sends exactly what it is told: no header added, no path mended."""

import http.client
import threading
from dataclasses import dataclass, field

TIMEOUT = 60
_connections = threading.local()


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: tuple = ()
    body: bytes = b""
    # What is tried, for the report.
    what: str = field(default="", compare=False)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple
    body: bytes

    def all(self):
        return (self.body, *(f"{name}: {value}" for name, value in self.headers))


def send(port, request):
    """The answer; once more on a new connection when the old one had been closed."""
    for last in (False, True):
        connections = _connections.__dict__.setdefault("open", {})
        connection = connections.get(port)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
            connections[port] = connection
        try:
            return _exchange(connection, request)
        except (OSError, http.client.HTTPException):
            connection.close()
            connections.pop(port, None)
            if last:
                raise


def _exchange(connection, request):
    # By hand: the ordinary way refuses control characters, which are part of the attack.
    connection._validate_path = lambda _: None
    connection.putrequest(request.method, request.target, skip_accept_encoding=True)
    for name, value in request.headers:
        connection._buffer.append(f"{name}: {value}".encode())
    if request.body:
        connection._buffer.append(f"Content-Length: {len(request.body)}".encode())
    connection.endheaders(request.body or None)
    answer = connection.getresponse()
    body = answer.read()
    return Answer(answer.status, tuple(answer.getheaders()), body)
