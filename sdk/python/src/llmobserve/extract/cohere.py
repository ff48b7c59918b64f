"""Cohere: what is billed, which is less than what is counted."""

from __future__ import annotations

from typing import Any

from .found import Found, part


def read(document: dict[str, Any], found: Found) -> bool:
    usage = document.get("usage") or part(document, "delta", "usage")
    billed = part(usage, "billed_units")
    if not isinstance(billed, dict):
        billed = part(document, "meta", "billed_units") or part(
            document, "response", "meta", "billed_units"
        )
    if not isinstance(billed, dict):
        return False
    found.set("input_tokens", billed.get("input_tokens"))
    found.set("output_tokens", billed.get("output_tokens"))
    found.set("rerank_searches", billed.get("search_units"))
    found.set("input_image_tokens", billed.get("image_tokens"))
    found.set("images", billed.get("images"))
    found.set("classifications", billed.get("classifications"))
    found.is_finished = True
    return True
