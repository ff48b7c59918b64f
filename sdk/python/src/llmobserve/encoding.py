"""Undoing a response's `Content-Encoding`, piece by piece, beside the library that does it too."""

from __future__ import annotations

import zlib
from typing import Callable, Optional

Decode = Callable[[bytes], bytes]


def decoder_for(encoding: str) -> Optional[Decode]:
    """Undoes a `Content-Encoding` piece by piece. `None`: there is none. Whoever asks for brotli
    or zstd has a library for it, which is then used here too."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress
    if encoding == "deflate":
        return zlib.decompressobj().decompress
    if encoding == "br":
        return _brotli()
    if encoding == "zstd":
        return _zstd()
    raise ValueError(f"unknown encoding {encoding}")


def _brotli() -> Decode:
    try:
        import brotli
    except ImportError:
        import brotlicffi as brotli
    decompressor = brotli.Decompressor()
    decode: Decode = getattr(decompressor, "process", None) or decompressor.decompress
    return decode


def _zstd() -> Decode:
    decode: Decode
    try:
        import zstandard

        decode = zstandard.ZstdDecompressor().decompressobj().decompress
    except ImportError:
        try:
            from compression import zstd
        except ImportError:
            from backports import zstd
        decode = zstd.ZstdDecompressor().decompress
    return decode
