"""httpx, and httpx2, which has the same shape. OpenAI, Anthropic, Google, Mistral, Cohere,
LiteLLM and LangChain send through one of them."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any, Optional

from .. import proxy
from ..capture import Call, begin, being_sent
from ..log import quietly


def patch(httpx: Any) -> None:
    sync_stream, async_stream = _streams(httpx)
    client, async_client = httpx.Client, httpx.AsyncClient
    client.send = _send(client.send, sync_stream)
    async_client.send = _async_send(async_client.send, async_stream)
    # The one step that knows the final request; without it there is no way through the proxy.
    if hasattr(client, "_send_single_request") and hasattr(async_client, "_send_single_request"):
        client._send_single_request = _send_single(client._send_single_request, httpx)
        async_client._send_single_request = _async_send_single(
            async_client._send_single_request, httpx
        )


def _send(original: Any, stream_type: Any) -> Any:
    @functools.wraps(original)
    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(request)
        if call is None:
            return original(self, request, *args, **kwargs)
        with call:
            response = original(self, request, *args, **kwargs)
        _attach(call, response, stream_type)
        return response

    return send


def _async_send(original: Any, stream_type: Any) -> Any:
    @functools.wraps(original)
    async def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        call = _begin(request)
        if call is None:
            return await original(self, request, *args, **kwargs)
        with call:
            response = await original(self, request, *args, **kwargs)
        _attach(call, response, stream_type)
        return response

    return send


@quietly
def _begin(request: Any) -> Optional[Call]:
    url = request.url
    path = url.raw_path.decode("ascii")
    call: Optional[Call] = begin(
        request.method, url.scheme, url.host, url.port, path, lambda: str(url)
    )
    if call is not None:
        call.request_body = getattr(request, "_content", None)
    return call


@quietly
def _attach(call: Call, response: Any, stream_type: Any) -> None:
    is_read = hasattr(response, "_content")
    call.answered(response.status_code, response.headers.get, is_decoded=is_read)
    if is_read:
        call.feed(response.content)
        call.ttft_ms = None  # nothing was seen before all was
        call.end()
    else:
        response.stream = stream_type(response.stream, call)


def _streams(httpx: Any) -> tuple[Any, Any]:
    """The response's own stream, looked at as it passes."""

    class Stream(httpx.SyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, call: Call) -> None:
            self._inner = inner
            self._call = call

        def __iter__(self) -> Iterator[bytes]:
            try:
                for data in self._inner:
                    self._call.feed(data)
                    yield data
            except BaseException as error:
                self._call.fail(error)
                raise
            self._call.end()

        def close(self) -> None:
            try:
                self._inner.close()
            finally:
                self._call.abandon()

    class AsyncStream(httpx.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, inner: Any, call: Call) -> None:
            self._inner = inner
            self._call = call

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for data in self._inner:
                    self._call.feed(data)
                    yield data
            except BaseException as error:
                self._call.fail(error)
                raise
            self._call.end()

        async def aclose(self) -> None:
            try:
                await self._inner.aclose()
            finally:
                self._call.abandon()

    return Stream, AsyncStream


def _send_single(original: Any, httpx: Any) -> Any:
    @functools.wraps(original)
    def send(self: Any, request: Any) -> Any:
        call = being_sent()
        proxied = _proxied(httpx, request, call) if call is not None and call.proxy else None
        if call is None or proxied is None:
            return original(self, request)
        try:
            response = original(self, proxied)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            _leave_proxy(call)
            return original(self, request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return response

    return send


def _async_send_single(original: Any, httpx: Any) -> Any:
    @functools.wraps(original)
    async def send(self: Any, request: Any) -> Any:
        call = being_sent()
        proxied = _proxied(httpx, request, call) if call is not None and call.proxy else None
        if call is None or proxied is None:
            return await original(self, request)
        try:
            response = await original(self, proxied)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            _leave_proxy(call)
            return await original(self, request)
        except httpx.RequestError as error:
            error.request = request
            raise
        response.request = request
        return response

    return send


@quietly
def _proxied(httpx: Any, request: Any, call: Call) -> Any:
    """The same request in the proxy's header form; the body's stream is the request's own."""
    assert call.proxy is not None
    headers = httpx.Headers(request.headers)
    headers["Host"] = call.proxy.netloc
    added = [(name, value.encode()) for name, value in proxy.headers(call).items()]
    timeout = dict(request.extensions.get("timeout") or {})
    given = timeout.get("connect")
    timeout["connect"] = min(given or proxy.CONNECT_TIMEOUT_S, proxy.CONNECT_TIMEOUT_S)
    call.through_proxy()
    return httpx.Request(
        request.method,
        call.proxy.url,
        headers=headers.raw + [(name.encode(), value) for name, value in added],
        stream=request.stream,
        extensions={**request.extensions, "timeout": timeout},
    )


def _leave_proxy(call: Call) -> None:
    """Before anything was sent: neither the proxy nor the provider has seen the request."""
    if call.proxy is not None:
        call.proxy.unreachable()
    call.directly()
