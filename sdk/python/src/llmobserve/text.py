"""Text as the collector accepts it: limited, without control characters."""

from __future__ import annotations

ID_CHARS_MAX = 128
TEXT_CHARS_MAX = 256
PATH_CHARS_MAX = 1024


def clean(text: str, limit: int) -> str:
    """Cuts at `limit` characters and drops control characters and lone surrogates, for which
    the collector would refuse the whole event."""
    text = text[:limit]
    if text.isascii() and text.isprintable():
        return text
    text = text.encode("utf-8", "ignore").decode()
    return "".join(c for c in text if c >= " " and not "\x7f" <= c <= "\x9f")
