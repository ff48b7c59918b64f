"""The cost of every LLM call, per tenant, customer, run and feature.

    import llmobserve
    llmobserve.observe(collector_url="http://localhost:8000", tenant_id="acme")

The way of a call: `context` (whose it is) → `patch` (where it is seen) → `capture` and `body`
(what passes) → `queue` or `spool` → `sender` → `extract` and `report` (what it means) →
`transport`. Two promises stand above all others: the application behaves as without us, and no
request is ever sent twice.
"""

from __future__ import annotations

from . import config as _config
from . import context as _context
from . import runtime as _runtime
from .context import (
    export_context,
    get_customer_id,
    get_run_id,
    get_tenant_id,
    get_trace_id,
    import_context,
    set_customer_id,
    set_run_id,
    set_tenant_id,
    set_trace_id,
)
from .decorators import agent, tool, trace
from .log import log as _log
from .middleware import (
    ObservabilityMiddleware,
    WSGIMiddleware,
    django_middleware,
    flask_before_request,
)
from .spans import section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

__version__ = "0.1.0"

__all__ = [
    "ObservabilityMiddleware",
    "WSGIMiddleware",
    "agent",
    "django_middleware",
    "export_context",
    "flask_before_request",
    "flush",
    "get_customer_id",
    "get_run_id",
    "get_tenant_id",
    "get_trace_id",
    "import_context",
    "observe",
    "section",
    "set_customer_id",
    "set_run_id",
    "set_tenant_id",
    "set_trace_id",
    "shutdown",
    "stats",
    "tool",
    "trace",
]

#: Arguments of an earlier SDK that have nothing to switch any more.
_WITHOUT_EFFECT = {
    "auto_start_proxy",
    "use_instrumentors",
    "auto_detect_agents",
    "enable_tool_wrapping",
    "enable_llm_wrappers",
    "enable_http_fallback",
    "auto_wrap_frameworks",
}


def observe(
    collector_url: Optional[str] = None,
    proxy_url: Optional[str] = None,
    api_key: Optional[str] = None,
    flush_interval_ms: Optional[int] = None,
    tenant_id: Optional[str] = None,
    customer_id: Optional[str] = None,
    *,
    environment: Optional[str] = None,
    exit_timeout_ms: Optional[int] = None,
    queue_events_max: Optional[int] = None,
    spool_dir: Optional[str] = None,
    **without_effect: Any,
) -> None:
    """Measures every call to an LLM provider from here on.

    The first call sets up the process: each argument, else `LLMOBSERVE_<NAME>` in the
    environment, else the default (`config.Config` says what each means). A later call, as at
    each login, sets tenant, key and customer for the current task or thread only, and never for
    requests of other users that are under way. Does nothing with `LLMOBSERVE_DISABLED=1`.
    """
    unknown = set(without_effect) - _WITHOUT_EFFECT
    if unknown:
        raise TypeError(f"observe() got an unexpected argument: {', '.join(sorted(unknown))}")
    if _config.is_disabled():
        return
    if _runtime.active() is None:
        _begin(
            _config.resolve(
                collector_url=collector_url,
                proxy_url=proxy_url,
                api_key=api_key,
                tenant_id=tenant_id,
                customer_id=customer_id,
                environment=environment,
                flush_interval_ms=flush_interval_ms,
                exit_timeout_ms=exit_timeout_ms,
                queue_events_max=queue_events_max,
                spool_dir=spool_dir,
            )
        )
    _context.adopt(tenant_id, api_key, customer_id)


def _begin(settings: _config.Config) -> None:
    try:
        from . import patch, threads

        _runtime.start(settings)
        threads.patch()
        patch.install()
    except Exception:  # the application goes on without us
        _log().warning("llmobserve: nothing is measured", exc_info=True)


def flush(timeout: float = 10.0) -> bool:
    """Delivers what is recorded; waits up to `timeout` seconds. Whether nothing waits any more."""
    return _runtime.flush(timeout)


def shutdown(timeout: float = 10.0) -> bool:
    """As `flush`, and then measures no more. `observe` may begin anew."""
    return _runtime.shutdown(timeout)


def stats() -> dict[str, int]:
    """Events of this process: `delivered`, `rejected` by the collector, `dropped` for want of
    room, `queued`."""
    return _runtime.stats()
