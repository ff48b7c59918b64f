"""Sections, agents and tools: the tree that calls hang in."""

from __future__ import annotations

import functools
import time
from contextvars import Token
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, Union, cast

from . import context as ctx
from . import runtime
from .text import TEXT_CHARS_MAX, clean

if TYPE_CHECKING:
    from .event import Event

F = TypeVar("F", bound=Callable[..., Any])

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
        self._entered: list[tuple[_Span, Token[ctx.Context]]] = []

    def __enter__(self) -> section:
        span = _Span(self._label, self._metadata)
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


class _Span:
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


def trace(
    agent: Optional[str] = None, tool: Optional[str] = None, step: Optional[str] = None
) -> Callable[[F], F]:
    """Decorator: every call of the function is a section. The first name that is given counts."""
    for prefix, name in (("agent", agent), ("tool", tool), ("step", step)):
        if name is not None:
            return _decorator(f"{prefix}:{name}")
    raise ValueError("trace() needs agent=, tool= or step=")


def agent(name: Union[str, F, None] = None) -> Any:
    """Decorator: `@agent("researcher")`, or `@agent` by the function's name."""
    return _named("agent", name)


def tool(name: Union[str, F, None] = None) -> Any:
    """Decorator: `@tool("search")`, or `@tool` by the function's name."""
    return _named("tool", name)


def _named(prefix: str, name: Union[str, F, None]) -> Any:
    if callable(name):
        return _decorator(f"{prefix}:{name.__name__}")(cast(Any, name))
    if name is None:
        return lambda function: _decorator(f"{prefix}:{function.__name__}")(function)
    return _decorator(f"{prefix}:{name}")


def _decorator(label: str) -> Callable[[F], F]:
    label = clean(label, TEXT_CHARS_MAX)

    def decorate(function: F) -> F:
        import inspect

        if inspect.isasyncgenfunction(function):
            return cast(F, _around_async_generator(label, function))
        if inspect.iscoroutinefunction(function):
            return cast(F, _around_coroutine(label, function))
        if inspect.isgeneratorfunction(function):
            return cast(F, _around_generator(label, function))
        return cast(F, _around_function(label, function))

    return decorate


def _around_function(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with section(label):
            return function(*args, **kwargs)

    return run


def _around_coroutine(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        with section(label):
            return await function(*args, **kwargs)

    return run


def _around_generator(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A generator runs in the context of whoever asks for its next item. So its section is
    entered for each step and left before the item is handed out."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        span = _Span(label)
        inside = span.inside
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731
        try:
            while True:
                token = ctx.enter(inside)
                try:
                    item = resume()
                finally:
                    inside = ctx.current()
                    ctx.leave(token)
                try:
                    sent = yield item
                    resume = functools.partial(steps.send, sent)
                except GeneratorExit:
                    steps.close()
                    raise
                except BaseException as error:
                    resume = functools.partial(steps.throw, error)
        except StopIteration as stop:
            span.end(None)
            return stop.value
        except BaseException as error:
            span.end(error)
            raise

    return run


def _around_async_generator(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        steps = function(*args, **kwargs)
        span = _Span(label)
        inside = span.inside
        resume: Callable[[], Any] = steps.__anext__
        try:
            while True:
                token = ctx.enter(inside)
                try:
                    item = await resume()
                finally:
                    inside = ctx.current()
                    ctx.leave(token)
                try:
                    sent = yield item
                    resume = functools.partial(steps.asend, sent)
                except GeneratorExit:
                    await steps.aclose()
                    raise
                except BaseException as error:
                    resume = functools.partial(steps.athrow, error)
        except StopAsyncIteration:
            span.end(None)
        except BaseException as error:
            span.end(error)
            raise

    return run
