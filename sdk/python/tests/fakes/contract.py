"""The rules of `POST /events`, as `schemas/src/validate` has them; the tests hold it against
`schemas/fixtures`."""

import json
import math
import unicodedata
from datetime import datetime

IDS = ("id", "run_id", "trace_id", "span_id", "parent_span_id")
TEXTS = ("tenant_id", "customer_id", "section", "span_type", "provider", "model", "service_tier")
TEXTS += ("environment", "error_type", "status")
PATHS = ("section_path", "endpoint")
COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens")
COUNTS += ("cache_write_1h_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens")
STATUS = ("ok", "error", "cancelled", "timeout", "rate_limited")
SHAPES = ("agent", "tool", "section")
OTHERS = ("timestamp", "usage", "cost_usd", "latency_ms", "ttft_ms", "http_status", "is_streaming")
FIELDS = {*IDS, *TEXTS, *PATHS, *COUNTS, *OTHERS, "event_metadata"}
PARTS = (
    ("input_tokens", ("cached_tokens", "cache_write_tokens")),
    ("input_tokens", ("audio_input_tokens",)),
    ("output_tokens", ("reasoning_tokens",)),
    ("output_tokens", ("audio_output_tokens",)),
    ("cache_write_tokens", ("cache_write_1h_tokens",)),
)


class Rejected(Exception):
    """With the collector's code."""


def check(event, now):
    """Raises `Rejected` as the collector would refuse it."""
    if not isinstance(event, dict):
        raise Rejected("not_an_object")
    if len(json.dumps(event)) > 64 * 1024:
        raise Rejected("event_too_large")
    event = {name: value for name, value in event.items() if value is not None}
    for names, limit in ((IDS, 128), (TEXTS, 256), (PATHS, 1024)):
        for name in names:
            if name in event:
                _text(event[name], limit)
    _calls(event)
    for name in COUNTS:
        if name in event:
            _number(event[name], 1e11, whole=True)
    for name in ("latency_ms", "ttft_ms"):
        if name in event:
            _number(event[name], 30 * 24 * 3600 * 1000)
    _usage(event.get("usage", {}))
    _parts(event)
    _rest(event, now)


def _text(value, limit):
    if not isinstance(value, str):
        raise Rejected("wrong_type")
    if any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise Rejected("wrong_type")
    if len(value) > limit:
        raise Rejected("too_long")
    if any(unicodedata.category(c) == "Cc" for c in value):
        raise Rejected("control_character")


def _calls(event):
    if event.get("span_type") not in SHAPES and not event.get("provider"):
        raise Rejected("missing_provider")


def _number(value, limit, whole=False):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Rejected("wrong_type")
    if not math.isfinite(value) or not 0 <= value <= limit or (whole and value % 1):
        raise Rejected("invalid_number")


def _usage(usage):
    if not isinstance(usage, dict) or len(usage) > 64:
        raise Rejected("invalid_usage")
    for name, quantity in usage.items():
        is_number = isinstance(quantity, (int, float)) and not isinstance(quantity, bool)
        if not 0 < len(name.encode()) <= 64 or not is_number or not 0 <= quantity <= 1e15:
            raise Rejected("invalid_usage")


def _parts(event):
    event = dict(event)
    event.setdefault("cache_write_tokens", event.get("cache_write_1h_tokens", 0))
    for whole, parts in PARTS:
        if sum(event.get(part, 0) for part in parts) > event.get(whole, 0):
            raise Rejected("parts_exceed_whole")


def _rest(event, now):
    if event.get("status", "ok") not in STATUS:
        raise Rejected("invalid_status")
    status = event.get("http_status", 200)
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise Rejected("invalid_http_status")
    if not isinstance(event.get("is_streaming", False), bool):
        raise Rejected("wrong_type")
    metadata = event.get("event_metadata", {})
    if not isinstance(metadata, dict):
        raise Rejected("wrong_type")
    if len(json.dumps(metadata)) > 16 * 1024:
        raise Rejected("metadata_too_large")
    if "timestamp" in event:
        _timestamp(event["timestamp"], now)


def _timestamp(value, now):
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            raise Rejected("invalid_timestamp") from None
        if at.tzinfo is None:
            raise Rejected("invalid_timestamp")
        seconds = at.timestamp()
    else:
        if abs(value) > 1e15:
            raise Rejected("invalid_timestamp")
        seconds = value if abs(value) < 1e11 else value / 1000
    if seconds < now - 400 * 24 * 3600:
        raise Rejected("timestamp_too_old")
    if seconds > now + 3600:
        raise Rejected("timestamp_in_future")
