"""Exports that are imported when they are first asked for (PEP 562), so that ``import voicelive`` costs little."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

__all__ = ("lazy",)


def lazy(
    package: str, exports: Sequence[str], homes: Sequence[str], submodules: Sequence[str] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a package that re-exports lazily.

    Args:
        package: Its name.
        exports: Its ``__all__``.
        homes: Modules that its exports come from, those that import little first: they are asked in this order.
        submodules: Modules of its own that are there without being imported by name.
    """

    def get(name: str) -> object:
        if name in submodules:
            # Importing it makes it an attribute of the package.
            return import_module(f"{package}.{name}")
        if name in exports:
            for home in homes:
                module = import_module(home)
                if hasattr(module, name):
                    value: object = getattr(module, name)
                    # Found by itself the next time.
                    setattr(sys.modules[package], name, value)
                    return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *exports, *submodules})

    return get, names
