"""What a response says about its usage.

The shape of a body tells whose it is, not the host: dozens of providers speak OpenAI's. Counts
are as the contract wants them: a whole contains its parts, and what is not reported is absent.
Which fields count, and how, follows genai-prices' extractors, by which the collector prices.
"""

from __future__ import annotations

from typing import Any, Optional

from . import anthropic, bedrock, cohere, google, openai
from .documents import parse
from .found import Found

__all__ = ["Found", "read"]

#: Each takes a document and fills in what it knows; `True` when the document was of its kind.
_SHAPES = (google.read, anthropic.read, bedrock.read, cohere.read, openai.read)


def read(kept: list[bytes], provider: str) -> Found:
    """What the documents of one response say together."""
    found = Found(provider)
    for item in _documents(kept):
        document = _unwrapped(item)
        found.error(document)
        for shape in _SHAPES:
            if shape(document, found):
                break
        found.names(document)
    return found


def _documents(kept: list[bytes]) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = []
    for parsed in parse(kept):
        # Gemini streams without `alt=sse` as one array.
        items = parsed if isinstance(parsed, list) else [parsed]
        documents.extend(item for item in items if isinstance(item, dict))
    return documents


def _unwrapped(document: dict[str, Any]) -> dict[str, Any]:
    """Events of OpenAI's Responses API and Anthropic's `message_start` wrap the object."""
    kind = document.get("type")
    inner: Optional[Any] = None
    if isinstance(kind, str) and kind.startswith("response."):
        inner = document.get("response")
    elif kind == "message_start":
        inner = document.get("message")
    if isinstance(inner, dict):
        finished = kind in ("response.completed", "response.incomplete")
        return {**inner, "llmobserve_finished": finished}
    return document
