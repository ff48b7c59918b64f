"""The daemon thread that delivers: takes, digests, posts, and tries again with the same ids."""

from __future__ import annotations

import random
import sys
import threading
import time
from typing import TYPE_CHECKING, Optional

from . import event, runtime
from .config import Config
from .event import Line
from .log import log, warn_once
from .queue import Item, Queue
from .spool import Segment, Spool

if TYPE_CHECKING:
    from .transport import Answer, Collector

BATCH_EVENTS_MAX = 1000
BATCH_BYTES_MAX = 4 * 1024 * 1024
#: Between two events while nobody waits for them: the interpreter runs one thread at a time, and
#: the application's comes first.
STEP_ASIDE_S = 50e-6
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
#: With more than this waiting there is no stepping aside.
BACKLOG_EVENTS = 2000


class Batch:
    """Lines by the key they go out with. Keys that are done leave."""

    def __init__(self, lines: list[Line], places: int, segment: Optional[Segment]) -> None:
        self.places = places
        self.segment = segment
        self.by_key: dict[str, list[bytes]] = {}
        for line in lines:
            self.by_key.setdefault(line.api_key, []).append(line.json)

    def __len__(self) -> int:
        return sum(len(lines) for lines in self.by_key.values())


class Sender:
    def __init__(
        self, queue: Queue, spool: Optional[Spool], collector: Collector, config: Config
    ) -> None:
        self.delivered = 0
        self.rejected = 0
        self._queue = queue
        self._spool = spool
        self._collector = collector
        self._config = config
        self._interval_s = config.flush_interval_ms / 1000
        self._thread: Optional[threading.Thread] = None
        self._starting = threading.Lock()
        #: Held while a batch is on its way; whoever holds it owns `_batch`.
        self._sending = threading.Lock()
        self._batch: Optional[Batch] = None
        self._something = threading.Event()
        self._hurry = threading.Event()
        self._is_stopping = False
        #: Somebody waits for the delivery.
        self._is_urgent = False
        self._failures = 0
        self._not_before = 0.0

    def wake(self) -> None:
        """There is something to deliver. Cheap: called for every event."""
        if not self._something.is_set():
            self._something.set()
        if self._thread is None:
            self._start_thread()

    def waiting(self) -> int:
        spooled = self._spool.waiting() if self._spool is not None else 0
        return len(self._queue) + spooled

    def _start_thread(self) -> None:
        with self._starting:
            if self._thread is not None or self._is_stopping:
                return
            thread = threading.Thread(target=self._run, name="llmobserve", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending: `last_attempt` delivers
                return
            self._thread = thread
        _flush_at_the_end_of_a_worker()

    def _run(self) -> None:
        while not self._is_stopping:
            self._something.wait()
            if not self._is_stopping:
                self._pause()
            self._something.clear()
            try:
                with self._sending:
                    self._deliver()
            except Exception:  # a fault here must not end deliveries for good
                log().warning("llmobserve: delivery failed", exc_info=True)
                self._failed(None)
            if self.waiting():
                self._something.set()

    def _pause(self) -> None:
        """The interval, or the back-off; `flush` cuts it short."""
        rest = max(self._interval_s, self._not_before - time.monotonic())
        self._hurry.wait(rest)
        self._hurry.clear()

    def _deliver(self) -> None:
        """Everything that waits, until the first failure. Called with `_sending` held."""
        while True:
            if self._batch is None:
                self._batch = self._next_batch()
            if self._batch is None:
                return
            if not self._send(self._batch):
                return
            self._settle(self._batch)
            self._batch = None

    def _next_batch(self) -> Optional[Batch]:
        items = self._queue.take(BATCH_EVENTS_MAX)
        if items:
            lines = [self._digest(item) for item in items]
            return Batch([line for line in lines if line is not None], len(items), None)
        segment = self._spool.take() if self._spool is not None else None
        return Batch(segment.lines(), 0, segment) if segment is not None else None

    def _digest(self, item: Item) -> Optional[Line]:
        if isinstance(item, Line):
            return item
        if not self._is_urgent and len(self._queue) < BACKLOG_EVENTS:
            time.sleep(STEP_ASIDE_S)
        return event.digest(item, self._config)

    def _settle(self, batch: Batch) -> None:
        self._queue.settled(batch.places)
        if batch.segment is not None and self._spool is not None:
            self._spool.delivered(batch.segment)

    def _send(self, batch: Batch) -> bool:
        """Whether every key's lines are settled."""
        for key in list(batch.by_key):
            if not self._send_key(key, batch.by_key[key]):
                return False
            del batch.by_key[key]
        return True

    def _send_key(self, key: str, lines: list[bytes]) -> bool:
        """Takes from `lines` what is settled."""
        size = BATCH_EVENTS_MAX
        while lines:
            part = _up_to(lines[:size], BATCH_BYTES_MAX)
            answer = self._collector.post(key, part)
            if answer.is_too_large and len(part) > 1:
                size = len(part) // 2
                continue
            if not answer.is_final:
                self._failed(answer)
                return False
            self._count(answer, len(part))
            del lines[: len(part)]
        return True

    def _count(self, answer: Answer, sent: int) -> None:
        self._failures = 0
        self._not_before = 0.0
        self.delivered += answer.accepted
        refused = sent - answer.accepted
        if refused > 0:
            self.rejected += refused
            warn_once(
                f"refused {answer.reason}",
                "llmobserve: the collector refused %d of %d events: %s",
                refused,
                sent,
                answer.reason,
            )

    def _failed(self, answer: Optional[Answer]) -> None:
        self._failures += 1
        after = answer.retry_after_s if answer is not None else None
        if after is None:
            ceiling = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(self._failures, 10))
            after = ceiling * random.SystemRandom().uniform(0.5, 1.0)
        self._not_before = time.monotonic() + after
        if answer is not None:
            warn_once("away", "llmobserve: not delivered, will try again: %s", answer.reason)

    def flush(self, timeout: float) -> bool:
        """Tries at once, and again as the back-off allows, until `timeout` seconds are over."""
        deadline = time.monotonic() + timeout
        if self.waiting():
            self.wake()
            self._hurry.set()
        self._is_urgent = True
        try:
            return self._wait(deadline)
        finally:
            self._is_urgent = False

    def _wait(self, deadline: float, failures_max: Optional[int] = None) -> bool:
        while self.waiting():
            left = deadline - time.monotonic()
            if left <= 0 or (failures_max is not None and self._failures > failures_max):
                return False
            if self._thread is None or not self._thread.is_alive():
                return self._deliver_here(left)
            time.sleep(min(0.005, left))
        return True

    def last_attempt(self, timeout: float) -> bool:
        """As `flush`, but gives up at the first failure: nobody keeps a process from ending
        because its collector is away."""
        deadline = time.monotonic() + timeout
        failures = self._failures
        if self.waiting():
            self.wake()
            self._hurry.set()
        self._is_urgent = True
        return self._wait(deadline, failures_max=failures)

    def _deliver_here(self, timeout: float) -> bool:
        """Where no thread can be started any more."""
        if self._sending.acquire(timeout=timeout):
            try:
                self._deliver()
            finally:
                self._sending.release()
        return not self.waiting()

    def stop(self, timeout: float) -> bool:
        delivered = self.flush(timeout)
        self._is_stopping = True
        self._something.set()
        self._hurry.set()
        return delivered


def _up_to(lines: list[bytes], bytes_max: int) -> list[bytes]:
    size = 0
    for count, line in enumerate(lines):
        size += len(line) + 1
        if size > bytes_max and count:
            return lines[:count]
    return lines


def _flush_at_the_end_of_a_worker() -> None:
    """Workers of multiprocessing and Celery end without `atexit`; they have an exit list of
    their own, which is emptied at their beginning, hence not before the first event."""
    for name in ("multiprocessing.util", "billiard.util"):
        util = sys.modules.get(name)
        if util is not None:
            util.Finalize(None, runtime.at_exit, exitpriority=10)
