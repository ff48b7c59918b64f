"""JSON documents from what was kept of a body."""

from __future__ import annotations

import json
import re
from typing import Any

#: Members that matter, as they look in the two ends of a document too large to be kept whole.
_MEMBERS = re.compile(
    rb'"(usage|usageMetadata|meta|model|modelVersion|service_tier|inputTextTokenCount|usage_info)"'
    rb"\s*:\s*"
)
_DECODER = json.JSONDecoder()


def parse(kept: list[bytes]) -> list[Any]:
    """What is not JSON is nothing: audio, an image, a page of a gateway."""
    parsed = []
    for text in kept:
        try:
            parsed.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    if not parsed and len(kept) == 2:
        return [_from_ends(*kept)]
    return parsed


def _from_ends(head: bytes, tail: bytes) -> dict[str, Any]:
    """The last value of each member wins: a document's own usage comes after its content. Quotes
    inside of strings are escaped, so no text of the model's can look like a member."""
    members: dict[str, Any] = {}
    for end in (head, tail):
        for match in _MEMBERS.finditer(end):
            text = end[match.end() :].decode("utf-8", "replace")
            try:
                value, _ = _DECODER.raw_decode(text)
            except (ValueError, RecursionError):
                continue
            name = match.group(1).decode()
            if value is not None and not (name in members and name in ("model", "modelVersion")):
                members[name] = value
    return members
