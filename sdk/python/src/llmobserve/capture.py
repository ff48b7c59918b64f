"""One call to a provider, from before it is sent until its response has passed."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Callable, Optional

from . import context, report, runtime
from .body import Document, Reader, reader_for
from .encoding import Decode, decoder_for
from .event import Event
from .log import not_measured, quietly
from .providers import port_of

if TYPE_CHECKING:
    from .proxy import Proxy

#: The call that is being sent in this context. A library may send through another one that is
#: patched too (requests through urllib3): only the outermost counts.
_sending: ContextVar[Optional[Call]] = ContextVar("llmobserve_sending", default=None)

HeaderOf = Callable[[str], Optional[str]]


class Call:
    """Begun by a patch before the request goes out; recorded once, whatever happens."""

    __slots__ = (
        "__weakref__",
        "_decode",
        "_epoch",
        "_measured",
        "_reader",
        "_recorded",
        "_token",
        "context",
        "error",
        "error_in_header",
        "is_cut_off",
        "is_open",
        "is_streaming",
        "kind",
        "latency_ms",
        "method",
        "path",
        "provider",
        "proxy",
        "request_body",
        "sent_at",
        "span_id",
        "started",
        "status",
        "tokens_in_headers",
        "ttft_ms",
        "url",
    )

    def __init__(self, provider: str, kind: str, method: str, path: str, url: str) -> None:
        self.provider = provider
        #: Its span type.
        self.kind = kind
        self.method = method
        #: Without the query, which may hold a key.
        self.path = path
        self.url = url
        self.context = context.current()
        self.span_id = context.new_id()[:16]
        self.proxy: Optional[Proxy] = None
        self.request_body: Optional[bytes] = None
        #: HTTP status; `None` when there was no answer.
        self.status: Optional[int] = None
        #: What ended it early.
        self.error: Optional[BaseException] = None
        #: The reader went away before the end.
        self.is_cut_off = False
        self.is_streaming = False
        self.is_open = False
        self.latency_ms = 0.0
        self.ttft_ms: Optional[float] = None
        #: Bedrock counts in headers where the body has no count.
        self.tokens_in_headers: dict[str, str] = {}
        self.error_in_header: Optional[str] = None
        self._reader: Optional[Reader] = None
        self._decode: Optional[Decode] = None
        self._recorded = False
        self._measured = True
        self._epoch = runtime.epoch()
        self.sent_at = time.time()
        self.started = time.perf_counter()

    def __enter__(self) -> Call:
        """While it is being sent; what is sent within is part of it."""
        self.is_open = True
        self._token = _sending.set(self)
        return self

    def __exit__(self, _: object, error: Optional[BaseException], __: object) -> None:
        self.is_open = False
        try:
            _sending.reset(self._token)
        except ValueError:
            pass
        if error is not None:
            self.fail(error)

    def through_proxy(self) -> None:
        """The proxy measures it; nothing is recorded here."""
        self._measured = False

    def directly(self) -> None:
        """The proxy could not be reached: measured here after all."""
        self.proxy = None
        self._measured = True

    @property
    def is_measured(self) -> bool:
        return self._measured

    @quietly
    def answered(self, status: int, header: HeaderOf, is_decoded: bool) -> None:
        """The head of the response is here. `is_decoded`: the body will be fed decoded."""
        self.status = status
        content_type = (header("content-type") or "").lower()
        self._reader = reader_for(content_type)
        self.is_streaming = self.has_events or "stream" in self.path.lower()
        if not is_decoded:
            self._decode = decoder_for(header("content-encoding") or "")
        if self.provider == "bedrock":
            for side in ("input", "output"):
                count = header(f"x-amzn-bedrock-{side}-token-count")
                if count:
                    self.tokens_in_headers[side] = count
            self.error_in_header = header("x-amzn-errortype")

    def feed(self, data: bytes, is_decoded: bool = False) -> None:
        """`is_decoded`: the library has already undone the content encoding."""
        try:
            self._feed(data, is_decoded)
        except Exception:  # what follows in this body is not read either
            self._reader = None
            not_measured()

    def _feed(self, data: bytes, is_decoded: bool) -> None:
        if self._reader is None or not data:
            return
        if is_decoded:
            self._decode = None
        if self.ttft_ms is None and self.is_streaming:
            self.ttft_ms = (time.perf_counter() - self.started) * 1000
        self._reader.feed(self._decode(data) if self._decode else data)
        if self._reader.finished:
            self.end()  # not every client reads on, or lets go, after the last word

    def end(self) -> None:
        """The response has passed whole."""
        self._record()

    def fail(self, error: BaseException) -> None:
        """Sending or reading ended with an exception."""
        if isinstance(error, GeneratorExit):
            self.abandon()
            return
        self.error = error
        self._record()

    def abandon(self) -> None:
        """Nobody reads on. After the provider's last word that is an end like any other."""
        self.is_cut_off = not self.saw_end
        self._record()

    @property
    def saw_end(self) -> bool:
        """The provider itself said that this was all."""
        return self._reader is not None and self._reader.finished

    @property
    def has_events(self) -> bool:
        """The body is a stream of events, not one document."""
        return self._reader is not None and not isinstance(self._reader, Document)

    def kept(self) -> list[bytes]:
        return self._reader.kept() if self._reader else []

    def event(self) -> Optional[Event]:
        return report.event_of(self)

    def weight(self) -> int:
        """Bytes held until it is digested; an estimate."""
        return len(self.request_body or b"") + 4096

    @quietly
    def _record(self) -> None:
        if self._recorded:
            return
        self._recorded = True
        self.latency_ms = (time.perf_counter() - self.started) * 1000
        if self._measured and self._epoch == runtime.epoch():
            runtime.record(self)

    def __del__(self) -> None:
        """A response that was dropped unread."""
        if not getattr(self, "_recorded", True) and not self.is_open and self.status is not None:
            self.abandon()


@quietly
def begin(
    method: str, scheme: str, host: str, port: Optional[int], path: str, url: Callable[[], str]
) -> Optional[Call]:
    """A call, when the request is one and nobody measures it yet. Never raises."""
    active = runtime.active()
    if active is None:
        return None
    provider = active.providers.of_host(host, port_of(scheme, port))
    if provider is None:
        return None
    outer = _sending.get()
    if outer is not None and outer.is_open:
        return None
    path = path.split("?", 1)[0]
    kind = active.providers.kind(provider, method, path)
    if kind is None:
        return None
    proxy = active.proxy if active.proxy is not None and active.proxy.is_usable() else None
    call = Call(provider, kind, method, path, url() if proxy else "")
    call.proxy = proxy
    return call


def being_sent() -> Optional[Call]:
    """The call that this context is sending, if any."""
    call = _sending.get()
    return call if call is not None and call.is_open else None
