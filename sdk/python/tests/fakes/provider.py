"""A provider that replays recordings, and remembers what it was asked."""

import gzip
import socket
import threading
import time

from .http import Server


class Provider(Server):
    def __init__(self, port=0):
        self.lock = threading.Lock()
        #: Each request: (method, path, headers, body).
        self.requests = []
        #: By path, or for every path.
        self.recordings = {}
        self.default = None
        super().__init__(port)

    def replay(self, recording, path=None):
        if path is None:
            self.default = recording
        else:
            self.recordings[path] = recording

    def respond(self, request):
        with self.lock:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.requests.append((request.command, request.path, headers, request.body))
        path = request.path.split("?", 1)[0]
        recording = self.recordings.get(path, self.default)
        if recording is None:
            request.answer(404, "application/json", b'{"error":{"type":"not_found"}}')
        else:
            recording.play(request)


class Recording:
    """`pieces`: sent one by one as chunks; otherwise whole, with its length."""

    def __init__(self, body, status=200, content_type="application/json", pieces=None, **behaviour):
        self.body = body
        self.status = status
        self.content_type = content_type
        self.pieces = pieces
        self.headers = behaviour.get("headers", ())
        self.is_compressed = behaviour.get("gzip", False)
        #: Seconds before the head, and between pieces.
        self.delay = behaviour.get("delay", 0.0)
        self.pause = behaviour.get("pause", 0.0)
        #: Breaks the connection after this many pieces.
        self.breaks_after = behaviour.get("breaks_after")

    def play(self, request):
        time.sleep(self.delay)
        body, headers = self.body, list(self.headers)
        if self.is_compressed:
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        if self.pieces is None:
            request.answer(self.status, self.content_type, body, headers)
            return
        request.begin_chunks(self.status, self.content_type, headers)
        for number, piece in enumerate(_cut(body, self.pieces)):
            if number == self.breaks_after:
                request.close_connection = True
                request.connection.shutdown(socket.SHUT_RDWR)
                return
            request.chunk(piece)
            time.sleep(self.pause)
        request.wfile.write(b"0\r\n\r\n")


def _cut(body, size):
    """Pieces of `size` bytes, or for server-sent events (`size` = "events") one each."""
    if size == "events":
        return [event + b"\n\n" for event in body.split(b"\n\n") if event.strip()]
    return [body[i : i + size] for i in range(0, len(body), size)]
