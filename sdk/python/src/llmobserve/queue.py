"""Events in memory, waiting for the sender: bounded, and exact about what it drops."""

from __future__ import annotations

import threading
from collections import deque
from typing import Union

from .event import Line, Recordable
from .log import warn_once

#: Bodies held for the sender's thread to read; beyond this the caller's thread reads them.
BODY_BYTES_MAX = 64 * 1024 * 1024

Item = Union[Recordable, Line]


class Queue:
    """The lock is re-entrant: the garbage collector may record a dropped response in the middle
    of any line here."""

    def __init__(self, events_max: int) -> None:
        self.dropped = 0
        self._events_max = events_max
        self._lock = threading.RLock()
        self._items: deque[Item] = deque()
        self._bytes = 0
        #: Taken by the sender, not yet delivered; they count towards the bound.
        self._taken = 0

    def put(self, item: Item) -> None:
        weight = item.weight()
        with self._lock:
            is_full = len(self._items) + self._taken >= self._events_max
            if is_full:
                self.dropped += 1
            else:
                self._items.append(item)
                self._bytes += weight
        if is_full:
            warn_once("full", "llmobserve: the queue is full; further events are dropped")

    def holds_too_much(self) -> bool:
        return self._bytes > BODY_BYTES_MAX

    def take(self, count: int) -> list[Item]:
        """The oldest ones; `settled` gives their places back."""
        with self._lock:
            items = [self._items.popleft() for _ in range(min(count, len(self._items)))]
            self._bytes -= sum(item.weight() for item in items)
            self._taken += len(items)
        return items

    def settled(self, count: int) -> None:
        with self._lock:
            self._taken -= count

    def __len__(self) -> int:
        with self._lock:
            return len(self._items) + self._taken
