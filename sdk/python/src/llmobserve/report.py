"""From a finished call to its event."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING, Any, Optional

from . import extract
from .event import Event
from .log import log

if TYPE_CHECKING:
    from .capture import Call

#: No text can look like this member: quotes inside of strings are escaped.
_MODEL = re.compile(rb'"model(?:Id|_id)?"\s*:\s*"([^"\\]{1,256})"')
_MODEL_IN_PATH = re.compile(r"/(?:models?|deployments|engines)/([^/]+?)(?:/|:[A-Za-z]+$|$)")
#: Errors before anything was sent: the provider has not seen the call, which hence cost nothing.
_NOT_SENT = re.compile(
    r"Connect(?!ionReset|ionAborted|ionTerminated)|NewConnection|NameResolution|PoolTimeout"
    r"|Proxy|InvalidURL|UnsupportedProtocol|LocalProtocol|SSL|Certificate"
)


def event_of(call: Call) -> Optional[Event]:
    if call.status is not None and 300 <= call.status < 400:
        return None  # what it leads to is the call
    found = _read(call)
    if call.method == "GET" and call.kind == "llm":
        if not found.background_id or found.is_pending or not found.counts:
            return None  # a look at a response that is counted elsewhere, or not done yet
    elif found.background_id and found.is_pending:
        return None  # counted when it is fetched
    event: Event = {
        "timestamp": round(call.sent_at, 6),
        "span_type": call.kind,
        "provider": call.provider,
        "endpoint": call.path,
        "span_id": call.span_id,
        "parent_span_id": call.context.span_id,
        "model": _model(call, found.model),
        "service_tier": found.service_tier,
        "latency_ms": round(call.latency_ms, 3),
        "is_streaming": call.is_streaming or None,
        "http_status": call.status,
    }
    if found.background_id:
        event["id"] = found.background_id  # counts once, however often it is fetched
    if call.ttft_ms is not None:
        event["ttft_ms"] = round(call.ttft_ms, 3)
    _usage(event, call, found)
    _outcome(event, call, found)
    return event


def _read(call: Call) -> extract.Found:
    try:
        return extract.read(call.kept(), call.provider)
    except Exception:  # a shape nobody thought of: the call still counts, its usage is unknown
        log().debug("usage not read", exc_info=True)
        return extract.Found(call.provider)


def _usage(event: Event, call: Call, found: extract.Found) -> None:
    for side, count in call.tokens_in_headers.items():
        if count.isdigit():
            found.counts.setdefault(f"{side}_tokens", int(count))
    if not _is_complete(call, found):
        _without_output(found)
    event.update(found.tokens())
    units = found.units()
    if units:
        event["usage"] = units


def _without_output(found: extract.Found) -> None:
    """What was counted so far is not what will be billed. A part of the output without its whole
    tells the collector so: it keeps the input, and gives no price."""
    if not found.counts:
        return
    so_far = found.counts.get("output_tokens", 0)
    found.counts = {n: c for n, c in found.counts.items() if not n.startswith("output_")}
    found.counts["output_text_tokens"] = max(1, so_far)


def _is_complete(call: Call, found: extract.Found) -> bool:
    """Whether the provider has said its last word. Streams count as they go, or say one half of
    it at their start."""
    if call.saw_end or found.is_finished:
        return True
    return not call.is_cut_off and call.error is None and not call.has_events


def _outcome(event: Event, call: Call, found: extract.Found) -> None:
    event["status"] = "ok"
    status = call.status or 0
    if status >= 400:
        event["status"], event["error_type"] = _of_http(status), found.error_type
        if found.error_type is None and call.error_in_header:
            event["error_type"] = call.error_in_header.split(":", 1)[0]
    elif call.error is not None:
        event["status"], event["error_type"] = _of_exception(call.error)
    elif found.error_type is not None:
        event["status"], event["error_type"] = "error", found.error_type
    elif call.is_cut_off and not _is_complete(call, found):
        event["status"] = "cancelled"
    is_counted = "input_tokens" in event or "output_tokens" in event
    if event["status"] == "error" and not is_counted and _may_be_billed(event, call):
        # The collector takes an error that used nothing for a refusal, which is free.
        event.setdefault("usage", {})["requests"] = 1


def _may_be_billed(event: Event, call: Call) -> bool:
    """Neither refused by the provider nor stopped on the way to it."""
    if call.status is not None:
        return call.status < 400
    return not _NOT_SENT.search(event.get("error_type") or "")


def _of_http(status: int) -> str:
    if status == 429:
        return "rate_limited"
    return "timeout" if status in (408, 504) else "error"


def _of_exception(error: BaseException) -> tuple[str, str]:
    reason = getattr(error, "reason", None)  # urllib3's MaxRetryError
    if isinstance(reason, BaseException):
        error = reason
    name = type(error).__name__
    if name == "CancelledError" or isinstance(error, (KeyboardInterrupt, SystemExit)):
        return "cancelled", name
    is_timeout = isinstance(error, TimeoutError) or "Timeout" in name
    return ("timeout" if is_timeout else "error"), name


def _model(call: Call, answered: Optional[str]) -> Optional[str]:
    """As answered; else as asked. Bedrock's and Vertex' paths name it in their own way, by which
    they price it."""
    in_path = _MODEL_IN_PATH.search(call.path)
    named = urllib.parse.unquote(in_path.group(1)) if in_path else None
    if named and call.provider == "bedrock":
        return named.rsplit("/", 1)[-1]  # of an ARN, what it names
    if call.provider == "huggingface":
        return _served_by(call, answered)
    return answered or _asked(call) or named


def _served_by(call: Call, answered: Optional[str]) -> Optional[str]:
    """The router's prices are those of who serves the model: `Qwen/Qwen3-32B:novita`."""
    asked = _asked(call)
    if asked and ":" in asked:
        return asked
    server = call.path.lstrip("/").split("/", 1)[0]
    model = answered or asked
    return f"{model}:{server}" if model and server not in ("v1", "models", "") else model


def _asked(call: Call) -> Optional[str]:
    body: Any = call.request_body
    match = _MODEL.search(body) if body else None
    return match.group(1).decode("utf-8", "replace") if match else None
