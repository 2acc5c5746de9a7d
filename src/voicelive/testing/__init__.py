"""For the test suites of programs that use Voice Live: pytest fixtures that serve it offline.

pytest finds them by itself where voicelive is installed; :mod:`voicelive.testing.plugin` lists them. Faults, recordings
and scripts are those of :mod:`voicelive.emulator`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from voicelive.emulator import Answer, Emulator, Script, Turn

    Turns: TypeAlias = Script | str | Path | Iterable[Turn | tuple[str | None, Answer | None]]

__all__ = ("EmulatorFactory", "ScriptedEmulatorFactory")


class EmulatorFactory(Protocol):
    """What the fixture ``voicelive_emulator_factory`` is."""

    def __call__(self, **options: Any) -> Emulator:
        """Start an emulator that is stopped when the test is over.

        Args:
            options: Those of :class:`voicelive.emulator.Emulator`.
        """
        ...


class ScriptedEmulatorFactory(Protocol):
    """What the fixture ``voicelive_script`` is."""

    def __call__(self, turns: Turns, **options: Any) -> Emulator:
        """Start an emulator that plays a script, and is stopped when the test is over.

        Args:
            turns: The turns, pairs of transcript and reply among them; a ``Script``; or the path of a script file.
            options: The other options of :class:`voicelive.emulator.Emulator`.
        """
        ...
