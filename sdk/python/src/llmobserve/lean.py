"""What `typing` would bring at run time. Importing it takes longer than all of this package: the
modules that `import llmobserve` loads have it for the type checker only."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, TypeVar

    Tuple = TypeVar("Tuple", bound=NamedTuple)


def named_tuple(described: type[Tuple]) -> type[Tuple]:
    """`typing.NamedTuple`, for classes whose every field has a default."""
    fields = list(described.__annotations__)
    defaults = [getattr(described, name) for name in fields]
    base = namedtuple(described.__name__, fields, defaults=defaults)  # type: ignore[misc]
    members = {"__slots__": (), "__doc__": described.__doc__, "__module__": described.__module__}
    return type(described.__name__, (base,), members)
