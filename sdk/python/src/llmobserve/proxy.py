"""The way through the LLMObserve proxy: which headers it gets, and when it is left out."""

from __future__ import annotations

import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from .log import warn_once

if TYPE_CHECKING:
    from .capture import Call

#: A proxy that cannot be connected to within this time is not there.
CONNECT_TIMEOUT_S = 1.0
#: For how long calls then go to the providers directly.
AVOID_S = 5.0


class Proxy:
    def __init__(self, url: str) -> None:
        #: Where calls go in the header form.
        self.url = url.rstrip("/") + "/proxy"
        parts = urllib.parse.urlsplit(self.url)
        self.path = parts.path
        #: For the `Host` header.
        self.netloc = parts.netloc
        self._avoid_until = 0.0
        #: urllib3's connections to it.
        self.pool: Any = None

    def is_usable(self) -> bool:
        return time.monotonic() >= self._avoid_until

    def unreachable(self) -> None:
        self._avoid_until = time.monotonic() + AVOID_S
        warn_once("proxy", "llmobserve: proxy not reachable; calls go to the providers directly")

    def forget_connections(self) -> None:
        self.pool = None


def headers(call: Call) -> dict[str, str]:
    """The target and the context; the proxy passes none of them on."""
    from . import runtime

    active = runtime.active()
    if active is None:
        return {}
    context, config = call.context, active.config
    path = context.section_path
    values = {
        "Target-URL": call.url,
        "Api-Key": context.api_key or config.api_key,
        "Tenant-ID": context.tenant_id or config.tenant_id,
        "Customer-ID": context.customer_id or config.customer_id,
        "Run-ID": context.run_id,
        "Trace-ID": context.trace_id,
        "Span-ID": call.span_id,
        "Parent-Span-ID": context.span_id,
        "Section": path.rsplit("/", 1)[-1],
        "Section-Path": path,
        "Environment": config.environment,
    }
    return {f"X-LLMObserve-{name}": value for name, value in values.items() if value}
