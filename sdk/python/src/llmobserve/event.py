"""The wire form: one JSON object for each call or span, as `POST /events` takes it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional, Protocol

from . import context as ctx
from .config import Config
from .log import quietly
from .text import PATH_CHARS_MAX, TEXT_CHARS_MAX, clean

METADATA_BYTES_MAX = 15 * 1024

Event = dict[str, Any]


class Recordable(Protocol):
    """Something finished: a call, a span."""

    context: ctx.Context

    def event(self) -> Optional[Event]:
        """Its own fields; `None` when it turns out to be nothing to report."""
        ...

    def weight(self) -> int:
        """Bytes of memory that it holds on to."""
        ...


class Line(NamedTuple):
    """An event as it is sent, and the key it is sent with."""

    api_key: str
    json: bytes

    def weight(self) -> int:
        return 0


@quietly
def digest(item: Recordable, config: Config) -> Optional[Line]:
    event = item.event()
    if event is None:
        return None
    context = item.context
    event.setdefault("id", ctx.new_id())
    for name, value in (
        ("tenant_id", context.tenant_id or config.tenant_id),
        ("customer_id", context.customer_id or config.customer_id),
        ("run_id", context.run_id),
        ("trace_id", context.trace_id),
        ("environment", config.environment),
        ("section_path", event.get("section_path", context.section_path)),
    ):
        if value:
            event[name] = value
    return Line(context.api_key or config.api_key or "", _encode(_tidy(event)))


def _encode(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def _tidy(event: Event) -> Event:
    """Within the collector's limits, so that one odd value never costs the whole event."""
    for name in ("model", "service_tier", "error_type", "provider"):
        if event.get(name):
            event[name] = clean(str(event[name]), TEXT_CHARS_MAX)
    for name in ("endpoint", "section_path"):
        if event.get(name):
            event[name] = clean(event[name], PATH_CHARS_MAX)
    _keep_parts_within(event)
    if "event_metadata" in event:
        event["event_metadata"] = _metadata(event["event_metadata"])
    return {name: value for name, value in event.items() if value not in (None, "", {})}


#: The parts of a whole, with the names that they have as units of `usage`.
_PARTS = (
    ("input_tokens", {"cached_tokens": "cache_read_tokens", "cache_write_tokens": ""}),
    ("input_tokens", {"audio_input_tokens": "input_audio_tokens"}),
    ("output_tokens", {"reasoning_tokens": "output_reasoning_tokens"}),
    ("output_tokens", {"audio_output_tokens": "output_audio_tokens"}),
    ("cache_write_tokens", {"cache_write_1h_tokens": ""}),
)


def _keep_parts_within(event: Event) -> None:
    """Providers do report parts that exceed their whole. The collector refuses such an event; as
    units of `usage` it takes the parts, sees the contradiction and has no price."""
    if "cache_write_1h_tokens" in event:
        event.setdefault("cache_write_tokens", event["cache_write_1h_tokens"])
    for whole, parts in _PARTS:
        if sum(event.get(part) or 0 for part in parts) > (event.get(whole) or 0):
            units = event.setdefault("usage", {})
            for part, unit in parts.items():
                if part in event:
                    units[unit or part] = event.pop(part)


def _metadata(given: Any) -> Any:
    try:
        text = json.dumps(given, allow_nan=False, default=str)
    except (TypeError, ValueError):
        return {"llmobserve": "metadata was not JSON"}
    if len(text) > METADATA_BYTES_MAX:
        return {"llmobserve": "metadata was too large"}
    return json.loads(text)
