"""What was found in a response's documents, one after the other."""

from __future__ import annotations

from typing import Any, Optional

#: genai-prices' names of what the contract has fields for.
_FIELDS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
}


class Found:
    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.model: Optional[str] = None
        self.service_tier: Optional[str] = None
        self.error_type: Optional[str] = None
        #: The provider itself ended the response.
        self.is_finished = False
        #: OpenAI's background mode: the answer is fetched later, perhaps more than once.
        self.background_id: Optional[str] = None
        self.is_pending = False
        #: By genai-prices' names.
        self.counts: dict[str, float] = {}
        #: The provider's own object, for usage that comes in two parts.
        self.raw: dict[str, Any] = {}

    def set(self, name: str, *counts: Any) -> None:
        """The sum of what is reported; nothing when nothing is."""
        total: Optional[float] = None
        for count in counts:
            if type(count) is int or type(count) is float:
                total = count if total is None else total + count
        if total is not None:
            self.counts[name] = total

    def names(self, document: dict[str, Any]) -> None:
        """Model, tier and state, which every provider writes at the top."""
        for name in ("model", "modelVersion"):
            if isinstance(document.get(name), str) and document[name]:
                self.model = document[name].rsplit("models/", 1)[-1]
        tier = document.get("service_tier")
        if isinstance(tier, str):
            self.service_tier = tier
        self.is_finished = self.is_finished or bool(document.get("llmobserve_finished"))
        if document.get("background") is True:
            self.background_id = str(document.get("id"))
        self.is_pending = document.get("status") in ("queued", "in_progress")

    def error(self, document: dict[str, Any]) -> None:
        """`{"error": {"type": …}}` in all its variants; never the message, which may quote the
        prompt."""
        error = document.get("error")
        if isinstance(error, dict):
            named = (error.get(name) for name in ("type", "code", "status"))
            self.error_type = next((str(name) for name in named if name), "error")
        elif error or document.get("type") == "error":
            kind = document.get("code") or document.get("type")
            self.error_type = str(kind) if kind and kind != "error" else "error"
        elif isinstance(document.get("__type"), str):
            self.error_type = document["__type"].rsplit("#", 1)[-1]

    def tokens(self) -> dict[str, int]:
        """The contract's fields."""
        return {
            field: int(self.counts[name])
            for name, field in _FIELDS.items()
            if name in self.counts and not _is_empty_part(name, self.counts[name])
        }

    def units(self) -> dict[str, float]:
        """Everything else, for `usage`."""
        return {name: n for name, n in self.counts.items() if name not in _FIELDS and n}


def _is_empty_part(name: str, count: float) -> bool:
    return not count and name not in ("input_tokens", "output_tokens")


def part(value: Any, *path: str) -> Any:
    """`value[a][b]…`, `None` where something is missing or no object."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
