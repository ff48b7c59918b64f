"""Puts the measuring into HTTP libraries: into those that are loaded, and into the others when
the application loads them. None is loaded on our account.

`requests` and `botocore` send through urllib3, where they are measured.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Optional

from ..log import quietly
from . import aiohttp, httpx, urllib3

_PATCHES: dict[str, Callable[[Any], None]] = {
    "httpx": httpx.patch,
    "httpx2": httpx.patch,
    "urllib3": urllib3.patch,
    "aiohttp": aiohttp.patch,
}
_done: set[str] = set()


def install() -> None:
    """Once for each library and process."""
    for name in _PATCHES:
        module = sys.modules.get(name)
        if module is not None:
            _apply(name, module)
    if not any(isinstance(finder, _WhenLoaded) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WhenLoaded())


@quietly
def _apply(name: str, module: ModuleType) -> None:
    # Under another's name it is that one: httpx2 can stand in for httpx.
    if name not in _done and module.__name__ == name:
        _done.add(name)
        _PATCHES[name](module)


class _WhenLoaded(importlib.abc.MetaPathFinder):
    """Finds nothing itself: it has the others find the module and patches it after it has run."""

    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if name not in _PATCHES or name in _done:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    _patch_after(spec)
                    return spec
        return None


@quietly
def _patch_after(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        if module.__name__ == spec.name:
            _apply(spec.name, module)

    loader.exec_module = exec_module
