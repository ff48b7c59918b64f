"""aiohttp, which Google's and others' asynchronous clients send through when it is there."""

from __future__ import annotations

import functools
from typing import Any, Optional

from .. import proxy
from ..capture import Call, begin
from ..log import quietly

#: What hands out bytes; everything else of a reader is passed on as it is.
_READS = ("read", "readany", "readline", "readuntil", "readexactly")


def patch(aiohttp: Any) -> None:
    content_type = _content_type(aiohttp)
    session = aiohttp.ClientSession
    session._request = _request(session._request, aiohttp, content_type)
    response = aiohttp.ClientResponse
    response.close = _letting_go(response.close)
    response.release = _letting_go(response.release)


def _request(original: Any, aiohttp: Any, content_type: Any) -> Any:
    @functools.wraps(original)
    async def request(self: Any, method: str, str_or_url: Any, **kw: Any) -> Any:
        url = _url(self, str_or_url, kw.get("params"))
        call = _begin(method, url, kw) if url is not None else None
        if call is None:
            return await original(self, method, str_or_url, **kw)
        with call:
            response = None
            way = call.proxy
            proxied = _proxied(self, aiohttp, call, kw) if way is not None else None
            if way is not None and proxied is not None:
                call.through_proxy()
                try:
                    response = await original(self, method, way.url, **proxied)
                    _disguise(response, url)
                except _unreachable(aiohttp):
                    way.unreachable()
            if response is None:
                call.directly()
                response = await original(self, method, str_or_url, **kw)
        _attach(call, self, response, content_type)
        return response

    return request


@quietly
def _url(session: Any, str_or_url: Any, params: Any) -> Any:
    """As the session makes it: relative to its base, with the parameters."""
    from yarl import URL

    url = session._build_url(str_or_url) if hasattr(session, "_build_url") else URL(str_or_url)
    if params:
        url = url.update_query(params) if not url.query else _extended(url, params)
    return url.with_fragment(None)


def _extended(url: Any, params: Any) -> Any:
    from multidict import MultiDict
    from yarl import URL

    query = MultiDict(url.query)
    query.extend(URL("http://x").with_query(params).query)
    return url.with_query(query)


@quietly
def _begin(method: str, url: Any, kw: dict[str, Any]) -> Optional[Call]:
    call: Optional[Call] = begin(
        method.upper(), url.scheme, url.host or "", url.port, url.raw_path, lambda: str(url)
    )
    if call is not None:
        call.request_body = _body(kw)
    return call


def _body(kw: dict[str, Any]) -> Optional[bytes]:
    """Only the model's name is looked for in it."""
    data, document = kw.get("data"), kw.get("json")
    if isinstance(document, dict) and isinstance(document.get("model"), str):
        return f'"model":"{document["model"]}"'.encode()
    if isinstance(data, str):
        return data.encode()
    return bytes(data) if isinstance(data, (bytes, bytearray)) else None


@quietly
def _attach(call: Call, session: Any, response: Any, content_type: Any) -> None:
    is_decoded = bool(getattr(session, "auto_decompress", True))
    call.answered(response.status, response.headers.get, is_decoded=is_decoded)
    inner = response.content
    if type(inner).__name__ == "EmptyStreamReader" or response._body is not None:
        call.feed(response._body or b"")
        call.end()
    else:
        response.content = content_type(inner, call)


def _content_type(aiohttp: Any) -> Any:
    """A reader like the response's own, which it asks for everything."""

    class Content(aiohttp.StreamReader):  # type: ignore[misc]
        __slots__ = ("_llmobserve_call", "_llmobserve_inner")

        def __init__(self, inner: Any, call: Call) -> None:
            self._llmobserve_inner = inner
            self._llmobserve_call = call

        def __getattr__(self, name: str) -> Any:
            return getattr(self._llmobserve_inner, name)

        async def readchunk(self) -> Any:
            data, is_end = await _watched(self, "readchunk")
            _passed(self, data)
            return data, is_end

        def read_nowait(self, n: int = -1) -> Any:
            data = self._llmobserve_inner.read_nowait(n)
            _passed(self, data)
            return data

    for name in dir(aiohttp.StreamReader):
        if not name.startswith("__") and name not in vars(Content):
            if name in _READS:
                setattr(Content, name, _reading(name))
            elif callable(getattr(aiohttp.StreamReader, name)) and not name.startswith("iter_"):
                setattr(Content, name, _passing_on(name))
    Content.__repr__ = _passing_on("__repr__")  # type: ignore[method-assign]
    return Content


def _reading(name: str) -> Any:
    async def read(self: Any, *args: Any, **kw: Any) -> Any:
        data = await _watched(self, name, *args, **kw)
        _passed(self, data)
        return data

    return read


def _passing_on(name: str) -> Any:
    def method(self: Any, *args: Any, **kw: Any) -> Any:
        return getattr(self._llmobserve_inner, name)(*args, **kw)

    return method


async def _watched(content: Any, name: str, *args: Any, **kw: Any) -> Any:
    try:
        return await getattr(content._llmobserve_inner, name)(*args, **kw)
    except BaseException as error:
        content._llmobserve_call.fail(error)
        raise


@quietly
def _passed(content: Any, data: bytes) -> None:
    call, inner = content._llmobserve_call, content._llmobserve_inner
    call.feed(data)
    if inner.at_eof():
        call.end()


def _letting_go(original: Any) -> Any:
    @functools.wraps(original)
    def let_go(self: Any) -> Any:
        call = getattr(self.content, "_llmobserve_call", None)
        if call is not None:
            _let_go(self.content, call)
        return original(self)

    return let_go


@quietly
def _let_go(content: Any, call: Call) -> None:
    if content.at_eof():
        call.end()
    else:
        call.abandon()


def _unreachable(aiohttp: Any) -> tuple[type[BaseException], ...]:
    timeout = getattr(aiohttp, "ConnectionTimeoutError", None)
    return (aiohttp.ClientConnectorError,) + ((timeout,) if timeout else ())


@quietly
def _proxied(session: Any, aiohttp: Any, call: Call, kw: dict[str, Any]) -> dict[str, Any]:
    kw = {name: value for name, value in kw.items() if name != "params"}
    headers = [*dict(kw.get("headers") or {}).items(), *proxy.headers(call).items()]
    given = kw.get("timeout")
    timeout = given if isinstance(given, aiohttp.ClientTimeout) else session.timeout
    kw["timeout"] = aiohttp.ClientTimeout(
        total=timeout.total,
        connect=timeout.connect,
        sock_read=timeout.sock_read,
        sock_connect=min(timeout.sock_connect or proxy.CONNECT_TIMEOUT_S, proxy.CONNECT_TIMEOUT_S),
    )
    kw["headers"] = headers
    return kw


@quietly
def _disguise(response: Any, url: Any) -> None:
    """The application asked the provider, and sees that in the response."""
    response._url = response._real_url = url
    response._request_info = response._request_info._replace(url=url, real_url=url)
