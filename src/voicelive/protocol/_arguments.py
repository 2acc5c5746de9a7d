"""Checks of what callers pass: the right type, or an error that says what was expected; known names, or a warning."""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar, cast

__all__ = ("expect", "expect_mapping", "warn_unknown")

T = TypeVar("T")


def expect(name: str, value: object, kind: type[T], what: str) -> T:
    """Return ``value`` if it is of ``kind``.

    Raises:
        TypeError: It is not; the message says what was expected and the type that came, never the value.
    """
    # True is an int to Python, and hardly ever to whoever wrote it.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{name} must be {what}, not {type(value).__name__}")
    return value


def expect_mapping(name: str, value: object) -> Mapping[object, object]:
    """Return ``value`` if it is a mapping; see ``expect``."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {type(value).__name__}")
    return cast("Mapping[object, object]", value)


def warn_unknown(kind: str, given: Iterable[object], known: Collection[str]) -> None:
    """Warn about the names in ``given`` that are not in ``known``, at the line of the caller outside this package."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), list(known), 1, 0.0)[0]
            text = f"{kind} {name!r} is unknown and ignored; the nearest is {near!r}"
            warnings.warn(text, UserWarning, stacklevel=_levels_to_caller())


def _levels_to_caller() -> int:
    # skip_file_prefixes would do this, from Python 3.12 on.
    level, frame = 0, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "voicelive":
        level, frame = level + 1, frame.f_back
    return level
