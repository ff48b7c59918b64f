"""Who a call is for: tenant, customer, run, trace and the sections around it.

One immutable value in one `ContextVar`, so that a task or thread sees a consistent whole, and
what one of them sets no other one sees.
"""

from __future__ import annotations

import os
from contextvars import ContextVar, Token

from .lean import named_tuple
from .text import ID_CHARS_MAX, PATH_CHARS_MAX, TEXT_CHARS_MAX, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple, Optional
else:
    NamedTuple = object


@named_tuple
class Context(NamedTuple):
    """`None` = not set here; the process's own settings apply to tenant, key and customer."""

    tenant_id: Optional[str] = None
    api_key: Optional[str] = None
    customer_id: Optional[str] = None
    run_id: Optional[str] = None
    trace_id: Optional[str] = None
    #: The innermost section's span.
    span_id: Optional[str] = None
    #: Labels from the outermost section in, joined by `/`.
    section_path: str = ""


_current: ContextVar[Context] = ContextVar("llmobserve_context", default=Context())  # noqa: B039


def current() -> Context:
    return _current.get()


def enter(context: Context) -> Token[Context]:
    return _current.set(context)


def leave(token: Token[Context]) -> None:
    """Back to what was before. A generator may end in another context than it began in;
    then that context's own value stays."""
    try:
        _current.reset(token)
    except ValueError:
        pass


def adopt(tenant_id: Optional[str], api_key: Optional[str], customer_id: Optional[str]) -> None:
    """What is given here counts in this context; the rest stays."""
    given = {
        "tenant_id": _id(tenant_id, TEXT_CHARS_MAX),
        "api_key": str(api_key).strip() if api_key else None,
        "customer_id": _id(customer_id, TEXT_CHARS_MAX),
    }
    enter(current()._replace(**{name: value for name, value in given.items() if value}))


def new_id() -> str:
    """128 random bits. From the system, not from `random`: applications seed that."""
    return os.urandom(16).hex()


def set_tenant_id(tenant_id: Optional[str]) -> None:
    """Whose usage the calls of this task or thread are from here on; `None`: the process's."""
    enter(current()._replace(tenant_id=_id(tenant_id, TEXT_CHARS_MAX)))


def get_tenant_id() -> Optional[str]:
    """The tenant set in this context; `None` when only the process's applies."""
    return current().tenant_id


def set_customer_id(customer_id: Optional[str]) -> None:
    """The tenant's own end customer, from here on in this task or thread."""
    enter(current()._replace(customer_id=_id(customer_id, TEXT_CHARS_MAX)))


def get_customer_id() -> Optional[str]:
    return current().customer_id


def set_run_id(run_id: Optional[str] = None) -> str:
    """Names the piece of work that the next calls belong to; without a name, a new one."""
    run = _id(run_id, ID_CHARS_MAX) or new_id()
    enter(current()._replace(run_id=run))
    return run


def get_run_id() -> str:
    """The current run; begins one when there is none."""
    return current().run_id or set_run_id()


def set_trace_id(trace_id: Optional[str]) -> None:
    enter(current()._replace(trace_id=_id(trace_id, ID_CHARS_MAX)))


def get_trace_id() -> Optional[str]:
    return current().trace_id


_EXPORTED = ("tenant_id", "customer_id", "run_id", "trace_id", "span_id", "section_path")


def export_context() -> dict[str, str]:
    """This context for another process: plain strings, without the API key."""
    context = current()
    return {name: getattr(context, name) for name in _EXPORTED if getattr(context, name)}


class import_context:
    """Takes over what `export_context` gave. With `with`, only for that block."""

    def __init__(self, exported: dict[str, Any]) -> None:
        taken = {
            name: clean(str(exported[name]), _LIMITS[name])
            for name in _EXPORTED
            if exported.get(name)
        }
        self._token = enter(Context(api_key=current().api_key, **taken))

    def __enter__(self) -> import_context:
        return self

    def __exit__(self, *_: object) -> None:
        leave(self._token)


_LIMITS = {
    "tenant_id": TEXT_CHARS_MAX,
    "customer_id": TEXT_CHARS_MAX,
    "run_id": ID_CHARS_MAX,
    "trace_id": ID_CHARS_MAX,
    "span_id": ID_CHARS_MAX,
    "section_path": PATH_CHARS_MAX,
}


def _id(value: Optional[str], limit: int) -> Optional[str]:
    return None if value is None else clean(str(value), limit) or None
