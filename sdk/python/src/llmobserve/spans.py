"""Sections: the tree that calls hang in."""

from __future__ import annotations

import time
from contextvars import Token

from . import context as ctx
from . import runtime
from .text import TEXT_CHARS_MAX, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .event import Event

_TYPES = ("agent", "tool")


class section:
    """`with section("retrieve"):` or `async with`. Calls inside belong to it; when it ends it
    is reported as a span of its own, with how long it took and whether it failed.

    A label `agent:…` or `tool:…` makes it an agent or a tool. The first section of a context
    without a run begins one. `metadata` (JSON, up to 15 KB) goes with the span.
    """

    def __init__(self, name: str, metadata: Optional[dict[str, Any]] = None) -> None:
        self._label = clean(str(name), TEXT_CHARS_MAX)
        self._metadata = metadata
        self._entered: list[tuple[Span, Token[ctx.Context]]] = []

    def __enter__(self) -> section:
        span = Span(self._label, self._metadata)
        self._entered.append((span, ctx.enter(span.inside)))
        return self

    def __exit__(self, _: object, error: Optional[BaseException], __: object) -> None:
        span, token = self._entered.pop()
        ctx.leave(token)
        span.end(error)

    async def __aenter__(self) -> section:
        return self.__enter__()

    async def __aexit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        self.__exit__(kind, error, trace)


class Span:
    """One pass through a section."""

    def __init__(self, label: str, metadata: Optional[dict[str, Any]] = None) -> None:
        self.context = ctx.current()
        if self.context.run_id is None:
            self.context = self.context._replace(run_id=ctx.new_id())
        self._span_id = ctx.new_id()[:16]
        path = self.context.section_path
        self.inside = self.context._replace(
            span_id=self._span_id, section_path=f"{path}/{label}" if path else label
        )
        prefix = label.split(":", 1)[0]
        self._type = prefix if ":" in label and prefix in _TYPES else "section"
        self._metadata = metadata
        self._sent_at = time.time()
        self._started = time.perf_counter()
        self._latency_ms = 0.0
        self._error: Optional[BaseException] = None

    def end(self, error: Optional[BaseException]) -> None:
        self._latency_ms = (time.perf_counter() - self._started) * 1000
        self._error = error
        runtime.record(self)

    def weight(self) -> int:
        return 1024

    def event(self) -> Optional[Event]:
        event: Event = {
            "timestamp": round(self._sent_at, 6),
            "span_type": self._type,
            "span_id": self._span_id,
            "parent_span_id": self.context.span_id,
            "section_path": self.inside.section_path,
            "latency_ms": round(self._latency_ms, 3),
            "status": _status(self._error),
            "event_metadata": self._metadata,
        }
        if self._error is not None:
            event["error_type"] = type(self._error).__name__
        return event


def _status(error: Optional[BaseException]) -> str:
    if error is None:
        return "ok"
    is_cancelled = isinstance(error, (GeneratorExit, KeyboardInterrupt))
    return "cancelled" if is_cancelled or type(error).__name__ == "CancelledError" else "error"
