"""What the connections of one trio run share: a task that looks after those nobody reads.

Imported under trio only.
"""

from __future__ import annotations

import weakref
from typing import Protocol

import trio

from voicelive.transport._idle import PERIOD, Tended

__all__ = ("Caretaker", "caretaker")


class LookedAfter(Tended, Protocol):
    """What is looked after. The time that ``tend`` is given is trio's."""

    def end(self) -> None:
        """End the connection here and now; never raises."""


class Caretaker:
    """The task and what it looks after. It ends with the last connection, and holds none of them alive."""

    def __init__(self) -> None:
        self._connections: weakref.WeakSet[LookedAfter] = weakref.WeakSet()
        self._running = False

    def look_after(self, connection: LookedAfter) -> None:
        """Call ``connection.tend`` several times a second until it is forgotten or garbage, or the run is over."""
        self._connections.add(connection)
        if not self._running:
            self._running = True
            trio.lowlevel.spawn_system_task(self._run, name="voicelive-caretaker")

    def forget(self, connection: LookedAfter) -> None:
        """Stop that; harmless if it was stopped before."""
        self._connections.discard(connection)

    async def _run(self) -> None:
        try:
            pause = PERIOD
            while self._connections:
                await trio.sleep(pause)
                pause = self._round()
        finally:
            # There are any only when the run is over, and with it all that could close them.
            for connection in list(self._connections):
                connection.end()
            self._running = False

    def _round(self) -> float:
        now = trio.current_time()
        return min((connection.tend(now) for connection in list(self._connections)), default=PERIOD)


_caretaker: trio.lowlevel.RunVar[Caretaker] = trio.lowlevel.RunVar("voicelive-caretaker")


def caretaker() -> Caretaker:
    """Return the run's own."""
    try:
        return _caretaker.get()
    except LookupError:
        made = Caretaker()
        _caretaker.set(made)
        return made
