"""What the SDK says, and that it never raises into the application."""

from __future__ import annotations

import functools

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any, Callable, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_said: set[str] = set()


def log() -> logging.Logger:
    import logging  # not before there is something to say

    return logging.getLogger("llmobserve")


def warn_once(key: str, message: str, *args: object) -> None:
    """One warning for each kind of trouble and process."""
    if key not in _said:
        _said.add(key)
        log().warning(message, *args)


def forget_said() -> None:
    _said.clear()


def not_measured() -> None:
    """Called while an exception is being handled. At the end of the interpreter there may be no
    logging any more."""
    try:
        log().debug("not measured", exc_info=True)
    except Exception:
        return


def quietly(function: F) -> F:
    """Whatever goes wrong in measuring stays there: the result is then `None`."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception:
            not_measured()
            return None

    return run  # type: ignore[return-value]
