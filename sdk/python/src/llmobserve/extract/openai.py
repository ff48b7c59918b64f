"""OpenAI's shapes, and those of the many that copied them: chat completions, responses,
embeddings, images, transcriptions; Voyage's and Mistral's variants."""

from __future__ import annotations

from typing import Any

from .found import Found, part


def read(document: dict[str, Any], found: Found) -> bool:
    usage = document.get("usage") or part(document, "x_groq", "usage")
    if isinstance(document.get("usage_info"), dict):  # Mistral's OCR
        found.set("input_document_pages", document["usage_info"].get("pages_processed"))
        return True
    if not isinstance(usage, dict):
        return False
    if "prompt_tokens" in usage or "completion_tokens" in usage:
        _chat(usage, found)
    elif "input_tokens" in usage or "output_tokens" in usage:
        _responses(usage, found)
    elif usage.get("type") == "duration":
        found.set("audio_seconds", usage.get("seconds"))
    elif "total_tokens" in usage:  # Voyage's embeddings and rerankings
        found.set("input_tokens", usage["total_tokens"])
    choices = document.get("choices")
    if isinstance(choices, list):  # some count anew in every event of a stream
        found.is_finished = not choices or any(part(c, "finish_reason") for c in choices)
    elif "llmobserve_finished" not in document:
        found.is_finished = True
    return True


def _chat(usage: dict[str, Any], found: Found) -> None:
    reasoning = part(usage, "completion_tokens_details", "reasoning_tokens")
    beside = usage.get("reasoning_tokens")
    output = [usage.get("completion_tokens")]
    if found.provider == "xai":  # its completion leaves the reasoning out
        output.append(reasoning if reasoning is not None else beside)
    elif found.provider == "perplexity":
        output += [beside, usage.get("citation_tokens")]
        found.set("output_citation_tokens", usage.get("citation_tokens"))
        found.set("web_searches", usage.get("num_search_queries"))
    found.set("output_tokens", *output)
    found.set("output_reasoning_tokens", reasoning if reasoning is not None else beside)
    found.set("input_tokens", usage.get("prompt_tokens"))
    found.set("cache_read_tokens", _cached(usage))
    details = "prompt_tokens_details"
    found.set("cache_write_tokens", part(usage, details, "cache_write_tokens"))
    found.set("input_audio_tokens", part(usage, details, "audio_tokens"))
    found.set("output_audio_tokens", part(usage, "completion_tokens_details", "audio_tokens"))
    if found.provider == "mistral":
        found.set("input_audio_seconds", usage.get("prompt_audio_seconds"))


def _cached(usage: dict[str, Any]) -> Any:
    """In the details, or under one of the names it has elsewhere."""
    count = part(usage, "prompt_tokens_details", "cached_tokens")
    for name in ("cached_tokens", "prompt_cache_hit_tokens"):
        if count is None:
            count = usage.get(name)
    return count


def _responses(usage: dict[str, Any], found: Found) -> None:
    found.set("input_tokens", usage.get("input_tokens"))
    found.set("output_tokens", usage.get("output_tokens"))
    inside = usage.get("input_tokens_details") or usage.get("input_token_details")
    outside = usage.get("output_tokens_details") or usage.get("output_token_details")
    cached = part(inside, "cached_tokens")
    if cached is None:
        cached = part(inside, "cache_read_input_tokens")
    found.set("cache_read_tokens", cached)
    found.set("cache_write_tokens", part(inside, "cache_write_tokens"))
    found.set("output_reasoning_tokens", part(outside, "reasoning_tokens"))
    found.set("input_audio_tokens", part(inside, "audio_tokens"))
    found.set("output_audio_tokens", part(outside, "audio_tokens"))
    if part(inside, "image_tokens") is not None:  # image models are priced by modality
        for modality in ("text", "image"):
            found.set(f"input_{modality}_tokens", part(inside, f"{modality}_tokens"))
            found.set(f"output_{modality}_tokens", part(outside, f"{modality}_tokens"))
    found.set("web_searches", part(usage, "tool_calls_details", "search_web", "invocation"))
