"""Events on disk until they are delivered: what a kill leaves behind, the next process sends.

A directory of segments, one line an event: `key<TAB>json`. A segment is locked while its process
lives, so that a lock which can be had marks one whose process is gone. A segment is sent whole
and removed after the answer; if the process dies between the two, it is sent again, and the
events' ids count once.
"""

from __future__ import annotations

import os
import threading
from typing import Optional

from .context import new_id
from .event import Line
from .log import log, warn_once

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

SEGMENT_BYTES_MAX = 1024 * 1024
SUFFIX = ".llmobserve"


class Segment:
    def __init__(self, path: str, fd: int, size: int = 0) -> None:
        self.path = path
        self.fd = fd
        self.size = size
        self.count = 0

    def lines(self) -> list[Line]:
        """A line that a kill cut short is none."""
        with open(self.path, "rb") as file:
            whole = file.read().split(b"\n")[:-1]
        split = (line.split(b"\t", 1) for line in whole if b"\t" in line)
        return [Line(key.decode(), text) for key, text in split if text.endswith(b"}")]


class Spool:
    @classmethod
    def open(cls, directory: str, bytes_max: int) -> Optional[Spool]:
        """`None`, and a warning, where there can be none; events then wait in memory."""
        if fcntl is None:
            warn_once("spool", "llmobserve: no spool on this system; events wait in memory")
            return None
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
        except OSError as error:
            warn_once("spool", "llmobserve: no spool (%s); events wait in memory", error)
            return None
        return cls(directory, bytes_max)

    def __init__(self, directory: str, bytes_max: int) -> None:
        self._directory = directory
        self._bytes_max = bytes_max
        self._lock = threading.RLock()
        self._open: Optional[Segment] = None
        #: Complete ones, oldest first; the first one may be on its way.
        self._sealed: list[Segment] = []

    def append(self, line: Line) -> bool:
        """Whether the event is in the file (and so survives this process, not the machine)."""
        record = line.api_key.encode() + b"\t" + line.json + b"\n"
        with self._lock:
            try:
                return self._append(record)
            except OSError as error:
                warn_once("spool", "llmobserve: spool failed (%s); events wait in memory", error)
                return False

    def _append(self, record: bytes) -> bool:
        held = sum(segment.size for segment in self._segments())
        if held + len(record) > self._bytes_max:
            warn_once("spool", "llmobserve: the spool is full; events wait in memory")
            return False
        if self._open is not None and self._open.size >= SEGMENT_BYTES_MAX:
            self._seal()
        if self._open is None:
            self._open = self._create()
        segment = self._open
        written = os.write(segment.fd, record)
        if written < len(record):  # the disk is full: take the half line back
            os.ftruncate(segment.fd, segment.size)
            raise OSError("no space for the line")
        segment.size += written
        segment.count += 1
        return True

    def _create(self) -> Segment:
        path = os.path.join(self._directory, new_id() + SUFFIX)
        fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_EXCL, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Segment(path, fd)

    def _seal(self) -> None:
        if self._open is not None:
            self._sealed.append(self._open)
            self._open = None

    def take(self) -> Optional[Segment]:
        """The oldest segment, to be given back by `delivered`."""
        with self._lock:
            if not self._sealed:
                self._seal()
            return self._sealed[0] if self._sealed else None

    def delivered(self, segment: Segment) -> None:
        with self._lock:
            self._sealed.remove(segment)
            try:
                os.unlink(segment.path)
            except OSError as error:
                log().warning("llmobserve: cannot remove %s: %s", segment.path, error)
            os.close(segment.fd)

    def waiting(self) -> int:
        """Events, those of earlier processes included."""
        with self._lock:
            return sum(segment.count for segment in self._segments())

    def _segments(self) -> list[Segment]:
        return self._sealed + ([self._open] if self._open is not None else [])

    def adopt(self) -> bool:
        """Takes over what dead processes left. Whether there was anything."""
        with self._lock:
            try:
                names = sorted(os.listdir(self._directory))
                own = {segment.path for segment in self._segments()}
                for name in names:
                    path = os.path.join(self._directory, name)
                    if name.endswith(SUFFIX) and path not in own:
                        self._adopt(path)
            except OSError as error:
                log().warning("llmobserve: cannot read the spool: %s", error)
            return bool(self._sealed)

    def _adopt(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # its process lives
            os.close(fd)
            return
        if os.fstat(fd).st_nlink == 0:  # delivered and removed meanwhile
            os.close(fd)
            return
        segment = Segment(path, fd, os.fstat(fd).st_size)
        segment.count = len(segment.lines())
        self._sealed.append(segment)

    def forget_parent(self) -> None:
        """In a forked child: the files are the parent's, and so are their locks."""
        for segment in self._segments():
            os.close(segment.fd)
        self._sealed, self._open = [], None
