"""Writing to terminals, pipes and files: width, colour and characters as the other end can take them."""

from __future__ import annotations

import io
import math
import os
import shutil
import sys
import textwrap
import threading
from collections.abc import Mapping
from typing import TextIO

from voicelive.cli.errors import OutputError

__all__ = ("Console", "decibels")

_COLOURS = {"dim": "2", "sent": "36", "received": "32", "error": "31"}
_GLYPHS = "\u2192\u2190\u2588\u2591\u2026"
_QUIETEST_DBFS = -60.0
_NARROWEST = 20


class Console:
    """A text stream, and what is known of its other end. Lines may be written from several threads.

    Args:
        stream: Where to write.
        environ: Environment variables; ``NO_COLOR`` (https://no-color.org) turns colours off.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        terminal = stream.isatty()
        self.width: int | None = max(_NARROWEST, shutil.get_terminal_size().columns - 1) if terminal else None
        """Columns to fill; None: lines may be of any length, as nobody sees where they would break."""
        # Windows consoles that know no colours would show the codes; its Terminal does know them and says so.
        capable = environ.get("TERM", "") != "dumb" and (sys.platform != "win32" or "WT_SESSION" in environ)
        self._colours = terminal and capable and not environ.get("NO_COLOR")
        self._unicode = _can_encode(stream)
        if isinstance(stream, io.TextIOWrapper):
            # A transcript may hold any character; one that the terminal lacks must not end the program.
            stream.reconfigure(errors="replace")

    @property
    def arrows(self) -> tuple[str, str]:
        """What marks sent and received events."""
        return ("\u2192", "\u2190") if self._unicode else (">", "<")

    def line(self, text: str = "") -> None:
        """Write one line, at once: whoever reads a pipe follows too.

        Raises:
            OutputError: The stream takes no more.
        """
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except OSError as error:
                raise OutputError(error) from None

    def paint(self, text: str, colour: str) -> str:
        """Colour a text: ``dim``, ``sent``, ``received`` or ``error``."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colours else text

    def bar(self, dbfs: float, cells: int = 10) -> str:
        """Draw a level: empty at -60 dBFS and below, full at 0."""
        full = round(cells * (1 - max(dbfs, _QUIETEST_DBFS) / _QUIETEST_DBFS))
        filled, empty = ("\u2588", "\u2591") if self._unicode else ("#", "-")
        return filled * full + empty * (cells - full)

    def row(self, head: str, label: str, detail: str, column: int, colour: str) -> str:
        """Lay out a head, a label and a detail that begins at a column; on narrow terminals, below the label."""
        line = f"{head}{label}"
        painted = self.paint(head, "dim") + self.paint(label, colour)
        if not detail:
            return painted
        pad = max(1, column - len(line))
        if self.width is None or len(line) + pad + len(detail) <= self.width:
            return painted + " " * pad + detail
        below = textwrap.wrap(detail, self.width, initial_indent="    ", subsequent_indent="    ")
        return "\n".join([painted, *below])


def decibels(dbfs: float) -> str:
    """A level in words; silence has none in numbers."""
    return "silence" if dbfs == -math.inf else f"{dbfs:.1f} dBFS"


def _can_encode(stream: TextIO) -> bool:
    try:
        # A stream in memory has no encoding and takes everything.
        _GLYPHS.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
