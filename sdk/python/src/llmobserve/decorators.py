"""`@agent`, `@tool`, `@trace`: functions of every kind as sections."""

from __future__ import annotations

import functools

from . import context as ctx
from .spans import Span, section
from .text import TEXT_CHARS_MAX, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, TypeVar, Union

    F = TypeVar("F", bound=Callable[..., Any])


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
        return _decorator(f"{prefix}:{name.__name__}")(name)
    if name is None:
        return lambda function: _decorator(f"{prefix}:{function.__name__}")(function)
    return _decorator(f"{prefix}:{name}")


def _decorator(label: str) -> Callable[[F], F]:
    label = clean(label, TEXT_CHARS_MAX)

    def decorate(function: F) -> F:
        import inspect

        if inspect.isasyncgenfunction(function):
            return _around_async_generator(label, function)  # type: ignore[return-value]
        if inspect.iscoroutinefunction(function):
            return _around_coroutine(label, function)  # type: ignore[return-value]
        if inspect.isgeneratorfunction(function):
            return _around_generator(label, function)  # type: ignore[return-value]
        return _around_function(label, function)  # type: ignore[return-value]

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
        span = Span(label)
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
        span = Span(label)
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
