"""A response's body as it passes: what matters of it is kept, the rest is let go at once.

Three kinds: a whole document, server-sent events, Amazon's event stream. Nothing here is slower
than a search through the bytes; JSON is read later, by the sender's thread.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Optional, Protocol

#: A document up to this size is kept whole; of a larger one its two ends are, where every
#: provider writes the model and the usage.
WHOLE_BYTES_MAX = 256 * 1024
HEAD_BYTES = 16 * 1024
TAIL_BYTES = 64 * 1024
#: Server-sent events that are kept before they are looked into.
PENDING_BYTES_MAX = 64 * 1024
#: A longer line of server-sent events is not looked at.
LINE_BYTES_MAX = 16 * 1024 * 1024
#: A longer message of an event stream is not looked at.
MESSAGE_BYTES_MAX = 32 * 1024 * 1024


class Reader(Protocol):
    """Takes the decoded bytes of a body in order."""

    def feed(self, data: bytes) -> None: ...

    def kept(self) -> list[bytes]:
        """JSON documents, or the two ends of one that is too large."""
        ...

    #: The provider itself said that this is the end.
    finished: bool


class Document:
    """One JSON document, or something that is none (audio, an image)."""

    def __init__(self) -> None:
        self.finished = False
        self._head: list[bytes] = []
        self._size = 0
        self._tail: deque[bytes] = deque()
        self._tail_size = 0

    def feed(self, data: bytes) -> None:
        if self._size + len(data) <= WHOLE_BYTES_MAX and not self._tail:
            self._head.append(data)
            self._size += len(data)
            return
        self._tail.append(data[-TAIL_BYTES:])
        self._tail_size += len(self._tail[-1])
        while self._tail_size - len(self._tail[0]) >= TAIL_BYTES:
            self._tail_size -= len(self._tail.popleft())

    def kept(self) -> list[bytes]:
        head = b"".join(self._head)
        if not self._tail:
            return [head]
        tail = (head + b"".join(self._tail))[-TAIL_BYTES:]
        return [head[:HEAD_BYTES], tail]

    @property
    def is_whole(self) -> bool:
        return not self._tail


class ServerSentEvents:
    """Keeps the very first event, for the model's name, the first and the last one that name
    usage, and the last error: a stream of any length takes the memory of four lines. Anthropic
    splits its usage between the first and the last; everyone else repeats it or writes it once,
    at the end."""

    def __init__(self) -> None:
        self.finished = False
        #: Not looked into yet; the last of it may be half a line.
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._head: Optional[bytes] = None
        self._first: Optional[bytes] = None
        self._last: Optional[bytes] = None
        self._error: Optional[bytes] = None

    def feed(self, data: bytes) -> None:
        """Looks into the events in batches, or when one of them may be the last."""
        self._pending.append(data)
        self._pending_size += len(data)
        if data.endswith(b"[DONE]\n\n"):
            self.finished = True
        may_end = b"message_" in data or b"[DONE]" in data or b"response.completed" in data
        if (may_end and not self.finished) or self._pending_size > PENDING_BYTES_MAX:
            self._look()

    def _look(self) -> None:
        lines = b"".join(self._pending).split(b"\n")
        for line in lines[:-1]:
            self._line(line)
        rest = lines[-1] if len(lines[-1]) < LINE_BYTES_MAX else b"too long"
        self._pending, self._pending_size = [rest], 0

    def _line(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return
        if self._head is None:
            self._head = line
        if b'"usage' in line and not _is_null_usage(line):
            if self._first is None:
                self._first = line
            self._last = line
            self.finished = self.finished or _is_last_usage(line)
        elif b'"error"' in line:
            self._error = line
        elif b"[DONE]" in line[:14] or b'"message_stop"' in line or b'"message-end"' in line:
            self.finished = True

    def kept(self) -> list[bytes]:
        self._pending.append(b"\n")
        self._look()
        kept: list[bytes] = []
        for line in (self._head, self._first, self._error, self._last):
            if line is not None and (not kept or line is not kept[-1]):
                kept.append(line)
        return [line[5:].strip() for line in kept]


def _is_last_usage(line: bytes) -> bool:
    """Anthropic's `message_delta` and OpenAI's `response.completed`: more may follow, but nothing
    that counts, and some clients read no further."""
    if b'"message_delta"' in line:
        return b'"stop_reason":"' in line or b'"stop_reason": "' in line
    return b'"response.completed"' in line[:64] or b'"response.incomplete"' in line[:64]


def _is_null_usage(line: bytes) -> bool:
    nulls = line.count(b'"usage":null') + line.count(b'"usage": null')
    return nulls > 0 and line.count(b'"usage') == nulls


class EventStream:
    """`application/vnd.amazon.eventstream`: length, headers' length, checksum, headers, payload,
    checksum. Keeps every payload that names usage or an exception, and the first one."""

    _PRELUDE = struct.Struct(">III")

    def __init__(self) -> None:
        self.finished = False
        self._buffer = b""
        self._skip = 0
        self._kept: deque[bytes] = deque(maxlen=4)

    def feed(self, data: bytes) -> None:
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        self._buffer += data
        while len(self._buffer) >= self._PRELUDE.size:
            total, headers, _ = self._PRELUDE.unpack_from(self._buffer)
            if total > MESSAGE_BYTES_MAX or total < headers + 16:
                self._skip, self._buffer = max(0, total - len(self._buffer)), b""
                return
            if len(self._buffer) < total:
                return
            self._message(self._buffer[12 : 12 + headers], self._buffer[12 + headers : total - 4])
            self._buffer = self._buffer[total:]

    def _message(self, headers: bytes, payload: bytes) -> None:
        if b"metadata" in headers:
            self.finished = True
            self._kept.append(payload)
        elif b"exception" in headers:
            self._kept.append(b'{"error":{"type":"' + _exception(headers) + b'"}}')
        elif b"chunk" in headers and b'"bytes"' in payload:
            self._chunk(payload)

    def _chunk(self, payload: bytes) -> None:
        """The model's own event, in base64, inside JSON (`InvokeModelWithResponseStream`)."""
        inner = _unwrap(payload)
        if b'"amazon-bedrock-invocationMetrics"' in inner or b'"usage"' in inner:
            self._kept.append(inner)
        if b'"amazon-bedrock-invocationMetrics"' in inner:
            self.finished = True

    def kept(self) -> list[bytes]:
        return list(self._kept)


def _unwrap(payload: bytes) -> bytes:
    import base64
    import json

    return base64.b64decode(json.loads(payload)["bytes"])


def _exception(headers: bytes) -> bytes:
    name = headers.split(b":exception-type", 1)[-1][3:]
    return bytes(c for c in name.split(b":", 1)[0] if chr(c).isalnum()) or b"exception"


def reader_for(content_type: str) -> Reader:
    if content_type.startswith("text/event-stream"):
        return ServerSentEvents()
    if content_type.startswith("application/vnd.amazon.eventstream"):
        return EventStream()
    return Document()
