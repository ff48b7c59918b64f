"""Amazon Bedrock: Converse, and what the models' own shapes say in InvokeModel."""

from __future__ import annotations

from typing import Any

from .found import Found, part


def read(document: dict[str, Any], found: Found) -> bool:
    tier = part(document, "serviceTier", "type")
    if isinstance(tier, str):
        found.service_tier = tier
    metrics = document.get("amazon-bedrock-invocationMetrics")
    if isinstance(metrics, dict) and not found.counts:
        found.set("input_tokens", metrics.get("inputTokenCount"))
        found.set("output_tokens", metrics.get("outputTokenCount"))
    usage = document.get("usage")
    if isinstance(usage, dict) and "inputTokens" in usage:
        _converse(usage, found)
    elif "inputTextTokenCount" in document:  # Titan
        results = document.get("results")
        found.set("input_tokens", document["inputTextTokenCount"])
        found.set("output_tokens", *(part(r, "tokenCount") for r in results or []))
    elif "prompt_token_count" in document:  # Llama
        found.set("input_tokens", document["prompt_token_count"])
        found.set("output_tokens", document.get("generation_token_count"))
    else:
        return isinstance(metrics, dict)
    return True


def _converse(usage: dict[str, Any], found: Found) -> None:
    cached, written = usage.get("cacheReadInputTokens"), usage.get("cacheWriteInputTokens")
    found.set("input_tokens", usage.get("inputTokens"), cached, written)
    found.set("output_tokens", usage.get("outputTokens"))
    found.set("cache_read_tokens", cached)
    found.set("cache_write_tokens", written)
    details = usage.get("cacheDetails")
    for detail in details if isinstance(details, list) else []:
        if part(detail, "ttl") == "1h":
            found.set("cache_write_1h_tokens", detail.get("inputTokens"))
    found.is_finished = True
