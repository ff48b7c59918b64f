"""What measures and delivers in this process, put together."""

from __future__ import annotations

from typing import Optional

from . import event, log
from .config import Config
from .event import Recordable
from .providers import Providers
from .proxy import Proxy
from .queue import Queue
from .sender import Sender
from .spool import Spool
from .transport import Collector


class Observer:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.providers = Providers(config.provider_hosts)
        self.proxy = Proxy(config.proxy_url) if config.proxy_url else None
        self._queue = Queue(config.queue_events_max)
        self._spool: Optional[Spool] = None
        if config.spool_dir:
            self._spool = Spool.open(config.spool_dir, config.spool_bytes_max)
        collector = Collector(config.collector_url)
        self.sender = Sender(self._queue, self._spool, collector, config)

    def begin(self) -> None:
        """Sends what an earlier process left in the spool."""
        if self._spool is not None and self._spool.adopt():
            self.sender.wake()

    def record(self, item: Recordable) -> None:
        if self._spool is None and not self._queue.holds_too_much():
            self._queue.put(item)
        else:
            line = event.digest(item, self.config)
            if line is None:
                return
            if self._spool is None or not self._spool.append(line):
                self._queue.put(line)
        self.sender.wake()

    def stats(self) -> dict[str, int]:
        return {
            "delivered": self.sender.delivered,
            "rejected": self.sender.rejected,
            "dropped": self._queue.dropped,
            "queued": self.sender.waiting(),
        }

    def tell(self) -> None:
        """At the end, if anything did not arrive."""
        counts = self.stats()
        if counts["dropped"] or counts["rejected"] or counts["queued"]:
            kept = " (kept in the spool)" if self._spool is not None else ""
            log.warn_once(
                "end",
                "llmobserve ends: %d events delivered, %d not delivered%s, %d dropped, %d refused",
                counts["delivered"],
                counts["queued"],
                kept,
                counts["dropped"],
                counts["rejected"],
            )

    def forget_parent(self) -> None:
        """In a forked child: connections and files are the parent's."""
        if self.proxy is not None:
            self.proxy.forget_connections()
        if self._spool is not None:
            self._spool.forget_parent()
