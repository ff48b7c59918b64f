"""A fresh context for each request of a web application.

What an earlier request on the same thread set is gone, the request is a run of its own, and the
customer is taken from `X-Customer-ID`. Authentication then calls `set_tenant_id` or `observe`.
"""

from __future__ import annotations

from . import context as ctx
from .text import TEXT_CHARS_MAX, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, MutableMapping
    from typing import Any, Callable, Optional

    Scope = MutableMapping[str, Any]

CUSTOMER_HEADER = "X-Customer-ID"


def _fresh(customer_id: Optional[str]) -> ctx.Context:
    customer = clean(customer_id, TEXT_CHARS_MAX) if customer_id else None
    return ctx.Context(customer_id=customer or None, run_id=ctx.new_id())


class ObservabilityMiddleware:
    """ASGI: `app.add_middleware(ObservabilityMiddleware)`."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        wanted = CUSTOMER_HEADER.lower().encode()
        found = (value for name, value in scope.get("headers") or () if name.lower() == wanted)
        value = next(found, b"")
        token = ctx.enter(_fresh(value.decode("utf-8", "replace")))
        try:
            await self._app(scope, receive, send)
        finally:
            ctx.leave(token)


class WSGIMiddleware:
    """WSGI: `application = WSGIMiddleware(application)`."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        context = _fresh(environ.get("HTTP_X_CUSTOMER_ID"))
        token = ctx.enter(context)
        try:
            body = self._app(environ, start_response)
        finally:
            context = ctx.current()
            ctx.leave(token)
        return body if isinstance(body, (list, tuple)) else _Body(body, context)


class _Body:
    """A body that is made while it is sent is made in the request's context. Servers find all
    that they look for in it (`close`, `filelike`, a length) as in the original."""

    def __init__(self, body: Iterable[bytes], context: ctx.Context) -> None:
        self._body = body
        self._context = context

    def __iter__(self) -> Any:
        pieces = iter(self._body)
        while True:
            token = ctx.enter(self._context)
            try:
                piece = next(pieces)
            except StopIteration:
                return
            finally:
                self._context = ctx.current()
                ctx.leave(token)
            yield piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)


def flask_before_request() -> None:
    """Flask: `app.before_request(flask_before_request)`."""
    from flask import request

    ctx.enter(_fresh(request.headers.get(CUSTOMER_HEADER)))


def django_middleware(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Django: add `"llmobserve.django_middleware"` to `MIDDLEWARE`."""
    import inspect

    if inspect.iscoroutinefunction(get_response):

        async def async_middleware(request: Any) -> Any:
            token = ctx.enter(_fresh(request.headers.get(CUSTOMER_HEADER)))
            try:
                return await get_response(request)
            finally:
                ctx.leave(token)

        return async_middleware

    def middleware(request: Any) -> Any:
        token = ctx.enter(_fresh(request.headers.get(CUSTOMER_HEADER)))
        try:
            return get_response(request)
        finally:
            ctx.leave(token)

    return middleware


django_middleware.sync_capable = True  # type: ignore[attr-defined]
django_middleware.async_capable = True  # type: ignore[attr-defined]
