"""Settings: argument, else environment variable, else default. The docs here are the manual."""

from __future__ import annotations

import os

from .lean import named_tuple
from .text import TEXT_CHARS_MAX, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Optional
else:
    NamedTuple = object

TRUE = {"1", "true", "yes", "on"}


@named_tuple
class Config(NamedTuple):
    """Of the process; the first `observe()` fixes it."""

    #: Where events go: `POST {collector_url}/events`.
    collector_url: str = "http://localhost:8000"
    #: Calls to providers go through this proxy, which measures them.
    proxy_url: Optional[str] = None
    #: The LLMObserve key (`llmo_sk_…`); sent to the collector and the proxy only.
    api_key: Optional[str] = None
    #: For contexts that set none; when absent, none is sent.
    tenant_id: Optional[str] = None
    customer_id: Optional[str] = None
    #: `production`, `staging`, …
    environment: Optional[str] = None
    #: How long an event waits for others, in milliseconds.
    flush_interval_ms: int = 500
    #: How long the exit of the process may wait for the collector, in milliseconds.
    exit_timeout_ms: int = 2000
    #: Events kept in memory; more are dropped and counted.
    queue_events_max: int = 10_000
    #: Directory where events lie until they are delivered; survives a kill.
    spool_dir: Optional[str] = None
    #: Bytes in the spool; more goes to memory.
    spool_bytes_max: int = 256 * 1024 * 1024
    #: Further hosts of providers, `openai=gateway.internal:9999,…`.
    provider_hosts: str = ""


DEFAULT = Config()


def is_disabled() -> bool:
    """`LLMOBSERVE_DISABLED=1`: nothing is patched, kept or sent."""
    return os.environ.get("LLMOBSERVE_DISABLED", "").strip().lower() in TRUE


def resolve(
    collector_url: Optional[str] = None,
    proxy_url: Optional[str] = None,
    api_key: Optional[str] = None,
    tenant_id: Optional[str] = None,
    customer_id: Optional[str] = None,
    environment: Optional[str] = None,
    flush_interval_ms: Optional[int] = None,
    exit_timeout_ms: Optional[int] = None,
    queue_events_max: Optional[int] = None,
    spool_dir: Optional[str] = None,
) -> Config:
    """Never raises: a setting that cannot be read is the default."""
    return Config(
        collector_url=_text(collector_url, "COLLECTOR_URL") or DEFAULT.collector_url,
        proxy_url=_text(proxy_url, "PROXY_URL"),
        api_key=_text(api_key, "API_KEY"),
        tenant_id=_id(tenant_id, "TENANT_ID"),
        customer_id=_id(customer_id, "CUSTOMER_ID"),
        environment=_id(environment, "ENVIRONMENT"),
        flush_interval_ms=_number(
            flush_interval_ms, "FLUSH_INTERVAL_MS", DEFAULT.flush_interval_ms
        ),
        exit_timeout_ms=_number(exit_timeout_ms, "EXIT_TIMEOUT_MS", DEFAULT.exit_timeout_ms),
        queue_events_max=_number(queue_events_max, "QUEUE_EVENTS_MAX", DEFAULT.queue_events_max),
        spool_dir=_text(spool_dir, "SPOOL_DIR"),
        spool_bytes_max=_number(None, "SPOOL_BYTES_MAX", DEFAULT.spool_bytes_max),
        provider_hosts=os.environ.get("LLMOBSERVE_PROVIDER_HOSTS", ""),
    )


def _text(given: Optional[str], name: str) -> Optional[str]:
    value = given if given is not None else os.environ.get(f"LLMOBSERVE_{name}")
    return str(value).strip() or None if value is not None else None


def _id(given: Optional[str], name: str) -> Optional[str]:
    value = _text(given, name)
    return clean(value, TEXT_CHARS_MAX) if value else None


def _number(given: Optional[int], name: str, default: int) -> int:
    value = given if given is not None else os.environ.get(f"LLMOBSERVE_{name}")
    try:
        return max(1, int(value)) if value is not None else default
    except (TypeError, ValueError):
        return default
