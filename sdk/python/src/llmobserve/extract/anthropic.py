"""Anthropic's messages, at home and on Bedrock and Vertex. `input_tokens` leaves out what was
read from or written to the cache; a stream says one half at its start, the other at its end."""

from __future__ import annotations

from typing import Any

from .found import Found, part

_OURS = ("cache_creation_input_tokens", "cache_read_input_tokens", "server_tool_use")


def read(document: dict[str, Any], found: Found) -> bool:
    usage = document.get("usage")
    if not isinstance(usage, dict) or not _is_ours(document, usage, found):
        return False
    found.raw.update((name, value) for name, value in usage.items() if value is not None)
    usage = found.raw
    written, cached = (usage.get(name) for name in _OURS[:2])
    found.set("input_tokens", usage.get("input_tokens"), written, cached)
    found.set("output_tokens", usage.get("output_tokens"))
    found.set("cache_read_tokens", cached)
    found.set("cache_write_tokens", written)
    hour = part(usage, "cache_creation", "ephemeral_1h_input_tokens")
    found.set("cache_write_1h_tokens", hour)
    found.set("web_searches", part(usage, "server_tool_use", "web_search_requests"))
    found.set("output_reasoning_tokens", part(usage, "output_tokens_details", "thinking_tokens"))
    if isinstance(usage.get("service_tier"), str):
        found.service_tier = usage["service_tier"]
    if part(document, "delta", "stop_reason") or document.get("stop_reason"):
        found.is_finished = True
    return True


def _is_ours(document: dict[str, Any], usage: dict[str, Any], found: Found) -> bool:
    if "input_tokens_details" in usage:
        return False
    of_stream = document.get("type") == "message_delta" and "output_tokens" in usage
    return bool(found.raw) or of_stream or any(name in usage for name in _OURS)
