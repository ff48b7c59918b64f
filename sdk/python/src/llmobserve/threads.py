"""Work handed to a thread or a pool belongs to whoever handed it over.

Only our own value travels; other context variables (decimal's, the application's) stay as they
are. A pool's thread is back at its own value after each piece of work, so that one customer's
context never stays behind for the next one's.
"""

from __future__ import annotations

import functools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Callable

from . import context

_is_patched = False


def patch() -> None:
    global _is_patched
    if _is_patched:
        return
    _is_patched = True
    _patch_pool()
    _patch_thread()


def _patch_pool() -> None:
    original: Any = ThreadPoolExecutor.submit

    @functools.wraps(original)
    def submit(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future: Future[Any] = original(self, _Work(fn, context.current()), *args, **kwargs)
        return future

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign,assignment]


class _Work:
    """Runs a function in the context it was submitted in."""

    def __init__(self, function: Callable[..., Any], submitted_in: context.Context) -> None:
        self._function = function
        self._context = submitted_in
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = context.enter(self._context)
        try:
            return self._function(*args, **kwargs)
        finally:
            context.leave(token)


def _patch_thread() -> None:
    # The one place that runs in the new thread whatever `run` a subclass has.
    original_body = getattr(threading.Thread, "_bootstrap_inner", None)
    if original_body is None:
        return
    original_start = threading.Thread.start

    @functools.wraps(original_start)
    def start(self: threading.Thread) -> None:
        self._llmobserve_context = context.current()  # type: ignore[attr-defined]
        original_start(self)

    @functools.wraps(original_body)
    def body(self: threading.Thread) -> None:
        context.enter(getattr(self, "_llmobserve_context", context.Context()))
        original_body(self)

    threading.Thread.start = start  # type: ignore[method-assign]
    threading.Thread._bootstrap_inner = body  # type: ignore[attr-defined]
