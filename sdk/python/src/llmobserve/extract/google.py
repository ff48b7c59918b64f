"""Gemini, from Google AI and Vertex: counts by modality, thoughts and tools' prompts apart."""

from __future__ import annotations

from typing import Any

from .found import Found, part

#: Documents are billed as images.
_MODALITIES = {
    "TEXT": "text",
    "AUDIO": "audio",
    "IMAGE": "image",
    "DOCUMENT": "image",
    "VIDEO": "video",
}


def read(document: dict[str, Any], found: Found) -> bool:
    usage = document.get("usageMetadata")
    if isinstance(usage, dict):
        _counts(usage, found)
        _tier(usage, found)
        candidates = document.get("candidates")
        if isinstance(candidates, list):
            found.is_finished = any(
                isinstance(one, dict) and one.get("finishReason") for one in candidates
            )
        return True
    return _predictions(document, found)


def _counts(usage: dict[str, Any], found: Found) -> None:
    found.counts = {}  # every event of a stream counts from its beginning
    tool = usage.get("toolUsePromptTokenCount")
    thoughts = usage.get("thoughtsTokenCount")
    cached = usage.get("cachedContentTokenCount")
    found.set("input_tokens", usage.get("promptTokenCount"), tool)
    found.set("output_tokens", usage.get("candidatesTokenCount"), thoughts)
    found.set("cache_read_tokens", cached)
    found.set("output_reasoning_tokens", thoughts)
    found.set("input_tool_tokens", tool)
    _by_modality(usage.get("cacheTokensDetails"), "cache_{}_read_tokens", found)
    _by_modality(usage.get("promptTokensDetails"), "input_{}_tokens", found)
    _by_modality(usage.get("candidatesTokensDetails"), "output_{}_tokens", found)
    _by_modality(usage.get("toolUsePromptTokensDetails"), "input_{}_tokens", found)
    _by_modality(usage.get("toolUsePromptTokensDetails"), "input_{}_tool_tokens", found)


def _by_modality(details: Any, name: str, found: Found) -> None:
    for detail in details if isinstance(details, list) else []:
        modality = _MODALITIES.get(str(part(detail, "modality")))
        if modality:
            unit = name.format(modality)
            found.set(unit, found.counts.get(unit), detail.get("tokenCount"))


def _tier(usage: dict[str, Any], found: Found) -> None:
    tier, traffic = usage.get("serviceTier"), usage.get("trafficType")
    if isinstance(tier, str):
        found.service_tier = tier
    elif isinstance(traffic, str) and traffic != "ON_DEMAND":
        found.service_tier = traffic.replace("ON_DEMAND_", "").lower()


def _predictions(document: dict[str, Any], found: Found) -> bool:
    """Vertex' older embeddings."""
    predictions = document.get("predictions")
    if not isinstance(predictions, list):
        return False
    for prediction in predictions:
        count = part(prediction, "embeddings", "statistics", "token_count")
        found.set("input_tokens", found.counts.get("input_tokens"), count)
    return True
