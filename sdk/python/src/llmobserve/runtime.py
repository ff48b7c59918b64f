"""The process's one observer: begun by the first `observe()`, ended by `shutdown()`."""

from __future__ import annotations

import atexit
import os

from .log import forget_said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from .config import Config
    from .event import Recordable
    from .observer import Observer

_active: Optional[Observer] = None
#: Calls begun in a parent process are the parent's.
_epoch = 0


def active() -> Optional[Observer]:
    return _active


def epoch() -> int:
    return _epoch


def start(config: Config) -> None:
    global _active
    from .observer import Observer  # not before it is needed: it takes time to load

    _active = Observer(config)
    _active.begin()


def record(item: Recordable) -> None:
    """Takes a finished call or span. With a spool it is on disk when this returns."""
    if _active is not None:
        _active.record(item)


def flush(timeout: float) -> bool:
    """Whether everything recorded so far is delivered, or refused for good."""
    return _active is None or _active.sender.flush(timeout)


def shutdown(timeout: float) -> bool:
    global _active
    observer, delivered = _active, True
    if observer is not None:
        delivered = observer.sender.stop(timeout)
        _active = None
        observer.tell()
    return delivered


def stats() -> dict[str, int]:
    if _active is None:
        return {"delivered": 0, "rejected": 0, "dropped": 0, "queued": 0}
    return _active.stats()


def at_exit() -> None:
    """One last attempt, no longer than the bound."""
    if _active is not None:
        _active.sender.last_attempt(_active.config.exit_timeout_ms / 1000)
        _active.tell()


def _after_fork_in_child() -> None:
    """The child begins empty: what waits in the parent's queue is the parent's to deliver. Locks
    may have been held by threads that the child does not have, so all of them are new."""
    global _epoch
    _epoch += 1
    forget_said()
    if _active is not None:
        _active.forget_parent()
        start(_active.config)


atexit.register(at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
