"""Marks what must never be shown, and looks for it in everything that comes out."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import voicelive

__all__ = ("AUDIO", "CONTENT", "KEY", "SECRET", "check_error", "check_shown", "watching")

KEY = "k3y-0123456789abcdef"
SECRET = "s3cret-0123456789"
CONTENT = "wh4t-somebody-said"
_HEARD = b"audio-of-somebody!"
AUDIO = _HEARD * 10_922
"""192 KiB. The mark has a multiple of three bytes, so that base64 shows it as well."""
_MARKS = (KEY, SECRET, _HEARD.decode(), base64.b64encode(_HEARD).decode())
_PACKAGE = str(Path(voicelive.__file__).parent)


def check_shown(*texts: str, content: bool = True) -> None:
    """Check that texts show nothing secret.

    Args:
        texts: What came out.
        content: Whether what is said must not be shown either; events show it.
    """
    for text in texts:
        for mark in (*_MARKS, CONTENT) if content else _MARKS:
            assert mark not in text, f"{mark} in {text[:100]}"


def check_error(error: BaseException) -> None:
    """Check all that a log, a debugger or an error tracker shows of an error and of those behind it."""
    check_shown("".join(traceback.format_exception(error)))
    pending: list[BaseException | None] = [error]
    while pending:
        if (each := pending.pop()) is not None:
            check_shown(str(each), repr(each), repr(each.args), repr(vars(each)))
            for shown in _locals(each.__traceback__):
                assert KEY not in shown and SECRET not in shown, shown[:100]
            pending += [each.__cause__, each.__context__]


def _locals(trace: TracebackType | None) -> Iterator[str]:
    """Yield the variables of this package's functions as error trackers show them; the tests' own hold the secrets."""
    for frame, _ in traceback.walk_tb(trace):
        if frame.f_code.co_filename.startswith(_PACKAGE):
            yield from (f"{frame.f_code.co_qualname} {name}={value!r}" for name, value in frame.f_locals.items())


class _Watch(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.shown: list[AssertionError] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            check_shown(self.format(record))
        except AssertionError as error:
            self.shown.append(error)


@contextmanager
def watching() -> Iterator[None]:
    """Check what is logged meanwhile, at any level."""
    watch, root = _Watch(), logging.getLogger()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(watch)
        root.setLevel(level)
    for error in watch.shown:
        raise error
