"""urllib3, and with it requests and botocore. A pool's `urlopen` is the one way to send, and
a response's `read`, `read1` and `read_chunked` are the ways to its bytes."""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Iterator
from typing import Any, Optional

from .. import proxy
from ..capture import Call, begin
from ..log import quietly

_CALL = "_llmobserve_call"


def patch(urllib3: Any) -> None:
    pool = urllib3.connectionpool.HTTPConnectionPool
    pool.urlopen = _urlopen(pool.urlopen, urllib3)
    response = urllib3.response.HTTPResponse
    response.read = _read(response.read)
    response.read_chunked = _read_chunked(response.read_chunked)
    if "read1" in vars(response):
        response.read1 = _read(response.read1)
    response.close = _letting_go(response.close)
    response.release_conn = _letting_go(response.release_conn)


def _urlopen(original: Any, urllib3: Any) -> Any:
    @functools.wraps(original)
    def urlopen(
        self: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        *args: Any,
        **kw: Any,
    ) -> Any:
        call = _begin(self, method, url, body)
        if call is None:
            return original(self, method, url, body, headers, *args, **kw)
        with call:
            pool = _proxy_pool(call, urllib3) if call.proxy is not None and not args else None
            if pool is None:
                call.directly()
                response = original(self, method, url, body, headers, *args, **kw)
            else:
                call.through_proxy()
                kw["assert_same_host"] = False
                response = original(pool, method, *_proxied(self, call, body, headers), **kw)
        _attach(call, response, kw.get("preload_content", True))
        return response

    return urlopen


@quietly
def _begin(pool: Any, method: str, url: str, body: Any) -> Optional[Call]:
    scheme, host, port, path = pool.scheme, pool.host, pool.port, url
    if not url.startswith("/"):  # through a forward proxy of the application's
        parts = urllib.parse.urlsplit(url)
        scheme, host, port, path = parts.scheme, parts.hostname or "", parts.port, parts.path
    call: Optional[Call] = begin(
        method.upper(), scheme, host.strip("[]"), port, path, lambda: _absolute(pool, url)
    )
    if call is not None:
        if isinstance(body, str):
            body = body.encode()
        call.request_body = bytes(body) if isinstance(body, (bytes, bytearray)) else None
    return call


def _absolute(pool: Any, url: str) -> str:
    if not url.startswith("/"):
        return url
    is_default = pool.port in (None, {"http": 80, "https": 443}.get(pool.scheme))
    return f"{pool.scheme}://{pool.host}{'' if is_default else f':{pool.port}'}{url}"


@quietly
def _attach(call: Call, response: Any, is_preloaded: bool) -> None:
    call.answered(response.status, response.headers.get, is_decoded=is_preloaded)
    if is_preloaded:
        call.feed(response.data)
        call.ttft_ms = None
        call.end()
    else:
        setattr(response, _CALL, call)


def _read(original: Any) -> Any:
    @functools.wraps(original)
    def read(self: Any, amt: Any = None, decode_content: Any = None, *args: Any, **kw: Any) -> Any:
        call = self.__dict__.get(_CALL)
        if call is None:
            return original(self, amt, decode_content, *args, **kw)
        with _Apart(self, call):
            data = original(self, amt, decode_content, *args, **kw)
        if decode_content is None:
            decode_content = self.decode_content
        call.feed(data, is_decoded=bool(decode_content))
        if amt is None or (amt != 0 and not data) or _is_at_end(self):
            call.end()
        return data

    return read


def _read_chunked(original: Any) -> Any:
    @functools.wraps(original)
    def read_chunked(self: Any, amt: Any = None, decode_content: Any = None) -> Iterator[bytes]:
        call = self.__dict__.get(_CALL)
        pieces = original(self, amt, decode_content)
        if call is None:
            yield from pieces
            return
        try:
            for data in pieces:
                call.feed(data, is_decoded=bool(decode_content))
                yield data
        except BaseException as error:
            call.fail(error)
            raise
        call.end()

    return read_chunked


class _Apart:
    """While the response reads for itself: its own calls of `read` are not counted again, and
    that it lets its connection go at the end is no abandoning."""

    def __init__(self, response: Any, call: Call) -> None:
        self._response = response
        self._call = call

    def __enter__(self) -> None:
        self._response.__dict__.pop(_CALL, None)

    def __exit__(self, _: object, error: Optional[BaseException], __: object) -> None:
        setattr(self._response, _CALL, self._call)
        if error is not None:
            self._call.fail(error)


def _is_at_end(response: Any) -> bool:
    if getattr(response, "length_remaining", None) != 0:
        return False
    return not len(getattr(response, "_decoded_buffer", ()))


def _letting_go(original: Any) -> Any:
    """`close` and `release_conn`: after the last byte they mean nothing, before it they mean that
    nobody reads on. A chunked body lets go at its last chunk, while it is still being read."""

    @functools.wraps(original)
    def let_go(self: Any) -> Any:
        call = self.__dict__.get(_CALL)
        if call is not None and not self.__dict__.get("chunked"):
            call.abandon()
        return original(self)

    return let_go


def _proxy_pool(call: Call, urllib3: Any) -> Any:
    """A pool with a connection to the proxy that stands; `None` when it cannot be reached, and
    then nothing was sent."""
    target = call.proxy
    if target is None:
        return None
    try:
        if target.pool is None:
            target.pool = urllib3.connectionpool.connection_from_url(target.url, maxsize=32)
        pool = target.pool
        connection = pool._get_conn()
        if getattr(connection, "sock", None) is None:
            connection.timeout = proxy.CONNECT_TIMEOUT_S
            connection.connect()
        pool._put_conn(connection)
        return pool
    except Exception:
        target.unreachable()
        return None


def _proxied(pool: Any, call: Call, body: Any, headers: Any) -> tuple[str, Any, dict[str, Any]]:
    assert call.proxy is not None
    added = {name: value.encode() for name, value in proxy.headers(call).items()}
    own = {k: v for k, v in dict(headers or pool.headers).items() if k.lower() != "host"}
    return call.proxy.path, body, {**own, **added}
